//! `cargo xtask image`: a bootable raw disk image for real machines and clouds.

use std::path::PathBuf;
use std::process::ExitCode;

use bootimg_builder::disk::STORE_LEN_DEFAULT;
use clap::Args;

use crate::build;
use crate::failure::Failure;
use crate::progress::Progress;
use crate::toolchain;
use crate::workspace;

/// Options of `image`.
#[derive(Args)]
pub struct Options {
    /// Where to write it.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Builds the system and writes the image, with an empty store partition.
pub fn run(options: &Options, progress: &Progress) -> Result<ExitCode, Failure> {
    toolchain::ensure_build(progress)?;
    let system = build::system(progress)?;
    let path = options
        .out
        .clone()
        .unwrap_or_else(|| workspace::target().join("velocity.img"));
    system.write_image(&path, STORE_LEN_DEFAULT)?;
    progress.note(&format!(
        "boot archive: {} KiB",
        system.archive_len() / 1024
    ));
    println!("{}", path.display());
    Ok(ExitCode::SUCCESS)
}
