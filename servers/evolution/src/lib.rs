//! The compiler server: bytes from anybody become checked machine code, or a typed refusal.
//!
//! A request is a module's binary form, the capability classes that the caller presents for it, and an effort. The answer is
//! a position-independent body with its hash, its exports, and what it cost; the gate page follows once the body has an
//! address. In reading order:
//!
//! - [`clock`]: time, so that costs can be told and tests can tell it;
//! - [`cache`]: compiled code, bounded in bytes and entries;
//! - [`pipeline`]: the steps from bytes to an answer.
//!
//! Invariants: (1) no input makes this crate panic; (2) the cache never holds more than its [`Limits`]; (3) an answer is only
//! given to a request whose capabilities cover every shim of the module, cached or not.
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod clock;

pub mod cache;

pub mod pipeline;

pub use cache::CodeKey;
pub use clock::Clock;
pub use pipeline::{Answer, Error, Evolution, Limits, Request};
