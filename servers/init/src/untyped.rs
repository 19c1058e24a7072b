//! What is left of each Untyped: a watermark, like the kernel's own.
//!
//! The kernel makes objects from an Untyped upwards, each at a multiple of its size, and starts over only when all of them
//! are gone. This is the same arithmetic, so that the program knows which Untyped can serve a request without asking each.
//! The one that wastes least is taken: first by the gap that alignment leaves, then by what remains.

use alloc::vec::Vec;

/// Untypeds at most: what the loader hands over is bounded likewise.
pub const UNTYPEDS_MAX: usize = 256;

/// Why memory was not set aside or given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UntypedError {
    /// [`UNTYPEDS_MAX`] are known already.
    TooMany,
    /// Not a power of two of bytes that addresses can span, or not aligned to its size.
    BadSize,
    /// No Untyped has that much left.
    Exhausted,
    /// No such Untyped, or nothing is alive in it.
    NotInUse,
}

/// Memory that was set aside: the next `retype` of that Untyped gives exactly this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Slot of the Untyped's capability.
    pub slot: u32,
    /// Physical address.
    pub paddr: u64,
    /// log2 of the bytes.
    pub bits: u8,
}

#[derive(Debug)]
struct Untyped {
    slot: u32,
    paddr: u64,
    len: u64,
    used: u64,
    alive: u32,
}

impl Untyped {
    /// Where an object of `size` bytes would start.
    fn next(&self, size: u64) -> Option<u64> {
        let start = self.used.checked_next_multiple_of(size)?;
        let end = start.checked_add(size)?;
        // The base is aligned to the whole length, so an offset aligned within it is aligned in memory.
        (end <= self.len).then_some(start)
    }
}

/// The book of all Untypeds.
#[derive(Debug, Default)]
pub struct Untypeds {
    all: Vec<Untyped>,
}

impl Untypeds {
    /// Enters the Untyped in `slot`: 2^`bits` bytes at `paddr`.
    pub fn add(&mut self, slot: u32, paddr: u64, bits: u8) -> Result<(), UntypedError> {
        if self.all.len() == UNTYPEDS_MAX {
            return Err(UntypedError::TooMany);
        }
        let len = 1u64.checked_shl(bits.into()).ok_or(UntypedError::BadSize)?;
        if !paddr.is_multiple_of(len) || paddr.checked_add(len).is_none() {
            return Err(UntypedError::BadSize);
        }
        self.all.push(Untyped {
            slot,
            paddr,
            len,
            used: 0,
            alive: 0,
        });
        Ok(())
    }

    /// Sets 2^`bits` bytes aside.
    pub fn claim(&mut self, bits: u8) -> Result<Claim, UntypedError> {
        let size = 1u64.checked_shl(bits.into()).ok_or(UntypedError::BadSize)?;
        let fits = self.all.iter_mut().filter_map(|one| {
            let start = one.next(size)?;
            Some((start - one.used, one.len - start, start, one))
        });
        let best = fits.min_by_key(|(gap, left, ..)| (*gap, *left));
        let (_, _, start, untyped) = best.ok_or(UntypedError::Exhausted)?;
        untyped.used = start + size;
        untyped.alive += 1;
        Ok(Claim {
            slot: untyped.slot,
            paddr: untyped.paddr + start,
            bits,
        })
    }

    /// Notes that an object of the Untyped in `slot` is gone. With the last one all of its memory is free again.
    pub fn give(&mut self, slot: u32) -> Result<(), UntypedError> {
        let untyped = self
            .all
            .iter_mut()
            .find(|one| one.slot == slot && one.alive > 0)
            .ok_or(UntypedError::NotInUse)?;
        untyped.alive -= 1;
        if untyped.alive == 0 {
            untyped.used = 0;
        }
        Ok(())
    }

    /// Bytes that are left, gaps not counted.
    pub fn free_bytes(&self) -> u64 {
        self.all.iter().map(|one| one.len - one.used).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_one_that_wastes_least_serves() {
        let mut book = Untypeds::default();
        book.add(1, 1 << 20, 20).unwrap();
        book.add(2, 0x1000, 12).unwrap();
        assert_eq!(book.claim(12).unwrap().slot, 2);
        assert_eq!(book.claim(6).unwrap().slot, 1);
        let large = book.claim(12).unwrap();
        assert_eq!((large.slot, large.paddr), (1, (1 << 20) + 0x1000));
        assert_eq!(book.claim(20), Err(UntypedError::Exhausted));
        assert_eq!((book.give(1), book.give(1)), (Ok(()), Ok(())));
        assert_eq!(book.give(1), Err(UntypedError::NotInUse));
        assert_eq!(book.claim(20).unwrap().paddr, 1 << 20);
    }

    #[test]
    fn impossible_untypeds_are_refused() {
        let mut book = Untypeds::default();
        for (paddr, bits) in [(0x800, 12), (0, 64), (u64::MAX << 12, 12)] {
            assert_eq!(book.add(0, paddr, bits), Err(UntypedError::BadSize));
        }
        assert_eq!(book.claim(64), Err(UntypedError::BadSize));
        assert_eq!(book.claim(0), Err(UntypedError::Exhausted));
    }

    proptest! {
        #[test]
        fn claims_are_apart_aligned_and_inside(sizes in proptest::collection::vec(4u8..18, 1..60)) {
            let mut book = Untypeds::default();
            for (slot, bits) in [(0, 16), (1, 14), (2, 17)] {
                book.add(slot, u64::from(slot + 1) << 20, bits).unwrap();
            }
            let before = book.free_bytes();
            let mut claims: Vec<Claim> = Vec::new();
            for bits in sizes {
                if let Ok(claim) = book.claim(bits) {
                    let end = claim.paddr + (1 << bits);
                    let base = u64::from(claim.slot + 1) << 20;
                    prop_assert!(claim.paddr % (1 << bits) == 0 && claim.paddr >= base);
                    prop_assert!(end <= base + (1 << [16, 14, 17][claim.slot as usize]));
                    for other in &claims {
                        prop_assert!(end <= other.paddr || claim.paddr >= other.paddr + (1 << other.bits));
                    }
                    claims.push(claim);
                }
            }
            for claim in &claims {
                prop_assert_eq!(book.give(claim.slot), Ok(()));
            }
            prop_assert_eq!(book.free_bytes(), before);
        }
    }
}
