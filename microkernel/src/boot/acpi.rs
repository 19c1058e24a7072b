//! What the kernel needs from ACPI: the cores and the interrupt controllers (MADT; ACPI 6.5, 5.2.12).
//!
//! Everything else in ACPI is left to the platform server. The tables are firmware's claims: every length is checked
//! against what is mapped, a table with a wrong checksum is refused, and a record that is cut short ends its table.
//!
//! Decided against: the `acpi` crate here. Its `Handler` demands thirty functions (port I/O, PCI, mutexes, sleeping)
//! of which this one table needs none, and it reads tables through references whose lengths the table states itself.

use core::fmt;

/// The most cores that are listed.
pub const CORES_MAX: usize = 64;
/// The most I/O interrupt controllers.
pub const IO_APICS_MAX: usize = 8;
/// The legacy interrupts.
pub const ISA_IRQS: usize = 16;

/// The most tables that the root table may list; firmware has about ten, big servers a hundred.
const TABLES_MAX: usize = 256;
const HEADER_LEN: usize = 36;
/// No table that is read here comes near this.
const TABLE_LEN_MAX: usize = 1 << 20;
const MADT_RECORDS: usize = 44;

/// Why the tables cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The firmware has no root pointer, or it lies outside memory.
    NoRootPointer,
    /// The root pointer's signature or checksum is wrong.
    BadRootPointer,
    /// A table lies outside memory, or its length or checksum is wrong.
    BadTable([u8; 4]),
    /// There is no MADT.
    NoMadt,
    /// The MADT lists no core that can run.
    NoCores,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRootPointer => write!(f, "no ACPI root pointer"),
            Self::BadRootPointer => write!(f, "the ACPI root pointer is corrupt"),
            Self::BadTable(name) => write!(f, "ACPI table {} is corrupt", name.escape_ascii()),
            Self::NoMadt => write!(f, "no ACPI MADT"),
            Self::NoCores => write!(f, "the ACPI MADT lists no core"),
        }
    }
}

/// An I/O interrupt controller.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IoApic {
    /// Physical address of its registers.
    pub paddr: u64,
    /// The number of its first line.
    pub gsi_base: u32,
}

/// Where a legacy interrupt arrives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IsaIrq {
    /// The line.
    pub gsi: u32,
    /// Active low instead of high.
    pub is_active_low: bool,
    /// Level-triggered instead of edge-triggered.
    pub is_level: bool,
}

/// Cores and interrupt controllers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Platform {
    cores: [u32; CORES_MAX],
    core_count: usize,
    io_apics: [IoApic; IO_APICS_MAX],
    io_apic_count: usize,
    isa_irqs: [IsaIrq; ISA_IRQS],
}

impl Platform {
    /// Reads the tables from the root pointer on. `memory` gives the bytes at a physical address, if all are mapped.
    pub fn read<'m>(
        rsdp: u64,
        memory: impl Fn(u64, usize) -> Option<&'m [u8]>,
    ) -> Result<Self, Error> {
        if rsdp == 0 {
            return Err(Error::NoRootPointer);
        }
        let pointer = memory(rsdp, 20).ok_or(Error::NoRootPointer)?;
        if &pointer[..8] != b"RSD PTR " || checksum(pointer) != 0 {
            return Err(Error::BadRootPointer);
        }
        // Revision 0 has 32-bit addresses only.
        let (root, address_len) = if pointer[15] >= 2 {
            let pointer = memory(rsdp, 36).ok_or(Error::BadRootPointer)?;
            if checksum(pointer) != 0 {
                return Err(Error::BadRootPointer);
            }
            (u64_at(pointer, 24).ok_or(Error::BadRootPointer)?, 8)
        } else {
            let root = u32_at(pointer, 16).ok_or(Error::BadRootPointer)?;
            (u64::from(root), 4)
        };
        let name = if address_len == 8 { b"XSDT" } else { b"RSDT" };
        let root = table(&memory, root, name)?;
        for entry in root[HEADER_LEN..]
            .chunks_exact(address_len)
            .take(TABLES_MAX)
        {
            let mut bytes = [0; 8];
            bytes[..address_len].copy_from_slice(entry);
            let address = u64::from_le_bytes(bytes);
            if memory(address, 4) == Some(b"APIC") {
                return Self::from_madt(table(&memory, address, b"APIC")?);
            }
        }
        Err(Error::NoMadt)
    }

    fn from_madt(madt: &[u8]) -> Result<Self, Error> {
        let mut platform = Self {
            cores: [0; CORES_MAX],
            core_count: 0,
            io_apics: [IoApic::default(); IO_APICS_MAX],
            io_apic_count: 0,
            isa_irqs: core::array::from_fn(|irq| IsaIrq {
                gsi: irq as u32,
                ..IsaIrq::default()
            }),
        };
        let mut records = madt.get(MADT_RECORDS..).unwrap_or(&[]);
        while let [kind, len, ..] = *records {
            let len = usize::from(len);
            if len < 2 {
                break;
            }
            let Some(record) = records.get(..len) else {
                break;
            };
            platform.add(kind, record);
            records = &records[len..];
        }
        if platform.core_count == 0 {
            return Err(Error::NoCores);
        }
        Ok(platform)
    }

    /// Takes one record; one that is too short for its kind is ignored.
    fn add(&mut self, kind: u8, record: &[u8]) -> Option<()> {
        match kind {
            // Local APIC: bit 0 of the flags says that it runs.
            0 if u32_at(record, 4)? & 1 != 0 => self.add_core(u32::from(*record.get(3)?)),
            1 => {
                let io_apic = IoApic {
                    paddr: u64::from(u32_at(record, 4)?),
                    gsi_base: u32_at(record, 8)?,
                };
                *self.io_apics.get_mut(self.io_apic_count)? = io_apic;
                self.io_apic_count += 1;
            }
            2 => {
                let flags = u16::from_le_bytes([*record.get(8)?, *record.get(9)?]);
                let irq = IsaIrq {
                    gsi: u32_at(record, 4)?,
                    is_active_low: flags & 0b11 == 0b11,
                    is_level: flags >> 2 & 0b11 == 0b11,
                };
                *self.isa_irqs.get_mut(usize::from(*record.get(3)?))? = irq;
            }
            // Local x2APIC.
            9 if u32_at(record, 8)? & 1 != 0 => self.add_core(u32_at(record, 4)?),
            _ => {}
        }
        Some(())
    }

    fn add_core(&mut self, apic_id: u32) {
        // Firmware may list a core in both forms.
        if self.core_count < CORES_MAX && !self.cores().contains(&apic_id) {
            self.cores[self.core_count] = apic_id;
            self.core_count += 1;
        }
    }

    /// The APIC ids of the cores that can run, in the firmware's order.
    pub fn cores(&self) -> &[u32] {
        &self.cores[..self.core_count]
    }

    /// The I/O interrupt controllers.
    pub fn io_apics(&self) -> &[IoApic] {
        &self.io_apics[..self.io_apic_count]
    }

    /// Where legacy interrupt `irq` arrives.
    pub fn isa_irq(&self, irq: u8) -> Option<IsaIrq> {
        self.isa_irqs.get(usize::from(irq)).copied()
    }
}

/// A whole table with the right name and checksum.
fn table<'m>(
    memory: &impl Fn(u64, usize) -> Option<&'m [u8]>,
    address: u64,
    name: &[u8; 4],
) -> Result<&'m [u8], Error> {
    let bad = Error::BadTable(*name);
    let header = memory(address, HEADER_LEN).ok_or(bad)?;
    let len = u32_at(header, 4).ok_or(bad)? as usize;
    if &header[..4] != name || !(HEADER_LEN..=TABLE_LEN_MAX).contains(&len) {
        return Err(bad);
    }
    let table = memory(address, len).ok_or(bad)?;
    if checksum(table) != 0 {
        return Err(bad);
    }
    Ok(table)
}

fn checksum(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |sum, byte| sum.wrapping_add(*byte))
}

fn u32_at(bytes: &[u8], offset: usize) -> Option<u32> {
    let bytes = bytes.get(offset..offset.checked_add(4)?)?;
    Some(u32::from_le_bytes(bytes.try_into().ok()?))
}

fn u64_at(bytes: &[u8], offset: usize) -> Option<u64> {
    let bytes = bytes.get(offset..offset.checked_add(8)?)?;
    Some(u64::from_le_bytes(bytes.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;

    const RSDP: u64 = 0x100;
    const XSDT: u64 = 0x200;
    const MADT: u64 = 0x400;

    fn seal(table: &mut [u8], at: usize) {
        table[at] = 0;
        table[at] = 0u8.wrapping_sub(checksum(table));
    }

    fn sdt(name: &[u8; 4], body: &[u8]) -> Vec<u8> {
        let mut table = name.to_vec();
        table.extend(((HEADER_LEN + body.len()) as u32).to_le_bytes());
        table.resize(HEADER_LEN, 0);
        table.extend(body);
        seal(&mut table, 9);
        table
    }

    /// Four cores (one off, one listed twice), an I/O APIC, the timer moved to line 2.
    fn machine() -> Vec<u8> {
        let mut records = [0; 8].to_vec();
        for (id, flags) in [(0, 1), (1, 1), (2, 0), (7, 1)] {
            records.extend([0, 8, id, id, flags, 0, 0, 0]);
        }
        records.extend([9, 16, 0, 0, 7, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]);
        records.extend([1, 12, 0, 0, 0, 0, 0xc0, 0xfe, 0, 0, 0, 0]);
        records.extend([2, 10, 0, 0, 2, 0, 0, 0, 0, 0]);
        records.extend([2, 10, 0, 9, 9, 0, 0, 0, 0x0f, 0]);
        let mut memory = std::vec![0; 0x800];
        let mut put = |at: u64, bytes: &[u8]| {
            memory[at as usize..at as usize + bytes.len()].copy_from_slice(bytes);
        };
        put(MADT, &sdt(b"APIC", &records));
        put(XSDT, &sdt(b"XSDT", &MADT.to_le_bytes()));
        let mut rsdp = b"RSD PTR \0OEMID \x02".to_vec();
        rsdp.resize(36, 0);
        rsdp[24..32].copy_from_slice(&XSDT.to_le_bytes());
        seal(&mut rsdp[..20], 8);
        seal(&mut rsdp, 32);
        put(RSDP, &rsdp);
        memory
    }

    fn read(memory: &[u8]) -> Result<Platform, Error> {
        Platform::read(RSDP, |address, len| {
            let start = usize::try_from(address).ok()?;
            memory.get(start..start.checked_add(len)?)
        })
    }

    #[test]
    fn lists_cores_controllers_and_overrides() {
        let platform = read(&machine()).unwrap();
        assert_eq!(platform.cores(), [0, 1, 7]);
        let io_apic = IoApic {
            paddr: 0xfec0_0000,
            gsi_base: 0,
        };
        assert_eq!(platform.io_apics(), [io_apic]);
        assert_eq!(platform.isa_irq(0).unwrap().gsi, 2);
        assert_eq!(platform.isa_irq(1).unwrap().gsi, 1);
        let nine = platform.isa_irq(9).unwrap();
        assert!(nine.is_active_low && nine.is_level);
        assert_eq!(platform.isa_irq(16), None);
    }

    #[test]
    fn every_single_damaged_byte_is_found_or_harmless() {
        let good = machine();
        for at in 0..good.len() {
            for value in [0, 1, 0x7f, 0xff] {
                let mut bad = good.clone();
                bad[at] = value;
                // No outcome but an error or the same answer: everything that counts is under a checksum.
                if let Ok(platform) = read(&bad) {
                    assert_eq!(platform, read(&good).unwrap(), "byte {at:#x}");
                }
            }
        }
    }

    #[test]
    fn truncated_memory_is_an_error() {
        let good = machine();
        let end = (0..good.len()).find(|len| read(&good[..*len]).is_ok());
        assert!(end.unwrap() > MADT as usize + HEADER_LEN);
    }

    #[test]
    fn a_record_of_length_zero_ends_the_table() {
        let mut memory = machine();
        let table = sdt(b"APIC", &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        memory[MADT as usize..MADT as usize + table.len()].copy_from_slice(&table);
        assert_eq!(read(&memory), Err(Error::NoCores));
    }
}
