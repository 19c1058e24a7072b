//! The healing server.
