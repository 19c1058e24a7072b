//! Scenarios: whole-system tests, one file each in `tests/scenarios/`, named as the promise that they keep.
//!
//! A scenario is a script (see [`crate::script`]) with comments and a header. `#!` lines say what machine it wants:
//!
//! ```text
//! #! smp=2 mem=256 timeout=60
//! #! icount
//! # A killed server comes back and answers.
//! kill hello
//! ```
//!
//! It passes if every line succeeds and every expectation holds.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::failure::Failure;
use crate::machine::{Config, Machine};
use crate::script::{self, Step};
use crate::session::Session;
use crate::toolchain::{Accel, Firmware};

/// Seconds that a scenario may take where its header says nothing.
const TIMEOUT_S: u64 = 180;
/// Machines at a time. Each emulates four cores; more only makes all of them slow and timeouts likely.
const MACHINES_MAX: usize = 2;

/// A scenario that can be run.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// The promise: the file's name without its extension.
    pub name: String,
    smp: u32,
    mem_mib: u32,
    icount: bool,
    timeout_s: u64,
    steps: Vec<Step>,
}

/// How a scenario ended.
#[derive(Debug)]
pub struct Report {
    /// The scenario.
    pub name: String,
    /// How long it took.
    pub took: Duration,
    /// Why it failed, with the end of the transcript; `None` if it passed.
    pub failure: Option<String>,
}

/// Reads all scenarios in `dir` whose name contains `filter`, sorted by name.
pub fn load_all(dir: &Path, filter: &str) -> Result<Vec<Scenario>, Failure> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Failure::file("read", dir, error)),
    };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "txt"));
    paths.sort();
    let mut scenarios = Vec::new();
    for path in paths {
        let name = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if name.contains(filter) {
            let bytes = fs::read(&path).map_err(|error| Failure::file("read", &path, error))?;
            let scenario = parse(&name, &bytes)
                .map_err(|why| Failure::file("use the scenario", &path, why))?;
            scenarios.push(scenario);
        }
    }
    Ok(scenarios)
}

/// Reads a scenario. Comments become empty lines, so that line numbers stay those of the file.
fn parse(name: &str, bytes: &[u8]) -> Result<Scenario, String> {
    let mut scenario = Scenario {
        name: name.to_string(),
        smp: 4,
        mem_mib: 512,
        icount: false,
        timeout_s: TIMEOUT_S,
        steps: Vec::new(),
    };
    let mut script = Vec::new();
    for line in bytes.split(|&byte| byte == b'\n') {
        if let Some(header) = line.strip_prefix(b"#!") {
            for word in String::from_utf8_lossy(header).split_whitespace() {
                scenario.set(word)?;
            }
        } else if !line.starts_with(b"#") {
            script.extend_from_slice(line);
        }
        script.push(b'\n');
    }
    scenario.steps = script::parse(&script).map_err(|error| error.to_string())?;
    if scenario.steps.is_empty() {
        return Err("it has no lines to run".to_string());
    }
    Ok(scenario)
}

impl Scenario {
    fn set(&mut self, word: &str) -> Result<(), String> {
        let (name, value) = word.split_once('=').unwrap_or((word, ""));
        let number = || {
            value
                .parse::<u32>()
                .ok()
                .filter(|&number| number > 0)
                .ok_or_else(|| format!("{word:?} in the header: {name} is a number from 1"))
        };
        match name {
            "smp" => self.smp = number()?,
            "mem" => self.mem_mib = number()?,
            "timeout" => self.timeout_s = u64::from(number()?),
            "icount" if value.is_empty() => self.icount = true,
            _ => {
                return Err(format!(
                    "{word:?} in the header: only smp, mem, timeout and icount"
                ));
            }
        }
        Ok(())
    }

    fn run(&self, accel: Accel, firmware: &Firmware, image: &Path) -> Report {
        let start = Instant::now();
        let mut transcript = Vec::new();
        let failure = self
            .attempt(accel, firmware, image, &mut transcript)
            .err()
            .map(|why| {
                let from = transcript.len().saturating_sub(40);
                format!("{why}\n    {}", transcript[from..].join("\n    "))
            });
        Report {
            name: self.name.clone(),
            took: start.elapsed(),
            failure,
        }
    }

    fn attempt(
        &self,
        accel: Accel,
        firmware: &Firmware,
        image: &Path,
        transcript: &mut Vec<String>,
    ) -> Result<(), String> {
        let config = Config {
            smp: self.smp,
            mem_mib: self.mem_mib,
            accel,
            icount: self.icount,
            ..Config::default()
        };
        let machine =
            Machine::start(&config, firmware, image).map_err(|error| error.to_string())?;
        let mut output = |line: &str| transcript.push(line.to_string());
        let mut session = Session::new(machine, Some(self.timeout_s), &mut output);
        session.boot().map_err(|error| error.to_string())?;
        let mut reasons = Vec::new();
        session
            .run(&self.steps, &mut |step, why| {
                reasons.push(format!("line {} {:?}: {why}", step.number, step.text));
            })
            .map_err(|error| error.to_string())?;
        session.end();
        if reasons.is_empty() {
            Ok(())
        } else {
            Err(reasons.join("\n    "))
        }
    }
}

/// Runs scenarios, a few at a time, and gives each report to `reported` as it comes.
pub fn run_all(
    scenarios: &[Scenario],
    accel: Accel,
    firmware: &Firmware,
    image: &Path,
    reported: &mut (dyn FnMut(Report) + Send),
) {
    let next = AtomicUsize::new(0);
    let reported = Mutex::new(reported);
    thread::scope(|scope| {
        for _ in 0..MACHINES_MAX.min(scenarios.len()) {
            scope.spawn(|| {
                while let Some(scenario) = scenarios.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let report = scenario.run(accel, firmware, image);
                    // A panic in another thread's report must not hide this one.
                    let mut reported = reported
                        .lock()
                        .unwrap_or_else(std::sync::PoisonError::into_inner);
                    reported(report);
                }
            });
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_choose_the_machine_and_comments_keep_line_numbers() {
        let text = b"#! smp=2 mem=256\n#! icount timeout=60\n# why\n\nps\n!fail\nkill nobody\n";
        let scenario = parse("name", text).expect("scenario");
        assert_eq!(
            (scenario.smp, scenario.mem_mib, scenario.timeout_s),
            (2, 256, 60)
        );
        assert!(scenario.icount);
        let numbers: Vec<usize> = scenario.steps.iter().map(|step| step.number).collect();
        assert_eq!(numbers, [5, 6, 7]);
    }

    #[test]
    fn mistakes_in_headers_are_named() {
        for bad in [
            "#! cores=2\nps",
            "#! smp=0\nps",
            "#! smp=many\nps",
            "# nothing to do\n",
        ] {
            assert!(parse("name", bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
