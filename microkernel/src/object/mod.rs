//! What a capability can name.
//!
//! - [`untyped`]: raw memory, and retype, which makes every other object of it;
//! - [`thread`]: a thread of execution;
//! - [`endpoint`], [`reply`], [`notification`]: what threads meet at. What happens there is in [`crate::ipc`].
//!
//! Objects are shared by reference and changed through `Cell`s under the kernel's lock. All zero is a valid, idle object of
//! each type, since retype zeroes the memory.

pub mod endpoint;
pub mod notification;
pub mod reply;
pub mod thread;
pub mod untyped;
