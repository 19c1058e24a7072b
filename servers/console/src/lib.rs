//! The console: a serial line, as bytes in and bytes out.
//!
//! [`Uart`] drives a 16550 through a [`Port`]; it never waits. [`Uart::service`] is called on its interrupt and also on a
//! slow timer, so that a lost interrupt delays bytes and loses nothing that the chip still holds. Received bytes go to a
//! bounded ring, bytes to send come from a bounded queue, and what does not fit is counted, never overwritten.
//!
//! Invariants: (1) one call does a bounded number of port accesses, whatever the chip answers; (2) bytes keep their order;
//! (3) a byte with a parity or framing error is counted and not delivered.
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

pub mod ring;
pub mod uart;

pub use ring::Ring;
pub use uart::{Port, Register, Uart};

/// Why the serial line cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// No chip answers: the line status reads as all ones.
    Absent,
    /// The loopback test gave back another byte, or none.
    SelfTest,
    /// The baud rate is zero or above [`uart::BAUD_MAX`], or its divisor does not fit 16 bits.
    Baud,
}
