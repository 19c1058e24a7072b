//! The code authority: maps compiled modules, replaces them while they run, and takes them back.
//!
//! A *body* is the machine code of one generation of a module, in sealed frames at an address that is fresh for it. A *gate
//! page* holds one jump per export; callers keep the gate's address for good, so replacing a module is replacing the frame
//! behind one page: one table entry, one shootdown. A caller sees the old jumps or the new ones, never a mixture.
//!
//! In reading order:
//!
//! - [`region`]: addresses, with guard gaps, none used twice before it is given back;
//! - [`gate`]: what a gate page may contain;
//! - [`mapper`]: the kernel's part, as a trait, so that all the rest runs in host tests;
//! - [`life`]: the module table and a generation's life from reservation to reclaim;
//! - [`scrub`]: the bodies compared with their hashes, and repaired.
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod region;

pub mod gate;

pub mod mapper;

pub mod life;

pub mod scrub;

pub use life::{Error, Generation, Healing, ModuleId, Placement, State};
pub use mapper::{CodeMapper, MapError};
