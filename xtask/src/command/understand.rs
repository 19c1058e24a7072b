//! `cargo xtask understand`: the terminal's understanding step on the host.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use shell::understand::{Context, understand_bytes};

use crate::failure::Failure;

/// Options of `understand`.
#[derive(Args)]
pub struct Options {
    /// The lines (standard input if not given, or `-`).
    file: Option<PathBuf>,
}

/// Writes one JSON object a line. Bytes that are not text are a line like any other, with its own answer.
pub fn run(options: &Options) -> Result<ExitCode, Failure> {
    let reader: Box<dyn BufRead> = match &options.file {
        Some(path) if path.as_os_str() != "-" => {
            let file = File::open(path).map_err(|error| Failure::file("read", path, error))?;
            Box::new(BufReader::new(file))
        }
        _ => Box::new(io::stdin().lock()),
    };
    let context = Context::default();
    let mut out = io::stdout().lock();
    for line in reader.split(b'\n') {
        let line = line.map_err(|error| Failure::new("cannot read a line", error))?;
        let line = line.strip_suffix(b"\r").unwrap_or(&line);
        let json = understand_bytes(line, &context).to_json();
        match writeln!(out, "{json}") {
            Ok(()) => {}
            // The reader has what it wanted (`… | head`).
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => break,
            Err(error) => return Err(Failure::new("cannot write a line", error)),
        }
    }
    Ok(ExitCode::SUCCESS)
}
