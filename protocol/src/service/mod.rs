//! The services: one module each, declared once.
//!
//! `wire` is what all share, [`mod@declare`] the macro that makes a client stub, a server trait and a dispatch out of each
//! declaration. [`ALL`] lists the services for tools; a name in `servers/system.toml` is one of these.

pub mod declare;
mod wire;

pub mod compositor;
pub mod console;
pub mod evolution;
pub mod healing;
pub mod hello;
pub mod input;
pub mod platform;
pub mod supervisor;

#[cfg(test)]
mod tests;

pub use wire::*;

/// What the shell prints when it is ready for a line. Tools that drive the shell wait for it.
pub const PROMPT: &str = "velocity> ";

/// Every service.
pub const ALL: [&Description; 8] = [
    &supervisor::DESCRIPTION,
    &platform::DESCRIPTION,
    &console::DESCRIPTION,
    &input::DESCRIPTION,
    &compositor::DESCRIPTION,
    &healing::DESCRIPTION,
    &evolution::DESCRIPTION,
    &hello::DESCRIPTION,
];
