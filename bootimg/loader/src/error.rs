//! Why the machine does not boot, in words for the person in front of it.

use core::fmt;

use bootimg_layout::{archive, elf, page_tables};
use uefi::Status;

/// Every way in which loading fails.
#[derive(Debug)]
pub enum Error {
    /// The CPU lacks something that no supported machine lacks.
    Cpu(&'static str),
    /// The volume that the loader came from cannot be read.
    Volume(Status),
    /// A file is missing.
    Missing(&'static str),
    /// A file is there and cannot be read.
    Read {
        /// Its path.
        path: &'static str,
        /// What the firmware says.
        status: Status,
    },
    /// A file is larger than memory or the firmware's own limits.
    TooLarge {
        /// Its path.
        path: &'static str,
        /// Its size in bytes.
        len: u64,
    },
    /// The archive is refused.
    Archive(archive::Error),
    /// The archive lacks a file.
    NotInArchive(&'static str),
    /// The kernel file is not the one that the archive was built with.
    KernelMismatch,
    /// The kernel file is refused.
    Kernel(elf::Error),
    /// `init` is refused.
    Init(elf::Error),
    /// No memory for a part.
    NoMemory {
        /// What it is for.
        what: &'static str,
        /// Pages of 4 KiB.
        pages: usize,
    },
    /// The page tables cannot be built.
    PageTables(page_tables::Error),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cpu(what) => write!(f, "this processor has no {what}"),
            Self::Volume(status) => write!(f, "cannot open the boot volume: {status}"),
            Self::Missing(path) => write!(f, "{path} is missing on the boot volume"),
            Self::Read { path, status } => write!(f, "cannot read {path}: {status}"),
            Self::TooLarge { path, len } => write!(f, "{path} is too large ({len} bytes)"),
            Self::Archive(error) => write!(f, "\\velocity\\boot.arc {error}"),
            Self::NotInArchive(name) => write!(f, "\\velocity\\boot.arc has no file \"{name}\""),
            Self::KernelMismatch => write!(
                f,
                "\\velocity\\kernel.elf is corrupt or from another build than boot.arc (BLAKE3 differs)"
            ),
            Self::Kernel(error) => write!(f, "\\velocity\\kernel.elf {error}"),
            Self::Init(error) => write!(f, "\"init\" in \\velocity\\boot.arc {error}"),
            Self::NoMemory { what, pages } => {
                write!(f, "no memory for {what} ({} KiB)", pages * 4)
            }
            Self::PageTables(error) => write!(f, "internal error: {error}"),
        }
    }
}
