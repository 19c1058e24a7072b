//! Linking: compares what a module uses with what a process grants.
//!
//! This is where authority is decided, once, before anything runs: the interpreter's and the compiled code's instances both
//! start with [`check`]. What is not declared cannot be called ([`crate::verify`]), what is not granted does not link.

use core::fmt;

use crate::hash::Hash;
use crate::shim::{CapabilitySet, Shim};
use crate::verify::VerifiedModule;

/// Why a module cannot be instantiated.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LinkError {
    /// The module uses a shim whose capability class was not presented.
    NotGranted(Shim),
    /// The module imports code, and no code store is attached that could supply it.
    UnresolvedImport(Hash),
    /// The memory's minimum is more than the instance may have.
    MemoryTooLarge {
        /// Pages that the module needs.
        needed_pages: u32,
        /// Pages that the host allows.
        allowed_pages: u32,
    },
}

impl fmt::Display for LinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LinkError::NotGranted(shim) => {
                let class = shim.capability().name();
                write!(f, "{} needs the capability {class:?}", shim.name())
            }
            LinkError::UnresolvedImport(hash) => write!(f, "the code {hash} is not available"),
            LinkError::MemoryTooLarge {
                needed_pages,
                allowed_pages,
            } => write!(
                f,
                "the module needs {needed_pages} pages of memory, {allowed_pages} are allowed"
            ),
        }
    }
}

impl core::error::Error for LinkError {}

/// Checks that `granted` covers every shim that `module` declares and that nothing is left to resolve.
pub fn check(module: &VerifiedModule, granted: CapabilitySet) -> Result<(), LinkError> {
    for shim in module.uses() {
        if !granted.grants(shim.capability()) {
            return Err(LinkError::NotGranted(*shim));
        }
    }
    match module.imports().first() {
        Some(import) => Err(LinkError::UnresolvedImport(import.hash)),
        None => Ok(()),
    }
}
