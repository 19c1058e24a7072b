//! NDA: the language that all replaceable code of the system is stored in.
//!
//! An NDA module is a typed, structured program: functions over `i32 i64 f32 f64` with locals, a bounded linear memory and
//! calls, whose arithmetic is WebAssembly's. It is stored as a graph of content-addressed [`node`]s, so equal code has one
//! identity wherever it came from ([`mod@hash`]). It has two spellings with one meaning, [`text`] for people and [`binary`]
//! for files; both convert without loss and printing is canonical. It can do nothing to the world but through the [`shim`]s
//! that it declares, each granted by a capability at [`link`] time.
//!
//! The way of a program: [`text::parse`], [`binary::decode`] or [`build::ModuleBuilder`] make a [`Module`];
//! [`verify::verify`] makes it a [`VerifiedModule`], the only thing that the [`interp`]reter and the compiler (`nda-jit`)
//! accept; [`link::check`] compares what it uses with what the process grants. The interpreter is the reference: compiled
//! code gives the same results, traps, memory, shim calls and fuel.
//!
//! Metering: one unit of fuel is used at each function entry and at each start of a loop's turn. As the work between two
//! such points is bounded by the program's size, fuel bounds time.
//!
//! No input, however hostile, makes a function of this crate panic; sizes are bounded by [`limits`], and walks keep their
//! stacks on the heap. The crate allocates but needs no operating system.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

// In reading order; blank lines keep the formatter from sorting.
pub mod types;

pub mod numeric;

pub mod access;

pub mod shim;

pub mod trap;

pub mod node;

mod arena;

pub mod module;

pub mod limits;

pub mod walk;

pub mod build;

pub mod hash;

pub mod binary;

pub mod text;

pub mod verify;

pub mod link;

pub mod interp;

pub use arena::NodeError;
pub use hash::Hash;
pub use interp::Host;
pub use module::Module;
pub use node::{Node, NodeId, Op, Ty};
pub use shim::{Capability, CapabilitySet, Shim};
pub use trap::Trap;
pub use types::{Type, Value};
pub use verify::{VerifiedModule, VerifyError};
