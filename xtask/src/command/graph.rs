//! `cargo xtask graph`: a picture of servers and capabilities, from the manifest.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use manifest::graph;

use crate::failure::Failure;
use crate::topology;

/// Options of `graph`.
#[derive(Args)]
pub struct Options {
    /// What to write.
    #[arg(long, value_enum, default_value_t = Format::Mermaid)]
    format: Format,
}

/// A way to draw.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A Mermaid flowchart, as the book shows it.
    Mermaid,
    /// Graphviz input.
    Dot,
    /// A line a server.
    Text,
}

/// Writes the picture to standard output.
pub fn run(options: &Options) -> Result<ExitCode, Failure> {
    let manifest = topology::read()?;
    let picture = match options.format {
        Format::Mermaid => graph::mermaid(&manifest),
        Format::Dot => graph::dot(&manifest),
        Format::Text => graph::text(&manifest),
    };
    match io::stdout().lock().write_all(picture.as_bytes()) {
        // The reader has what it wanted (`… | head`).
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::new("cannot write the picture", error))
        }
        _ => Ok(ExitCode::SUCCESS),
    }
}
