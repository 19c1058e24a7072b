//! The platform server.
