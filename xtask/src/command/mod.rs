//! The commands, one file each.

pub mod check;
pub mod doctor;
pub mod graph;
pub mod image;
pub mod qemu;
pub mod test;
pub mod understand;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Subcommand;

use crate::failure::Failure;
use crate::progress::Progress;
use crate::supervise;

/// What to do.
#[derive(Subcommand)]
pub enum Command {
    /// Builds the system and boots it in QEMU, with the shell on this terminal.
    Qemu(qemu::Options),
    /// Runs host tests, in-guest tests and scenarios; last line `N passed, N failed`.
    Test(test::Options),
    /// Checks formatting, lints and documentation.
    Check,
    /// Says what is missing on this machine, and installs it with --fix.
    Doctor(doctor::Options),
    /// Writes a bootable raw disk image.
    Image(image::Options),
    /// Draws servers and capabilities from the manifest.
    Graph(graph::Options),
    /// Shows what the shell understands, a line in, a JSON object out.
    Understand(understand::Options),
    /// Becomes another program that ends with its parent.
    #[command(name = supervise::NAME, hide = true)]
    ExecWithParent {
        /// The parent's process id.
        parent: u32,
        /// The program.
        program: OsString,
        /// Its arguments.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
}

impl Command {
    /// Does it.
    pub fn run(self, progress: &Progress) -> Result<ExitCode, Failure> {
        match self {
            Self::Qemu(options) => qemu::run(&options, progress),
            Self::Test(options) => test::run(&options, progress),
            Self::Check => check::run(progress),
            Self::Doctor(options) => doctor::run(&options, progress),
            Self::Image(options) => image::run(&options, progress),
            Self::Graph(options) => graph::run(&options),
            Self::Understand(options) => understand::run(&options),
            Self::ExecWithParent {
                parent,
                program,
                arguments,
            } => supervise::run(parent, &program, &arguments),
        }
    }
}
