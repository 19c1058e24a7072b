//! Starting a program that must not outlive this one.
//!
//! On Linux the kernel sends a signal to a process whose parent dies, if the process asked for it. QEMU does not ask, and
//! asking on its behalf between `fork` and `exec` would take unsafe code; so this program starts itself, asks, and then
//! becomes the other program: the request survives `exec`.

use std::ffi::OsString;
use std::process::{Command, ExitCode};

use crate::failure::Failure;

/// The hidden command that [`command`] starts this program with.
pub const NAME: &str = "exec-with-parent";

/// A command that runs `program` and ends it when this process ends, however that happens.
pub fn command(program: &str) -> Command {
    match std::env::current_exe() {
        Ok(this) if cfg!(target_os = "linux") => {
            let mut command = Command::new(this);
            command
                .arg(NAME)
                .arg(std::process::id().to_string())
                .arg(program);
            command
        }
        _ => Command::new(program),
    }
}

/// Becomes `program`, bound to the life of the process `parent`.
#[cfg(target_os = "linux")]
pub fn run(parent: u32, program: &OsString, arguments: &[OsString]) -> Result<ExitCode, Failure> {
    use std::os::unix::process::CommandExt;

    use rustix::process::{Signal, getppid, set_parent_process_death_signal};

    let bound = set_parent_process_death_signal(Some(Signal::KILL));
    bound.map_err(|error| Failure::new("cannot bind a child to its parent", error))?;
    // The parent may have died before the line above.
    if getppid().is_none_or(|pid| pid.as_raw_nonzero().get() as u32 != parent) {
        return Ok(ExitCode::FAILURE);
    }
    let error = Command::new(program).args(arguments).exec();
    Err(Failure::new(
        format!("cannot start {}", program.to_string_lossy()),
        error,
    ))
}

/// Runs `program`; only [`command`] on Linux comes here.
#[cfg(not(target_os = "linux"))]
pub fn run(_parent: u32, program: &OsString, arguments: &[OsString]) -> Result<ExitCode, Failure> {
    let status = Command::new(program).args(arguments).status();
    let status = status.map_err(|error| {
        Failure::new(format!("cannot start {}", program.to_string_lossy()), error)
    })?;
    Ok(if status.success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
