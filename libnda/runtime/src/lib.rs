//! What a process needs to run compiled NDA: the context that compiled code works on, and the way in and out.
//!
//! Compiled code is a blob without relocations, headers or knowledge of the system around it. Everything that it may touch
//! beside its registers and the machine stack is reached through one [`VmContext`]: the linear memory, the fuel, the shims,
//! the way out. It makes no hardware fault on purpose: bounds, division, stack depth and fuel are checked by explicit
//! branches, and a failed check leaves through the context's `trap_exit` straight to the caller of [`enter::enter`]. So it
//! runs the same in a test on the host and in a server that has no libc, no thread-local storage and no signals.
//!
//! The ABI (everything is System V x86-64):
//!
//! - *entry adapter* of an exported function: `fn(context, values)`; takes the arguments from `values[0..]` as 64-bit
//!   little-endian slots ([`nda_lang::Value::to_bits`]), leaves the result in `values[0]`;
//! - *native entry*: `fn(context, arguments…) -> result`, in registers; between compiled functions only;
//! - *shim*: [`context::ShimFn`], reached through the context's table by the shim's number;
//! - a shim that fails sets `context.trap` and returns; the code that called it then leaves through `trap_exit`.
//!
//! [`Instance`] is the safe use of all this: it links a module, and serves the shims by the same
//! [`nda_lang::interp::Host`] that serves the interpreter.

#![no_std]
#![deny(unsafe_code)]

// In reading order; blank lines keep the formatter from sorting.
pub mod context;

#[expect(unsafe_code, reason = "switches between Rust and compiled code")]
pub mod enter;

#[expect(unsafe_code, reason = "calls from compiled code back into Rust")]
mod shims;

#[expect(
    unsafe_code,
    reason = "joins a context, a memory and a host for one call"
)]
mod instance;

pub use context::{STACK_RESERVE_BYTES, VmContext};
pub use instance::{Entry, Instance, Limits};
pub use nda_lang::trap::Trap as TrapCode;
