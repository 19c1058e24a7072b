//! The memory map that the kernel gets: the firmware's list merged with what the loader placed.
//!
//! Firmware lists are long (100 entries and more, with boot-time distinctions that mean nothing afterwards), may be
//! unsorted and, on bad firmware, overlap. [`merge`] cuts the address line at every boundary that any entry has, gives
//! each piece to the entry with the strongest claim, and joins equal neighbours.
//!
//! Claims, strongest first: what the loader placed; then whatever must not be touched; then free memory. So two entries
//! that disagree never make memory free that one of them says is in use.
//!
//! This runs after boot services have ended, when nothing can be allocated and no error can be reported: it needs only
//! the scratch space that it is given, cannot fail, and if the result has too many pieces it leaves out the smallest
//! free ones, which costs memory and nothing else.

use protocol::abi::boot_info::{Region, RegionKind};
use protocol::abi::layout::PAGE_SIZE;

/// One entry of the firmware's map, or one thing that the loader placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// First byte.
    pub base: u64,
    /// Bytes.
    pub len: u64,
    /// What it holds.
    pub kind: RegionKind,
}

impl Claim {
    /// The claim widened or, for free memory, narrowed to whole pages: `None` if nothing is left or it wraps around.
    fn pages(&self) -> Option<(u64, u64)> {
        let end = self.base.checked_add(self.len)?;
        let (start, end) = if self.kind == RegionKind::USABLE {
            (
                self.base.checked_next_multiple_of(PAGE_SIZE)?,
                end - end % PAGE_SIZE,
            )
        } else {
            (
                self.base - self.base % PAGE_SIZE,
                end.checked_next_multiple_of(PAGE_SIZE)?,
            )
        };
        (start < end).then_some((start, end))
    }
}

/// How strongly a kind claims an address against other kinds.
fn strength(kind: RegionKind) -> u8 {
    match kind {
        RegionKind::KERNEL | RegionKind::LOADER | RegionKind::ARCHIVE | RegionKind::INIT => 6,
        RegionKind::FRAMEBUFFER => 5,
        RegionKind::FIRMWARE => 4,
        RegionKind::ACPI => 3,
        RegionKind::MMIO => 2,
        RegionKind::USABLE => 0,
        // Reserved, and any kind this list does not know.
        _ => 1,
    }
}

/// Scratch words that [`merge`] needs for `claims` claims.
pub const fn scratch_len(claims: usize) -> usize {
    2 * claims
}

/// Merges `claims` into `regions` and returns how many entries it wrote.
///
/// The result is sorted by base, page-aligned and without overlaps; neighbours that touch have different kinds. Claims
/// for which `scratch` has no room (see [`scratch_len`]) still weigh against others but make no cuts of their own.
///
/// Bounded by claims² steps: about 20,000 for QEMU, a few milliseconds emulated.
pub fn merge(claims: &[Claim], scratch: &mut [u64], regions: &mut [Region]) -> usize {
    let cuts = sorted_cuts(claims, scratch);
    let mut count = 0_usize;
    for pair in cuts.windows(2) {
        let (base, end) = (pair[0], pair[1]);
        let Some(kind) = strongest(claims, base, end) else {
            continue;
        };
        let previous = count.checked_sub(1).and_then(|last| regions.get_mut(last));
        match previous {
            Some(last) if last.kind == kind && last.base + last.len == base => {
                last.len += end - base;
            }
            _ => {
                if count == regions.len() {
                    count = make_room(regions);
                }
                if let Some(slot) = regions.get_mut(count) {
                    *slot = Region {
                        base,
                        len: end - base,
                        kind,
                    };
                    count += 1;
                }
            }
        }
    }
    count
}

/// Fills `scratch` with every page boundary that a claim has, sorted and without repetition.
fn sorted_cuts<'s>(claims: &[Claim], scratch: &'s mut [u64]) -> &'s [u64] {
    let mut len = 0;
    for (start, end) in claims.iter().filter_map(Claim::pages) {
        if let Some(slots) = scratch.get_mut(len..len + 2) {
            slots.copy_from_slice(&[start, end]);
            len += 2;
        }
    }
    let cuts = &mut scratch[..len];
    cuts.sort_unstable();
    let mut kept = 0;
    for index in 0..cuts.len() {
        if index == 0 || cuts[index] != cuts[kept - 1] {
            cuts[kept] = cuts[index];
            kept += 1;
        }
    }
    &cuts[..kept]
}

/// The kind with the strongest claim on `base..end`, a piece that no claim's boundary divides.
fn strongest(claims: &[Claim], base: u64, end: u64) -> Option<RegionKind> {
    claims
        .iter()
        .filter(|claim| {
            claim
                .pages()
                .is_some_and(|(start, stop)| start <= base && end <= stop)
        })
        .map(|claim| claim.kind)
        .max_by_key(|&kind| strength(kind))
}

/// Removes the smallest region of the weakest kind from a full list and returns the new count.
fn make_room(regions: &mut [Region]) -> usize {
    let weakest = (0..regions.len())
        .min_by_key(|&index| (strength(regions[index].kind), regions[index].len))
        .unwrap_or(0);
    if !regions.is_empty() {
        regions.copy_within(weakest + 1.., weakest);
    }
    regions.len().saturating_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(base: u64, end: u64, kind: RegionKind) -> Claim {
        Claim {
            base,
            len: end - base,
            kind,
        }
    }

    fn merged(claims: &[Claim], limit: usize) -> Vec<Region> {
        let mut scratch = vec![0; scratch_len(claims.len())];
        let mut regions = vec![
            Region {
                base: 0,
                len: 0,
                kind: RegionKind::RESERVED
            };
            limit
        ];
        let count = merge(claims, &mut scratch, &mut regions);
        regions.truncate(count);
        regions
    }

    fn region(base: u64, end: u64, kind: RegionKind) -> Region {
        Region {
            base,
            len: end - base,
            kind,
        }
    }

    #[test]
    fn equal_neighbours_join_and_order_does_not_matter() {
        let claims = [
            claim(0x5000, 0x9000, RegionKind::USABLE),
            claim(0x1000, 0x3000, RegionKind::USABLE),
            claim(0x9000, 0xa000, RegionKind::ACPI),
            claim(0x3000, 0x5000, RegionKind::USABLE),
        ];
        let expected = [
            region(0x1000, 0x9000, RegionKind::USABLE),
            region(0x9000, 0xa000, RegionKind::ACPI),
        ];
        assert_eq!(merged(&claims, 8), expected);
    }

    #[test]
    fn what_the_loader_placed_cuts_free_memory_in_two() {
        let claims = [
            claim(0x0, 0x10_000, RegionKind::USABLE),
            claim(0x4000, 0x6000, RegionKind::KERNEL),
            claim(0x6000, 0x7000, RegionKind::LOADER),
        ];
        let expected = [
            region(0x0, 0x4000, RegionKind::USABLE),
            region(0x4000, 0x6000, RegionKind::KERNEL),
            region(0x6000, 0x7000, RegionKind::LOADER),
            region(0x7000, 0x10_000, RegionKind::USABLE),
        ];
        assert_eq!(merged(&claims, 8), expected);
    }

    #[test]
    fn overlapping_firmware_entries_never_free_what_one_calls_in_use() {
        let claims = [
            claim(0x1000, 0x8000, RegionKind::RESERVED),
            claim(0x4000, 0xc000, RegionKind::USABLE),
            claim(0x7000, 0x9000, RegionKind::FIRMWARE),
        ];
        let expected = [
            region(0x1000, 0x7000, RegionKind::RESERVED),
            region(0x7000, 0x9000, RegionKind::FIRMWARE),
            region(0x9000, 0xc000, RegionKind::USABLE),
        ];
        assert_eq!(merged(&claims, 8), expected);
    }

    #[test]
    fn odd_addresses_shrink_free_memory_and_widen_the_rest() {
        let claims = [
            claim(0x1001, 0x3fff, RegionKind::USABLE),
            claim(0x5001, 0x5002, RegionKind::ACPI),
            claim(0x8001, 0x8fff, RegionKind::USABLE),
        ];
        let expected = [
            region(0x2000, 0x3000, RegionKind::USABLE),
            region(0x5000, 0x6000, RegionKind::ACPI),
        ];
        assert_eq!(merged(&claims, 8), expected);
    }

    #[test]
    fn wrapping_and_empty_entries_vanish() {
        let claims = [
            Claim {
                base: u64::MAX - 4095,
                len: 8192,
                kind: RegionKind::RESERVED,
            },
            Claim {
                base: 0x1000,
                len: 0,
                kind: RegionKind::USABLE,
            },
        ];
        assert_eq!(merged(&claims, 8), []);
    }

    #[test]
    fn a_full_list_gives_up_the_smallest_free_pieces() {
        let mut claims = vec![claim(0x100_0000, 0x200_0000, RegionKind::KERNEL)];
        for n in 0..20u64 {
            let base = n * 0x10_0000;
            claims.push(claim(base, base + (n + 1) * 0x1000, RegionKind::USABLE));
        }
        let regions = merged(&claims, 8);
        // Neither the kernel nor the largest free pieces are given up.
        assert!(regions.contains(&region(0x100_0000, 0x200_0000, RegionKind::KERNEL)));
        assert!(regions.contains(&claim_region(&claims[16])));
        assert!(regions.is_sorted_by_key(|region| region.base));
        assert!(regions.len() <= 8);
    }

    fn claim_region(claim: &Claim) -> Region {
        Region {
            base: claim.base,
            len: claim.len,
            kind: claim.kind,
        }
    }
}
