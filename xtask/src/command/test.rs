//! `cargo xtask test`: everything that can be tested, in the order of cost: host tests, then scenarios in QEMU.

use std::io::{BufRead, BufReader};
use std::process::{Command, ExitCode, Stdio};

use clap::Args;

use crate::build;
use crate::command::check::BARE_PACKAGES;
use crate::command::qemu;
use crate::failure::Failure;
use crate::progress::Progress;
use crate::scenario::{self, Report};
use crate::toolchain;
use crate::workspace;

/// Options of `test`.
#[derive(Args)]
pub struct Options {
    /// Runs only tests whose name contains this.
    #[arg(default_value = "")]
    filter: String,
}

/// How many tests passed and failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Count {
    passed: usize,
    failed: usize,
}

/// Runs the tests; last line `N passed, N failed`.
pub fn run(options: &Options, progress: &Progress) -> Result<ExitCode, Failure> {
    toolchain::ensure_build(progress)?;
    let firmware = toolchain::ensure_emulator(progress)?;
    let mut count = host_tests(&options.filter, progress)?;

    let scenarios =
        scenario::load_all(&workspace::root().join("tests/scenarios"), &options.filter)?;
    if !scenarios.is_empty() {
        let system = build::system(progress)?;
        let image = qemu::write_image(&system)?;
        progress.count("scenarios", scenarios.len() as u64);
        let (sender, reports) = std::sync::mpsc::channel::<Report>();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let sender = sender;
                // The receiver lives as long as the scope.
                let mut report = |report| drop(sender.send(report));
                scenario::run_all(
                    &scenarios,
                    toolchain::probe_accel(),
                    &firmware,
                    &image,
                    &mut report,
                );
            });
            for report in reports {
                show(&report, progress);
                count.add(report.failure.is_none());
                progress.advance();
            }
        });
        progress.end();
    }
    println!("{} passed, {} failed", count.passed, count.failed);
    Ok(if count.failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

impl Count {
    fn add(&mut self, passed: bool) {
        if passed {
            self.passed += 1;
        } else {
            self.failed += 1;
        }
    }

    /// Adds what a line of libtest's output says: `test result: ok. 3 passed; 1 failed; …`.
    fn add_result_line(&mut self, line: &str) {
        let Some((_, result)) = line
            .strip_prefix("test result: ")
            .and_then(|rest| rest.split_once(". "))
        else {
            return;
        };
        for part in result.split("; ") {
            let mut words = part.split_whitespace();
            let number = words.next().and_then(|number| number.parse::<usize>().ok());
            match (number, words.next()) {
                (Some(number), Some("passed")) => self.passed += number,
                (Some(number), Some("failed")) => self.failed += number,
                _ => {}
            }
        }
    }
}

fn show(report: &Report, progress: &Progress) {
    let seconds = report.took.as_secs_f32();
    match &report.failure {
        None => progress.line(&format!("scenario {} ... ok ({seconds:.1} s)", report.name)),
        Some(why) => {
            progress.line(&format!(
                "scenario {} ... FAILED ({seconds:.1} s)\n    {why}",
                report.name
            ));
        }
    }
}

/// Runs `cargo test` for everything that runs on the host. A test program that does not build or that dies counts as
/// one failure.
fn host_tests(filter: &str, progress: &Progress) -> Result<Count, Failure> {
    progress.step("building and running the host tests");
    let mut count = Count::default();
    // `--tests`: every target that its package lets be tested. Kernel and servers exclude their bare `main.rs`.
    for kinds in ["--tests", "--doc"] {
        let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command.current_dir(workspace::root());
        command
            .args(["test", "--workspace", "--no-fail-fast"])
            .arg(kinds);
        for package in BARE_PACKAGES {
            command.args(["--exclude", package]);
        }
        if !filter.is_empty() {
            command.args(["--", filter]);
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        command.stderr(if progress.may_draw() {
            Stdio::inherit()
        } else {
            Stdio::piped()
        });
        run_cargo_test(&mut command, &mut count, progress)?;
    }
    progress.end();
    Ok(count)
}

fn run_cargo_test(
    command: &mut Command,
    count: &mut Count,
    progress: &Progress,
) -> Result<(), Failure> {
    let failure = |error| Failure::new("cannot run the host tests", error);
    if progress.may_draw() {
        progress.end();
    }
    let mut child = command.spawn().map_err(failure)?;
    // Both streams are read at once: a full pipe would stop cargo.
    let errors = child.stderr.take().map(|stderr| {
        std::thread::spawn(move || std::io::read_to_string(stderr).unwrap_or_default())
    });
    let failed_before = count.failed;
    if let Some(stdout) = child.stdout.take() {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            count.add_result_line(&line);
            if line.starts_with("test ") || line.contains("panicked at") || line.starts_with("----")
            {
                progress.line(&line);
            }
        }
    }
    let errors = errors
        .map(|thread| thread.join().unwrap_or_default())
        .unwrap_or_default();
    let status = child.wait().map_err(failure)?;
    if !status.success() {
        eprint!("{errors}");
        if count.failed == failed_before {
            // It did not build, or died without a result line.
            count.failed += 1;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn result_lines_are_counted() {
        let mut count = Count::default();
        count.add_result_line("running 4 tests");
        count.add_result_line(
            "test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out",
        );
        count.add_result_line("test result: FAILED. 2 passed; 1 failed; 0 ignored; 0 measured");
        count.add_result_line("test some::result: ok. 9 passed ... ok");
        assert_eq!(
            count,
            Count {
                passed: 5,
                failed: 1
            }
        );
    }
}
