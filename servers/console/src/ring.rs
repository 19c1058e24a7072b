//! A bounded queue of bytes that refuses what does not fit.
//!
//! Decided against: overwriting the oldest byte. A terminal that loses the start of a line runs the wrong command; one that
//! loses the end shows it.

/// A first-in, first-out queue of at most `N` bytes.
#[derive(Debug)]
pub struct Ring<const N: usize> {
    bytes: [u8; N],
    first: usize,
    len: usize,
}

impl<const N: usize> Default for Ring<N> {
    fn default() -> Self {
        Ring::new()
    }
}

impl<const N: usize> Ring<N> {
    /// An empty queue.
    pub const fn new() -> Ring<N> {
        const { assert!(N > 0, "a ring holds a byte at least") };
        Ring {
            bytes: [0; N],
            first: 0,
            len: 0,
        }
    }

    /// Bytes in it.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Bytes that still fit.
    pub fn room(&self) -> usize {
        N - self.len
    }

    /// Adds a byte; whether it fitted.
    #[must_use]
    pub fn push(&mut self, byte: u8) -> bool {
        if self.len == N {
            return false;
        }
        self.bytes[(self.first + self.len) % N] = byte;
        self.len += 1;
        true
    }

    /// Takes the oldest byte.
    pub fn pop(&mut self) -> Option<u8> {
        if self.len == 0 {
            return None;
        }
        let byte = self.bytes[self.first];
        self.first = (self.first + 1) % N;
        self.len -= 1;
        Some(byte)
    }
}
