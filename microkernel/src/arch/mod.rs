//! The one place that picks a platform.
//!
//! `x86_64` is the real one; `model` gives the same names over plain memory, so that everything above runs in host tests.

#[cfg(not(target_os = "none"))]
pub mod model;
#[cfg(target_os = "none")]
pub mod x86_64;

#[cfg(not(target_os = "none"))]
pub use model as platform;
#[cfg(target_os = "none")]
pub use x86_64 as platform;
