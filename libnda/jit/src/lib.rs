//! The compiler: verified NDA modules to x86-64 machine code, by Cranelift.
//!
//! [`Compiler::compile`] gives one position-independent blob. Functions call each other directly inside it; everything
//! else (memory, fuel, shims, the way out of a failed check) is reached through the `VmContext` that `nda-runtime` defines
//! together with the ABI. The blob makes no libcall, has no relocation and no constant outside itself, so "loading" it is
//! copying it to an executable page.
//!
//! The sandbox is in the code. An access computes its 64-bit end and compares it with the memory's size; division,
//! conversion, stack depth and fuel have their own checks. A failed check branches to a cold block at the end of its
//! function. No hardware fault is ever wanted, so no fault handler is needed.
//!
//! Fuel lives in a register within a function: one subtraction and one branch at each start of a turn and at each entry; it
//! is in the context only across calls. Results, traps, memory, shim calls and fuel equal the interpreter's; only the depth
//! at which [`nda_lang::Trap::StackOverflow`] comes differs, because here it depends on the size of frames.
//!
//! The same module and [`Options`] always give the same bytes, so code can be cached and shared by hash. A verified module
//! never makes the compiler panic; what it cannot do is a [`JitError`].

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

// In reading order; blank lines keep the formatter from sorting.
mod options;

mod compile;

mod translate;

mod adapter;

mod gate;

pub use compile::{
    CompiledExport, CompiledModule, Compiler, FUNCTION_NODES_MAX, JitError, compile,
};
pub use gate::{GATE_EXPORTS_MAX, GATE_PAGE_BYTES, GATE_SLOT_BYTES, GateError, gate_page};
pub use options::{Features, NanBits, OptLevel, Options};
