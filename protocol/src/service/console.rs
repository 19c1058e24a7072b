//! The `console` service: the serial line, bytes in and out.

use super::{Bytes, declare::*};

/// The most bytes of one write or read.
pub const CHUNK_LEN_MAX: usize = 900;

service! {
    name "console" version 1;
    errors {
        /// More than [`CHUNK_LEN_MAX`] bytes.
        TooLong,
    }
    /// Writes `bytes` (at most [`CHUNK_LEN_MAX`]) in order; returns when all are in the device or its queue. Errors:
    /// `TooLong`. Never repeated by itself: half of the bytes may be out.
    0: Never fn write(bytes: &[u8]) -> ();
    /// Takes up to `len_max` (at most [`CHUNK_LEN_MAX`]) received bytes, none if none came. Never blocks; not repeated,
    /// because bytes that were taken are gone.
    1: Never fn read(len_max: u16) -> Bytes<CHUNK_LEN_MAX>;
    /// Signals the notification that goes along (`WRITE`) whenever bytes arrive and none were waiting. One listener: the
    /// last.
    2: Idempotent fn listen() takes 1 -> ();
}
