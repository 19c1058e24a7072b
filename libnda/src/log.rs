//! The log: lines in a ring that the supervisor reads from a shared frame, also after the server's death.
//!
//! The ring's first word counts all bytes ever written; byte `n` lies at `8 + n % (len - 8)`. A reader takes the count, the
//! bytes before it, and the count again: what was overwritten in between it drops.

use core::fmt::{self, Write};
use core::sync::atomic::Ordering;

use log::{LevelFilter, Log, Metadata, Record};
use spin::Once;

use crate::sys::SharedBytes;

/// Bytes before the ring's contents.
const HEADER_LEN: usize = 8;

/// A ring of text in shared memory.
#[derive(Clone, Copy, Debug)]
pub struct Ring(SharedBytes);

impl Ring {
    /// The ring in this memory. `None` if it is shorter than its header and one byte.
    pub fn new(bytes: SharedBytes) -> Option<Self> {
        (bytes.len() > HEADER_LEN).then_some(Self(bytes))
    }

    /// Adds bytes over the oldest.
    pub fn write(&self, bytes: &[u8]) {
        let room = self.0.len() - HEADER_LEN;
        if let Some(count) = self.0.first_word() {
            let start = count.load(Ordering::Relaxed);
            for (offset, byte) in (0..).zip(bytes) {
                let position = start.wrapping_add(offset);
                self.0
                    .put(HEADER_LEN + (position % room as u64) as usize, *byte);
            }
            count.store(start.wrapping_add(bytes.len() as u64), Ordering::Release);
        }
    }

    /// Copies the bytes from position `from` on into `out`, as far as they are kept: the position of the first copied and
    /// how many. A count that the other side forged gives other bytes, nothing worse.
    pub fn read(&self, from: u64, out: &mut [u8]) -> (u64, usize) {
        let room = (self.0.len() - HEADER_LEN) as u64;
        let end = self
            .0
            .first_word()
            .map_or(0, |count| count.load(Ordering::Acquire));
        let start = from.clamp(end.saturating_sub(room), end);
        let len = usize::try_from(end - start)
            .unwrap_or(usize::MAX)
            .min(out.len());
        for (offset, byte) in (0..).zip(&mut out[..len]) {
            let position = start.wrapping_add(offset);
            *byte = self.0.get(HEADER_LEN + (position % room) as usize);
        }
        (start, len)
    }
}

impl Write for Ring {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.write(text.as_bytes());
        Ok(())
    }
}

/// The process's log.
struct ProcessLog;

static RING: Once<Ring> = Once::new();

impl Log for ProcessLog {
    fn enabled(&self, _metadata: &Metadata<'_>) -> bool {
        RING.is_completed()
    }

    fn log(&self, record: &Record<'_>) {
        if let Some(ring) = RING.get() {
            let mut ring = *ring;
            let us = crate::time::us(crate::time::ticks());
            // Writing to a ring does not fail; a formatter that does ends its own line.
            let _ends_line = writeln!(ring, "{us} {} {}", record.level(), record.args());
        }
    }

    fn flush(&self) {}
}

/// Sends the `log` macros to this memory.
pub(crate) fn begin(bytes: SharedBytes) {
    if let Some(ring) = Ring::new(bytes) {
        RING.call_once(|| ring);
        if log::set_logger(&ProcessLog).is_ok() {
            log::set_max_level(LevelFilter::Info);
        }
    }
}

#[cfg(test)]
#[expect(
    unsafe_code,
    reason = "memory of the test's own stands in for a shared frame"
)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_bytes_stay() {
        let mut memory = [0_u64; 3];
        // SAFETY: the array outlives the ring, is aligned, and is not touched otherwise.
        let bytes = unsafe { SharedBytes::new(memory.as_mut_ptr().cast(), 24) };
        let ring = Ring::new(bytes).expect("long enough");
        let mut out = [0; 64];
        assert_eq!(ring.read(0, &mut out), (0, 0));
        ring.write(b"0123456789");
        assert_eq!(ring.read(3, &mut out), (3, 7));
        assert_eq!(&out[..7], b"3456789");
        ring.write(b"abcdefghij");
        assert_eq!(ring.read(0, &mut out), (4, 16));
        assert_eq!(&out[..16], b"456789abcdefghij");
        assert_eq!(ring.read(99, &mut out), (20, 0));
        // A forged count harms nobody.
        bytes
            .first_word()
            .expect("there")
            .store(u64::MAX, Ordering::Relaxed);
        assert_eq!(ring.read(0, &mut out).1, 16);
    }
}
