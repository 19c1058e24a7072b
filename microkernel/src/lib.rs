//! The kernel: scheduling, IPC and page mapping, under capabilities. Everything else is a server.
//!
//! It refuses to allocate (every object is carved from Untyped that the caller owns), to buffer messages, to name
//! anything globally, and to panic on what user space sends.
//!
//! Reading order: [`memory`] says how physical memory is reached, [`capability`] what a slot is, how one derives from
//! another and how all of that is taken back, [`object`] what a capability can name, [`ipc`] how threads meet, [`sched`] who runs,
//! [`arch`] what the processor does.
//!
//! Invariants:
//! 1. A capability's rights never exceed its parent's, except that the code authority adds `EXECUTE` to a sealed frame.
//! 2. Every object has exactly one *original* capability; when that goes, nothing names the object any more.
//! 3. The bytes an Untyped gave out and the objects derived from it never overlap.
//! 4. The kernel has no heap.
#![cfg_attr(target_os = "none", no_std)]

pub mod arch;
pub mod boot;
pub mod capability;
pub mod ipc;
pub mod memory;
pub mod object;
pub mod sched;
