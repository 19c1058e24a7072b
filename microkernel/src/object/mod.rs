//! What a capability can name.
//!
//! - [`untyped`]: raw memory, and retype, which makes every other object of it.

pub mod untyped;
