//! The compositor server.
