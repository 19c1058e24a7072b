//! The evolution server.
