//! `cargo xtask doctor`: what this machine has, what it lacks, and the command that installs it.

use std::process::ExitCode;

use clap::Args;

use crate::failure::Failure;
use crate::progress::Progress;
use crate::toolchain::{self, Item};

/// Options of `doctor`.
#[derive(Args)]
pub struct Options {
    /// Installs what is missing.
    #[arg(long)]
    fix: bool,
}

/// Prints the table; last line `ready`, or exit status 3.
pub fn run(options: &Options, progress: &Progress) -> Result<ExitCode, Failure> {
    if options.fix {
        toolchain::ensure_build(progress)?;
        toolchain::ensure_emulator(progress)?;
        progress.end();
    }
    let items = toolchain::survey();
    let row = |item: &str, found: &str, needed: &str, fix: &str| {
        println!("{item:<34} {found:<44} {needed:<30} {fix}");
    };
    row("item", "found", "needed", "fix");
    for item in &items {
        let fix = if item.found.is_some() { "-" } else { &item.fix };
        row(
            &item.name,
            item.found.as_deref().unwrap_or("missing"),
            &item.needed,
            fix,
        );
    }
    println!(
        "processor is made by {} (--accel forces another)",
        toolchain::probe_accel()
    );
    let missing: Vec<&Item> = items.iter().filter(|item| item.found.is_none()).collect();
    if missing.is_empty() {
        println!("ready");
        return Ok(ExitCode::SUCCESS);
    }
    let names: Vec<&str> = missing.iter().map(|item| item.name.as_str()).collect();
    Err(Failure::Missing {
        what: names.join(", "),
        why: "the table above says what each is needed for".to_string(),
        fix: "cargo xtask doctor --fix".to_string(),
    })
}
