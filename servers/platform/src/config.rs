//! PCI configuration space as a trait, and the devices in it.
//!
//! All 256 buses are tried rather than following bridges: a bridge's bus numbers are a claim, a walk over them needs a
//! bound anyway, and 8192 reads at start are cheap.

use alloc::vec::Vec;

/// Devices at most; a machine with more shows the first ones.
pub const DEVICES_MAX: usize = 256;

/// Bus, device, function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Address {
    /// Bus.
    pub bus: u8,
    /// Device, below 32.
    pub device: u8,
    /// Function, below 8.
    pub function: u8,
}

/// Access to configuration space. A read of what does not exist gives all ones, as on the wire.
pub trait Config {
    /// Reads the 32 bits at `offset`, a multiple of 4 below 4096.
    fn read(&self, address: Address, offset: u16) -> u32;
    /// Writes the 32 bits at `offset`, a multiple of 4 below 4096.
    fn write(&mut self, address: Address, offset: u16, value: u32);
}

/// A function that answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Device {
    /// Where.
    pub address: Address,
    /// Vendor.
    pub vendor: u16,
    /// Device, by the vendor's numbers.
    pub device: u16,
    /// Class code: class, subclass and programming interface, from bit 23 down.
    pub class: u32,
    /// Header layout, without the multi-function bit: 0 for devices, 1 for bridges.
    pub header: u8,
    /// The interrupt pin, 1 to 4; `None` without one.
    pub interrupt_pin: Option<u8>,
}

/// Finds the functions that answer, in order of address.
pub fn enumerate(config: &impl Config) -> Vec<Device> {
    let mut found = Vec::new();
    for bus in 0..=u8::MAX {
        for device in 0..32 {
            let first = Address {
                bus,
                device,
                function: 0,
            };
            // PCI 3.0, 6.1: function 0 is always there, and its header says whether there are more.
            let Some(one) = probe(config, first) else {
                continue;
            };
            found.push(one);
            let is_multi = config.read(first, 0x0c) & 0x0080_0000 != 0;
            let functions = if is_multi { 1..8 } else { 1..1 };
            found.extend(
                functions.filter_map(|function| probe(config, Address { function, ..first })),
            );
            if found.len() >= DEVICES_MAX {
                found.truncate(DEVICES_MAX);
                return found;
            }
        }
    }
    found
}

fn probe(config: &impl Config, address: Address) -> Option<Device> {
    let id = config.read(address, 0);
    // 0xffff: nobody there; 0: seen on broken bridges, assigned to nobody.
    if matches!(id as u16, 0 | 0xffff) {
        return None;
    }
    let pin = (config.read(address, 0x3c) >> 8) as u8;
    Some(Device {
        address,
        vendor: id as u16,
        device: (id >> 16) as u16,
        class: config.read(address, 0x08) >> 8,
        header: (config.read(address, 0x0c) >> 16) as u8 & 0x7f,
        interrupt_pin: matches!(pin, 1..=4).then_some(pin),
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::collections::BTreeMap;

    /// Functions as words, with a mask of the bits that can be written.
    #[derive(Default)]
    pub(crate) struct Fake {
        pub words: BTreeMap<(Address, u16), u32>,
        pub writable: BTreeMap<(Address, u16), u32>,
    }

    pub(crate) const AT: Address = Address {
        bus: 0,
        device: 3,
        function: 0,
    };

    impl Fake {
        pub(crate) fn with(words: &[(u16, u32)]) -> Self {
            let mut fake = Self::default();
            fake.put(AT, 0, 0x1052_1af4);
            for &(offset, word) in words {
                fake.put(AT, offset, word);
            }
            fake
        }

        pub(crate) fn put(&mut self, at: Address, offset: u16, word: u32) {
            self.words.insert((at, offset), word);
        }
    }

    impl Config for Fake {
        fn read(&self, address: Address, offset: u16) -> u32 {
            assert!(offset.is_multiple_of(4) && offset < 4096);
            let absent = if self.words.contains_key(&(address, 0)) {
                0
            } else {
                u32::MAX
            };
            self.words
                .get(&(address, offset))
                .copied()
                .unwrap_or(absent)
        }

        fn write(&mut self, address: Address, offset: u16, value: u32) {
            let mask = self.writable.get(&(address, offset)).copied().unwrap_or(0);
            let old = self.read(address, offset);
            self.words
                .insert((address, offset), old & !mask | value & mask);
        }
    }

    /// Answers everything with the same word.
    pub(crate) struct Stuck(pub u32);

    impl Config for Stuck {
        fn read(&self, _: Address, _: u16) -> u32 {
            self.0
        }

        fn write(&mut self, _: Address, _: u16, _: u32) {}
    }

    #[test]
    fn functions_are_found_where_the_header_allows_them() {
        let mut fake = Fake::with(&[(0x08, 0x0900_0001), (0x3c, 0x0100)]);
        let second = Address { function: 2, ..AT };
        let far = Address {
            bus: 255,
            device: 31,
            function: 0,
        };
        fake.put(second, 0, 0x2222_1111);
        fake.put(far, 0, 0x4444_3333);
        fake.put(far, 0x0c, 0x0001_0000);
        let addresses = |fake: &Fake| {
            enumerate(fake)
                .iter()
                .map(|one| one.address)
                .collect::<Vec<_>>()
        };
        assert_eq!(addresses(&fake), [AT, far]);
        fake.put(AT, 0x0c, 0x0080_0000);
        assert_eq!(addresses(&fake), [AT, second, far]);
        let all = enumerate(&fake);
        assert_eq!(
            (all[0].vendor, all[0].device, all[0].class),
            (0x1af4, 0x1052, 0x09_0000)
        );
        assert_eq!(
            (all[0].header, all[0].interrupt_pin, all[2].header),
            (0, Some(1), 1)
        );
    }

    #[test]
    fn a_space_that_always_answers_is_bounded() {
        assert_eq!(enumerate(&Stuck(0x0080_0001)).len(), DEVICES_MAX);
        assert!(enumerate(&Stuck(u32::MAX)).is_empty());
        assert!(enumerate(&Stuck(0)).is_empty());
    }
}
