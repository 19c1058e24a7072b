//! The kernel ABI: what crosses the boundary between user threads, the kernel and the loader.
//!
//! Numbers in here are never reused and never renumbered; `tests/abi_snapshot.rs` pins them.

pub mod boot_info;
pub mod error;
pub mod fault;
pub mod layout;
pub mod message;
pub mod object;
pub mod rights;
pub mod start;
pub mod syscall;
pub mod thread;

pub use error::Error;
pub use message::MessageInfo;
pub use object::ObjectType;
pub use rights::Rights;
pub use syscall::Syscall;
