//! The init server.
