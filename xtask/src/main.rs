//! `cargo xtask`: the developer's one tool. This file only reads the command line; each command is a file in `command/`.
//!
//! In reading order: [`command`] has one file a command; [`toolchain`] finds and installs what the machine lacks;
//! [`build`] makes kernel, loader, servers and disk image; [`machine`] runs them in QEMU, over [`qmp`] and a serial line
//! whose text [`terminal`] makes readable; [`script`] says what to type and [`session`] types it; [`scenario`] runs many.
//!
//! Exit status: 0 done, 1 something failed, 3 something is missing on this machine (the message names the command that
//! installs it), 124 out of time.
#![forbid(unsafe_code)]

mod build;
mod command;
mod failure;
mod machine;
mod progress;
mod qmp;
mod scenario;
mod screen;
mod script;
mod session;
mod supervise;
mod terminal;
mod toolchain;
mod topology;
mod workspace;

use std::process::ExitCode;

use clap::Parser;

use crate::command::Command;
use crate::progress::Progress;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Builds, runs and tests VELOCITY-OS")]
struct Arguments {
    /// Says nothing but results and errors.
    #[arg(long, short, global = true)]
    quiet: bool,
    #[command(subcommand)]
    command: Command,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let progress = Progress::new(arguments.quiet);
    match arguments.command.run(&progress) {
        Ok(status) => status,
        Err(failure) => {
            progress.end();
            eprintln!("{failure}");
            failure.status()
        }
    }
}
