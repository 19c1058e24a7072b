//! `cargo xtask check`: formatting, lints, documentation. What CI runs, a person runs.

use std::process::{Command, ExitCode, Stdio};

use crate::failure::Failure;
use crate::progress::Progress;
use crate::toolchain::{self, KERNEL_TARGET, LOADER_TARGET, SERVER_TARGET};
use crate::topology::Topology;
use crate::workspace;

/// Packages that exist for a bare target only: host tools leave them out, `cargo xtask` builds them.
pub const BARE_PACKAGES: &[&str] = &["bootimg-loader"];

/// Runs each check; last line `N passed, N failed`.
pub fn run(progress: &Progress) -> Result<ExitCode, Failure> {
    toolchain::ensure_build(progress)?;
    let topology = Topology::load()?;
    let checks = checks(&topology.packages());
    let (mut passed, mut failed) = (0, 0);
    for (name, arguments) in checks {
        progress.step(&format!("checking: {name}"));
        let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
            .args(&arguments)
            .current_dir(workspace::root())
            .env("RUSTDOCFLAGS", "-D warnings")
            .stdin(Stdio::null())
            .output()
            .map_err(|error| Failure::new("cannot run cargo", error))?;
        if output.status.success() {
            passed += 1;
            progress.line(&format!("check {name} ... ok"));
        } else {
            failed += 1;
            progress.line(&format!("check {name} ... FAILED"));
            eprintln!(
                "{}{}",
                String::from_utf8_lossy(&output.stdout),
                String::from_utf8_lossy(&output.stderr)
            );
        }
    }
    progress.end();
    println!("{passed} passed, {failed} failed");
    Ok(if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// The checks: a name and the arguments to cargo. Code for a bare target is linted for that target.
fn checks(servers: &[&str]) -> Vec<(&'static str, Vec<String>)> {
    let words = |text: &str| -> Vec<String> { text.split(' ').map(str::to_string).collect() };
    let without_bare = |text: &str| {
        let excludes = BARE_PACKAGES
            .iter()
            .flat_map(|package| ["--exclude", *package]);
        words(text)
            .into_iter()
            .chain(excludes.map(str::to_string))
            .collect::<Vec<_>>()
    };
    let denying = |mut arguments: Vec<String>| {
        arguments.extend(["--", "-D", "warnings"].map(str::to_string));
        arguments
    };
    let bins = |target: &str, packages: &[&str]| {
        let mut arguments = words(&format!("clippy --release --target {target}"));
        for package in packages {
            let id = workspace::package_id(package);
            arguments.extend(["--package", &id, "--bin", package].map(str::to_string));
        }
        denying(arguments)
    };
    let mut checks = vec![
        ("fmt", words("fmt --all --check")),
        (
            "clippy on the host",
            denying(without_bare("clippy --workspace --lib --tests")),
        ),
        (
            "clippy of the kernel",
            bins(KERNEL_TARGET, &["microkernel"]),
        ),
        (
            "clippy of the loader",
            bins(LOADER_TARGET, &["bootimg-loader"]),
        ),
        (
            "doc",
            without_bare("doc --workspace --no-deps --lib --document-private-items"),
        ),
    ];
    // Without a package, cargo would lint the default members for the servers' target.
    if !servers.is_empty() {
        checks.push(("clippy of the servers", bins(SERVER_TARGET, servers)));
    }
    checks
}
