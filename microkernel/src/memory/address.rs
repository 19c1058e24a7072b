//! Physical addresses, and the one way from an address to a kernel object.

use core::ptr::NonNull;

use crate::arch::platform::paging::phys_to_virt;

/// A physical address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[repr(transparent)]
pub struct PhysAddr(pub u64);

impl PhysAddr {
    /// The kernel's pointer to this address, `None` if that is null.
    pub fn pointer<T>(self) -> Option<NonNull<T>> {
        NonNull::new(phys_to_virt(self.0).cast())
    }

    /// Whether the address is a multiple of `1 << bits`.
    pub const fn is_aligned(self, bits: u8) -> bool {
        self.0.trailing_zeros() >= bits as u32 || self.0 == 0
    }
}

/// Fills `words` 64-bit words with zero.
///
/// A word loop: under emulation the byte forms of `rep stos` cost eight times as much.
///
/// # Safety
///
/// `[address, address + 8 × words)` is memory that the kernel may write and that no reference covers, and `address` is
/// a multiple of 8.
#[expect(
    unsafe_code,
    reason = "raw memory becomes an object here and nowhere else"
)]
pub unsafe fn zero(address: PhysAddr, words: usize) {
    let Some(start) = address.pointer::<u64>() else {
        return;
    };
    // SAFETY: (1) the caller says that the range is writable and unaliased; (2) `start` is aligned, since physmap and
    // model keep alignment; (3) all-zero bytes are valid `u64`s.
    unsafe { start.write_bytes(0, words) };
}
