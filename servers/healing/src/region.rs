//! Addresses of the code region: runs of pages with an unmapped guard page after each.
//!
//! The search goes on where the last one ended and wraps at the end, so an address comes back as late as possible: a stale
//! pointer into reclaimed code most likely faults. Runs are kept in a sorted map; a search costs one step a run in use.
//!
//! Invariants: (1) runs in use never overlap and never touch; (2) a run is inside the region; (3) what is in use was
//! reserved and not released.

use alloc::collections::BTreeMap;
use core::ops::Range;

use protocol::abi::layout::{CODE_REGION_BASE, CODE_REGION_SIZE, PAGE_SIZE};

/// Pages of the region.
pub const REGION_PAGES: u32 = (CODE_REGION_SIZE / PAGE_SIZE) as u32;
/// Unmapped pages after each run: running off the end of a body faults.
pub const GUARD_PAGES: u32 = 1;
/// Runs in use at most: bounds the search and this server's memory (about 16 bytes each).
pub const RUNS_MAX: usize = 16 << 10;

/// Why no run was set aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegionError {
    /// A run of no pages, or of more than the region has.
    BadLength,
    /// No gap is long enough.
    Full,
    /// [`RUNS_MAX`] runs are in use.
    TooManyRuns,
    /// The run to release is not in use as it stands.
    NotReserved,
}

/// Pages of the region that lie together, numbered from its start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageRun {
    first: u32,
    pages: u32,
}

impl PageRun {
    /// Address of its first byte.
    pub fn base(self) -> u64 {
        CODE_REGION_BASE + u64::from(self.first) * PAGE_SIZE
    }

    /// Pages in it.
    pub fn pages(self) -> u32 {
        self.pages
    }

    /// Bytes in it.
    pub fn len_bytes(self) -> u64 {
        u64::from(self.pages) * PAGE_SIZE
    }

    /// The addresses in it.
    pub fn addresses(self) -> Range<u64> {
        self.base()..self.base() + self.len_bytes()
    }
}

/// The allocator of the code region's addresses.
#[derive(Debug, Default)]
pub struct CodeRegion {
    /// Length by first page.
    runs: BTreeMap<u32, u32>,
    /// Where the next search starts.
    cursor: u32,
}

impl CodeRegion {
    /// A region with nothing in use.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets `pages` pages aside.
    pub fn reserve(&mut self, pages: u32) -> Result<PageRun, RegionError> {
        if pages == 0 || pages > REGION_PAGES - GUARD_PAGES {
            return Err(RegionError::BadLength);
        }
        if self.runs.len() == RUNS_MAX {
            return Err(RegionError::TooManyRuns);
        }
        let needed = pages + GUARD_PAGES;
        let first = self
            .gap(self.cursor, needed)
            .or_else(|| self.gap(0, needed))
            .ok_or(RegionError::Full)?;
        self.runs.insert(first, pages);
        self.cursor = first + needed;
        Ok(PageRun { first, pages })
    }

    /// Gives `run` back. Nothing may be mapped there any more.
    pub fn release(&mut self, run: PageRun) -> Result<(), RegionError> {
        match self.runs.get(&run.first) {
            Some(&pages) if pages == run.pages => {
                self.runs.remove(&run.first);
                Ok(())
            }
            _ => Err(RegionError::NotReserved),
        }
    }

    /// Runs in use.
    pub fn runs_in_use(&self) -> usize {
        self.runs.len()
    }

    /// The lowest start at or after `from` of `needed` pages that touch no run and no guard.
    fn gap(&self, from: u32, needed: u32) -> Option<u32> {
        let before = self.runs.range(..from).next_back();
        let mut start = before.map_or(from, |(&first, &pages)| {
            from.max(first + pages + GUARD_PAGES)
        });
        for (&first, &pages) in self.runs.range(from..) {
            if first >= start && first - start >= needed {
                return Some(start);
            }
            start = start.max(first + pages + GUARD_PAGES);
        }
        (start <= REGION_PAGES && REGION_PAGES - start >= needed).then_some(start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lengths_that_cannot_be_are_refused() {
        let mut region = CodeRegion::new();
        for pages in [0, REGION_PAGES, u32::MAX] {
            assert_eq!(region.reserve(pages), Err(RegionError::BadLength));
        }
        let all = region.reserve(REGION_PAGES - 1).unwrap();
        assert_eq!(all.base(), CODE_REGION_BASE);
        assert_eq!(region.reserve(1), Err(RegionError::Full));
        region.release(all).unwrap();
        assert_eq!(region.release(all), Err(RegionError::NotReserved));
    }

    #[test]
    fn a_released_address_comes_back_last() {
        let mut region = CodeRegion::new();
        let first = region.reserve(4096).unwrap();
        region.release(first).unwrap();
        let mut runs = 0;
        while region.reserve(4096).unwrap().base() != first.base() {
            runs += 1;
        }
        assert!(runs >= 62, "{runs}");
    }

    proptest! {
        #[test]
        fn runs_stay_apart(ops in proptest::collection::vec((0u32..40_000, any::<bool>(), any::<usize>()), 1..200)) {
            let mut region = CodeRegion::new();
            let mut live: Vec<PageRun> = Vec::new();
            for (pages, release, pick) in ops {
                if release && !live.is_empty() {
                    let run = live.swap_remove(pick % live.len());
                    prop_assert_eq!(region.release(run), Ok(()));
                } else if let Ok(run) = region.reserve(pages) {
                    prop_assert!(run.first + run.pages + GUARD_PAGES <= REGION_PAGES);
                    for other in &live {
                        prop_assert!(run.first >= other.first + other.pages + GUARD_PAGES
                            || other.first >= run.first + run.pages + GUARD_PAGES);
                    }
                    live.push(run);
                }
                prop_assert_eq!(region.runs_in_use(), live.len());
            }
        }
    }
}
