//! Free slots of a CSpace: one bit each.
//!
//! The lowest free slot is given first, so that the table stays dense and a small CSpace lasts. Whoever empties a slot by a
//! system call gives it back here; the two must agree, and an attempt to give back a free slot is reported.

use alloc::vec;
use alloc::vec::Vec;

/// Slots that one allocator covers at most: the largest CSpace.
pub const SLOTS_MAX: u32 = 1 << 16;

/// Why a slot was not taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlotError {
    /// It is not one of this allocator's.
    OutOfRange(u32),
    /// It is free already, which means that two believe to own it.
    AlreadyFree(u32),
}

/// The slots from `first` on.
#[derive(Debug)]
pub struct Slots {
    first: u32,
    count: u32,
    free: u32,
    /// Set: in use. Bits past `count` are set for good.
    used: Vec<u64>,
    /// Words before this one have no free bit.
    lowest: usize,
}

impl Slots {
    /// All of `count` slots from `first` on, free; at most [`SLOTS_MAX`], more are left out.
    pub fn new(first: u32, count: u32) -> Self {
        let count = count.min(SLOTS_MAX).min(u32::MAX - first);
        let mut used = vec![0u64; count.div_ceil(64) as usize];
        if let Some(last) = used.last_mut()
            && !count.is_multiple_of(64)
        {
            *last = u64::MAX << (count % 64);
        }
        Self {
            first,
            count,
            free: count,
            used,
            lowest: 0,
        }
    }

    /// Takes the lowest free slot, if there is one.
    pub fn take(&mut self) -> Option<u32> {
        let words = self.used.iter_mut().enumerate().skip(self.lowest);
        for (index, word) in words {
            if *word != u64::MAX {
                let bit = word.trailing_ones();
                *word |= 1 << bit;
                self.lowest = index;
                self.free -= 1;
                return Some(self.first + index as u32 * 64 + bit);
            }
        }
        self.lowest = self.used.len();
        None
    }

    /// Takes `slot` back.
    pub fn give(&mut self, slot: u32) -> Result<(), SlotError> {
        let position = slot
            .checked_sub(self.first)
            .filter(|&position| position < self.count)
            .ok_or(SlotError::OutOfRange(slot))?;
        let (index, mask) = (position as usize / 64, 1u64 << (position % 64));
        if self.used[index] & mask == 0 {
            return Err(SlotError::AlreadyFree(slot));
        }
        self.used[index] &= !mask;
        self.lowest = self.lowest.min(index);
        self.free += 1;
        Ok(())
    }

    /// Free slots.
    pub fn free(&self) -> u32 {
        self.free
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    #[test]
    fn slots_that_are_not_ours_are_refused() {
        let mut slots = Slots::new(100, 70);
        assert_eq!(slots.give(99), Err(SlotError::OutOfRange(99)));
        assert_eq!(slots.give(170), Err(SlotError::OutOfRange(170)));
        assert_eq!(slots.give(169), Err(SlotError::AlreadyFree(169)));
        assert_eq!(Slots::new(0, 0).take(), None);
        assert_eq!(Slots::new(u32::MAX, u32::MAX).free(), 0);
    }

    proptest! {
        #[test]
        fn the_lowest_free_slot_comes_first(
            count in 0u32..200, ops in proptest::collection::vec((any::<bool>(), 0u32..220), 1..300),
        ) {
            let mut slots = Slots::new(10, count);
            let mut model: BTreeSet<u32> = (10..10 + count).collect();
            for (is_take, slot) in ops {
                if is_take {
                    prop_assert_eq!(slots.take(), model.pop_first());
                } else {
                    let is_used = (10..10 + count).contains(&slot) && !model.contains(&slot);
                    prop_assert_eq!(slots.give(slot).is_ok(), is_used);
                    if is_used {
                        model.insert(slot);
                    }
                }
                prop_assert_eq!(slots.free() as usize, model.len());
            }
        }
    }
}
