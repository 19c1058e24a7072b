//! Bytes that another process reads or writes at the same time.

use core::ptr;
use core::sync::atomic::{AtomicU8, AtomicU64, Ordering};

/// A run of mapped, shared memory. All accesses are atomic, so that the other side can do no more than change values.
#[derive(Clone, Copy, Debug)]
pub struct SharedBytes {
    base: *const AtomicU8,
    len: usize,
}

// SAFETY: every access is atomic, and the memory stays mapped (see `new`).
unsafe impl Send for SharedBytes {}
// SAFETY: as above.
unsafe impl Sync for SharedBytes {}

impl SharedBytes {
    /// The memory at `base`.
    ///
    /// # Safety
    ///
    /// `len` bytes are mapped writable there for as long as the process runs, `base` is a multiple of 8, and the process
    /// has no Rust reference into them.
    pub const unsafe fn new(base: *mut u8, len: usize) -> Self {
        Self {
            base: base.cast_const().cast(),
            len,
        }
    }

    /// The memory of a range that the starter named.
    pub(crate) fn from_start(range: protocol::abi::start::Range) -> Self {
        let base = ptr::with_exposed_provenance_mut(range.base as usize);
        // SAFETY: the starter maps its ranges for the life of the process, page-aligned, and gives each out once.
        unsafe { Self::new(base, range.len as usize) }
    }

    /// Bytes.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Writes a byte; outside the run it does nothing.
    pub fn put(&self, at: usize, byte: u8) {
        if at < self.len {
            // SAFETY: inside the run, which is mapped and only accessed atomically.
            unsafe { (*self.base.add(at)).store(byte, Ordering::Relaxed) };
        }
    }

    /// Reads a byte; 0 outside the run.
    pub fn get(&self, at: usize) -> u8 {
        if at >= self.len {
            return 0;
        }
        // SAFETY: inside the run, which is mapped and only accessed atomically.
        unsafe { (*self.base.add(at)).load(Ordering::Relaxed) }
    }

    /// The first word, which orders the bytes written before it; `None` if the run is shorter.
    pub fn first_word(&self) -> Option<&AtomicU64> {
        // SAFETY: eight bytes are there, aligned, mapped for the life of the process and only accessed atomically.
        (self.len >= 8).then(|| unsafe { &*self.base.cast::<AtomicU64>() })
    }
}
