//! The input server.
