//! The capability list: what a device offers beyond the header (PCI 3.0, 6.7), and the two kinds that drivers here use.
//!
//! The list is linked by offsets that the device chooses. [`walk`] stops after [`CAPABILITIES_MAX`] entries, which is as
//! many as fit, so a list that bites its tail ends too.

use crate::bar::{Bar, Space};
use crate::config::{Address, Config};

/// Capabilities of 4 bytes that fit between the header and the end of the first 256 bytes.
pub const CAPABILITIES_MAX: usize = 48;
/// The MSI-X capability's number.
const MSIX: u8 = 0x11;
/// The vendor-specific capability's number, which virtio uses.
const VENDOR: u8 = 0x09;

/// An entry of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capability {
    /// Its kind.
    pub id: u8,
    /// Where it is, a multiple of 4 from 0x40 on.
    pub offset: u16,
}

/// A part of a device's range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    /// Number of the base address register.
    pub bar: u8,
    /// Bytes from the range's start.
    pub offset: u64,
    /// Bytes.
    pub len: u64,
}

/// The MSI-X tables of a device (PCI 3.0, 6.8.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Msix {
    /// Offset of the capability.
    pub offset: u16,
    /// Entries, 1 to 2048.
    pub vectors: u16,
    /// The vectors, 16 bytes each.
    pub table: Region,
    /// The pending bits.
    pub pending: Region,
}

/// A structure of a virtio device (virtio 1.2, 4.1.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Virtio {
    /// 1 common, 2 notification, 3 ISR, 4 device, 5 through configuration space.
    pub kind: u8,
    /// Where it is.
    pub region: Region,
    /// For notification: bytes between the queues' doorbells.
    pub notify_multiplier: Option<u32>,
}

/// The capabilities of the function at `at`, in the device's order.
pub fn walk<C: Config>(config: &C, at: Address) -> impl Iterator<Item = Capability> {
    // Status register, bit 4: there is a list.
    let has_list = config.read(at, 0x04) >> 16 & 0x10 != 0;
    let first = if has_list {
        config.read(at, 0x34) as u8
    } else {
        0
    };
    let mut next = u16::from(first & !3);
    core::iter::from_fn(move || {
        if next < 0x40 {
            return None;
        }
        let offset = next;
        let word = config.read(at, offset);
        // All ones: the device is gone.
        if word == u32::MAX {
            return None;
        }
        next = u16::from((word >> 8) as u8 & !3);
        Some(Capability {
            id: word as u8,
            offset,
        })
    })
    .take(CAPABILITIES_MAX)
}

/// The MSI-X tables of the function at `at`, if both lie inside its `bars`.
pub fn msix(config: &impl Config, at: Address, bars: &[Bar]) -> Option<Msix> {
    let found = walk(config, at).find(|one| one.id == MSIX && one.offset <= 0xf4)?;
    let vectors = (config.read(at, found.offset) >> 16 & 0x7ff) as u16 + 1;
    let region = |offset: u16, len: u64| {
        let word = config.read(at, offset);
        let region = Region {
            bar: word as u8 & 7,
            offset: u64::from(word & !7),
            len,
        };
        is_inside(&region, bars).then_some(region)
    };
    Some(Msix {
        offset: found.offset,
        vectors,
        table: region(found.offset + 4, u64::from(vectors) * 16)?,
        pending: region(found.offset + 8, u64::from(vectors).div_ceil(64) * 8)?,
    })
}

/// The virtio structures of the function at `at` that lie inside its `bars`, the device's preferred ones first.
pub fn virtio<C: Config>(config: &C, at: Address, bars: &[Bar]) -> impl Iterator<Item = Virtio> {
    walk(config, at)
        .filter(|one| one.id == VENDOR && one.offset <= 0xf0)
        .filter_map(move |one| {
            let head = config.read(at, one.offset);
            let (len, kind) = ((head >> 16) as u8, (head >> 24) as u8);
            let needed = if kind == 2 { 20 } else { 16 };
            if len < needed || u16::from(len) > 256 - one.offset || !(1..=4).contains(&kind) {
                return None;
            }
            let region = Region {
                bar: config.read(at, one.offset + 4) as u8,
                offset: config.read(at, one.offset + 8).into(),
                len: config.read(at, one.offset + 12).into(),
            };
            let multiplier = || config.read(at, one.offset + 16);
            is_inside(&region, bars).then(|| Virtio {
                kind,
                region,
                notify_multiplier: (kind == 2).then(multiplier),
            })
        })
}

/// Whether the region is not empty and in a memory range that the device has.
fn is_inside(region: &Region, bars: &[Bar]) -> bool {
    let is_memory = |bar: &&Bar| matches!(bar.space, Space::Memory { .. });
    let bar = bars
        .iter()
        .filter(is_memory)
        .find(|bar| bar.index == region.bar);
    let end = region.offset.checked_add(region.len);
    region.len != 0 && bar.is_some_and(|bar| end.is_some_and(|end| end <= bar.len))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::tests::{AT, Fake, Stuck};
    use proptest::prelude::*;

    const BARS: [Bar; 1] = [Bar {
        index: 4,
        space: Space::Memory {
            is_64: true,
            is_prefetchable: true,
        },
        base: 0xfe00_0000,
        len: 0x4000,
    }];

    /// As QEMU's virtio devices have it, shortened.
    fn device() -> Fake {
        Fake::with(&[
            (0x04, 0x0010_0000),
            (0x34, 0x40),
            (0x40, 0x0003_5011),
            (0x44, 0x0000_2004),
            (0x48, 0x0000_2804),
            (0x50, 0x0114_6409),
            (0x54, 4),
            (0x58, 0),
            (0x5c, 0x1000),
            (0x64, 0x0214_0009),
            (0x68, 4),
            (0x6c, 0x3000),
            (0x70, 0x1000),
            (0x74, 4),
        ])
    }

    #[test]
    fn the_structures_of_a_virtio_device_are_found() {
        let fake = device();
        let msix = msix(&fake, AT, &BARS).unwrap();
        assert_eq!(
            (msix.vectors, msix.table.offset, msix.table.len),
            (4, 0x2000, 64)
        );
        assert_eq!((msix.pending.offset, msix.pending.len), (0x2800, 8));
        let found: Vec<Virtio> = virtio(&fake, AT, &BARS).collect();
        assert_eq!((found[0].kind, found[0].notify_multiplier), (1, None));
        assert_eq!(
            (found[1].region.offset, found[1].notify_multiplier),
            (0x3000, Some(4))
        );
    }

    #[test]
    fn structures_outside_the_ranges_are_left_out() {
        for (offset, word) in [
            (0x44, 0x0000_4004),
            (0x48, 0x0000_2005),
            (0x44, 0xffff_fffc),
        ] {
            let mut fake = device();
            fake.put(AT, offset, word);
            assert_eq!(msix(&fake, AT, &BARS), None);
        }
        for (offset, word) in [
            (0x5c, 0x4001),
            (0x5c, 0),
            (0x58, u32::MAX),
            (0x54, 9),
            (0x50, 0x0104_6409),
        ] {
            let mut fake = device();
            fake.put(AT, offset, word);
            assert_eq!(virtio(&fake, AT, &BARS).count(), 1, "{offset:#x}");
        }
        assert_eq!(virtio(&device(), AT, &[]).count(), 0);
    }

    #[test]
    fn a_list_that_bites_its_tail_ends() {
        let mut fake = device();
        fake.put(AT, 0x64, 0x0214_4009);
        assert_eq!(walk(&fake, AT).count(), CAPABILITIES_MAX);
        fake.put(AT, 0x34, 0x20);
        assert_eq!(walk(&fake, AT).count(), 0);
        fake.put(AT, 0x04, 0);
        fake.put(AT, 0x34, 0x40);
        assert_eq!(walk(&fake, AT).count(), 0);
        for word in [u32::MAX, 0x1011_fc11, 0x0909_0909, 0xf0f0_f009] {
            let _bounded = msix(&Stuck(word), AT, &BARS);
            assert!(virtio(&Stuck(word), AT, &BARS).count() <= CAPABILITIES_MAX);
        }
    }

    proptest! {
        #[test]
        fn no_content_panics_or_leaves_the_ranges(words in proptest::collection::vec(any::<u32>(), 64)) {
            let words: Vec<(u16, u32)> = words.iter().enumerate().map(|(n, word)| (4 * n as u16, *word)).collect();
            let mut fake = Fake::with(&words);
            let status = fake.words[&(AT, 4)] | 0x0010_0000;
            fake.put(AT, 4, status);
            for found in virtio(&fake, AT, &BARS) {
                prop_assert!(found.region.offset + found.region.len <= 0x4000);
            }
            if let Some(found) = msix(&fake, AT, &BARS) {
                prop_assert!(found.table.offset + found.table.len <= 0x4000);
            }
        }
    }
}
