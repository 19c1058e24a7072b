//! The services: one module each, declared once.

/// What the shell prints when it is ready for a line. Tools that drive the shell wait for it.
pub const PROMPT: &str = "velocity> ";
