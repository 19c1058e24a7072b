//! Base address registers: where a device's memory and ports are, and how large (PCI 3.0, 6.2.5.1).
//!
//! A register's size is found by writing ones and reading which bits stuck. While that is done the device must not decode
//! addresses, so memory and I/O decoding are switched off in its command register and restored, and so is each register.

use alloc::vec::Vec;

use crate::config::{Address, Config, Device};

/// The command register's bits for I/O and memory decoding.
const DECODE: u32 = 0b11;

/// What a base address register describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Space {
    /// I/O ports.
    Port,
    /// Memory; 64-bit ones take two registers.
    Memory {
        /// The address has 64 bits.
        is_64: bool,
        /// Reads have no effects.
        is_prefetchable: bool,
    },
}

/// A range that a device decodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bar {
    /// Number of its (first) register.
    pub index: u8,
    /// What it is in.
    pub space: Space,
    /// First address, as firmware set it.
    pub base: u64,
    /// Bytes, a power of two.
    pub len: u64,
}

/// The ranges of `device`. Registers that make no sense are left out.
pub fn read(config: &mut impl Config, device: &Device) -> Vec<Bar> {
    let count = match device.header {
        0 => 6,
        1 => 2,
        _ => 0,
    };
    let at = device.address;
    // The upper half is the status register, whose bits are cleared by writing ones: zeros leave it alone.
    let command = config.read(at, 0x04) & 0xffff;
    config.write(at, 0x04, command & !DECODE);
    let mut bars = Vec::new();
    let mut index = 0;
    while index < count {
        let (bar, registers) = read_one(config, at, index, count);
        bars.extend(bar);
        index += registers;
    }
    config.write(at, 0x04, command);
    bars
}

/// The range at register `index` and how many registers it takes.
fn read_one(config: &mut impl Config, at: Address, index: u8, count: u8) -> (Option<Bar>, u8) {
    let offset = 0x10 + u16::from(index) * 4;
    let (low, low_mask) = probe(config, at, offset);
    if low & 1 != 0 {
        let mask = u64::from(low_mask & 0xffff_fffc);
        // Devices may leave the upper half of an I/O register hard-wired to zero.
        let mask = if mask >> 16 == 0 {
            mask | 0xffff_0000
        } else {
            mask
        };
        let base = u64::from(low & 0xffff_fffc);
        let usable = low_mask & 0xfffc != 0;
        let bar = if usable {
            sized(index, Space::Port, base, mask | !0xffff_ffff)
        } else {
            None
        };
        return (bar, 1);
    }
    let is_64 = low >> 1 & 3 == 2;
    let space = Space::Memory {
        is_64,
        is_prefetchable: low & 8 != 0,
    };
    let (base, mask) = (u64::from(low & !0xf), u64::from(low_mask & !0xf));
    if !is_64 {
        let bar = if mask == 0 {
            None
        } else {
            sized(index, space, base, mask | !0xffff_ffff)
        };
        return (bar, 1);
    }
    if index + 1 >= count {
        // A 64-bit range in the last register has no place for its upper half.
        return (None, 1);
    }
    let (high, high_mask) = probe(config, at, offset + 4);
    let base = base | u64::from(high) << 32;
    (
        sized(index, space, base, mask | u64::from(high_mask) << 32),
        2,
    )
}

/// The register's value and what it reads after ones were written.
fn probe(config: &mut impl Config, at: Address, offset: u16) -> (u32, u32) {
    let value = config.read(at, offset);
    config.write(at, offset, u32::MAX);
    let mask = config.read(at, offset);
    config.write(at, offset, value);
    (value, mask)
}

/// The range of a register whose address bits in `mask` can be set; `None` unless these are the upper ones in one run and
/// the base is aligned to the size.
fn sized(index: u8, space: Space, base: u64, mask: u64) -> Option<Bar> {
    let len = mask.wrapping_neg();
    let is_sound = mask != 0 && len.is_power_of_two() && base & (len - 1) == 0;
    (is_sound && base.checked_add(len).is_some()).then_some(Bar {
        index,
        space,
        base,
        len,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::enumerate;
    use crate::config::tests::{AT, Fake, Stuck};
    use proptest::prelude::*;

    fn bars(words: &[(u16, u32, u32)]) -> (Vec<Bar>, Fake) {
        let mut fake = Fake::with(&[(0x04, 7)]);
        fake.writable.insert((AT, 0x04), 0x7);
        for &(offset, word, writable) in words {
            fake.put(AT, offset, word);
            fake.writable.insert((AT, offset), writable);
        }
        let device = enumerate(&fake)[0];
        let before = fake.words.clone();
        let bars = read(&mut fake, &device);
        for (at, word) in before {
            assert_eq!(fake.words[&at], word, "restored");
        }
        (bars, fake)
    }

    #[test]
    fn each_kind_is_sized_and_left_as_it_was() {
        let (found, _) = bars(&[
            (0x10, 0xc001, 0xffff_ffe0),
            (0x14, 0xfebd_0000, 0xffff_f000),
            (0x20, 0x0000_000c, 0xffff_c000),
            (0x24, 0x0000_00fe, 0xffff_ffff),
        ]);
        let memory = |is_64| Space::Memory {
            is_64,
            is_prefetchable: is_64,
        };
        let expected = [
            Bar {
                index: 0,
                space: Space::Port,
                base: 0xc000,
                len: 0x20,
            },
            Bar {
                index: 1,
                space: memory(false),
                base: 0xfebd_0000,
                len: 0x1000,
            },
            Bar {
                index: 4,
                space: memory(true),
                base: 0xfe_0000_0000,
                len: 0x4000,
            },
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn registers_without_sense_are_left_out() {
        // Holes in the mask; a base that is not aligned; 64 bits in the last register.
        let (found, _) = bars(&[
            (0x10, 0, 0xff0f_0000),
            (0x14, 0x0000_1000, 0xffff_0000),
            (0x24, 0x4, 0xffff_f000),
        ]);
        assert_eq!(found, []);
        for word in [0, 1, 4, u32::MAX] {
            let mut stuck = Stuck(word);
            let device = enumerate(&Fake::with(&[]))[0];
            for bar in read(&mut stuck, &device) {
                assert!(bar.len.is_power_of_two());
            }
        }
    }

    proptest! {
        #[test]
        fn ranges_are_powers_of_two_and_aligned(words in proptest::collection::vec((any::<u32>(), any::<u32>()), 6)) {
            let words: Vec<_> = words.iter().enumerate().map(|(n, (word, mask))| (0x10 + 4 * n as u16, *word, *mask)).collect();
            for bar in bars(&words).0 {
                prop_assert!(bar.len.is_power_of_two() && bar.base % bar.len == 0);
            }
        }
    }
}
