//! The Fixed ACPI Description Table: where the power registers are (ACPI 6.5, 5.2.9).
//!
//! The table grew with each revision, so what counts is its length: a field past the end is absent. The 64-bit fields win
//! over the 32-bit ones where both are set.

/// Bytes of the header that every ACPI table starts with (ACPI 6.5, 5.2.6).
pub const HEADER_BYTES: usize = 36;
/// The largest table that is read: real DSDTs are below 1 MiB.
pub const TABLE_BYTES_MAX: usize = 4 << 20;

/// Why a table is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableError {
    /// Shorter than its header, or than it says.
    TooShort,
    /// It says to be longer than [`TABLE_BYTES_MAX`].
    TooLong(usize),
    /// Another table than was wanted.
    BadSignature([u8; 4]),
    /// The bytes do not add up to zero.
    BadChecksum,
    /// No PM1a control register: a hardware-reduced machine, which this server cannot switch off.
    NoControlRegister,
}

/// A register in one of the address spaces that this server can reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Register {
    /// Memory, at a physical address.
    Memory(u64),
    /// An I/O port.
    Port(u16),
    /// PCI configuration space of bus 0: device, function, offset.
    Pci(u8, u8, u16),
}

/// What the FADT says about power.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fadt {
    /// Physical address of the DSDT, if it is not zero.
    pub dsdt: Option<u64>,
    /// The port that hands the machine over to ACPI, with the value to write; `None` if it is handed over already.
    pub enable: Option<(u16, u8)>,
    /// PM1a control: 16 bits.
    pub pm1a_control: Register,
    /// PM1b control, if the machine has the second half.
    pub pm1b_control: Option<Register>,
    /// The reset register with the value to write, if the machine has one that can be reached.
    pub reset: Option<(Register, u8)>,
}

impl Fadt {
    /// Reads the table in `bytes`, which may be longer.
    pub fn parse(bytes: &[u8]) -> Result<Self, TableError> {
        let table = check(bytes, *b"FACP")?;
        let byte = |at: usize| table.get(at).copied().unwrap_or(0);
        // Absent fields read as zero, which every field defines as "not there".
        let dsdt = match u64_at(table, 140) {
            0 => u64::from(u32_at(table, 40)),
            address => address,
        };
        let command_port = u16::try_from(u32_at(table, 48)).unwrap_or(0);
        let enable = (command_port != 0 && byte(52) != 0).then(|| (command_port, byte(52)));
        let control = |wide: usize, narrow: usize| {
            address_at(table, wide).or_else(|| {
                let port = u16::try_from(u32_at(table, narrow)).ok()?;
                (port != 0).then_some(Register::Port(port))
            })
        };
        // ACPI 6.5, 5.2.9, flags, bit 10: RESET_REG_SUP.
        let has_reset = u32_at(table, 112) & 1 << 10 != 0;
        let reset = address_at(table, 116).filter(|_| has_reset);
        Ok(Self {
            dsdt: (dsdt != 0).then_some(dsdt),
            enable,
            pm1a_control: control(172, 64).ok_or(TableError::NoControlRegister)?,
            pm1b_control: control(184, 68),
            reset: reset.map(|register| (register, byte(128))),
        })
    }
}

/// The table of this signature at the start of `bytes`, cut to its length, if its sum is right.
pub fn check(bytes: &[u8], signature: [u8; 4]) -> Result<&[u8], TableError> {
    let header = bytes.get(..HEADER_BYTES).ok_or(TableError::TooShort)?;
    let found = [header[0], header[1], header[2], header[3]];
    if found != signature {
        return Err(TableError::BadSignature(found));
    }
    let len = u32_at(header, 4) as usize;
    if len > TABLE_BYTES_MAX {
        return Err(TableError::TooLong(len));
    }
    let table = bytes.get(..len).ok_or(TableError::TooShort)?;
    if len < HEADER_BYTES {
        return Err(TableError::TooShort);
    }
    match table.iter().fold(0u8, |sum, byte| sum.wrapping_add(*byte)) {
        0 => Ok(table),
        _ => Err(TableError::BadChecksum),
    }
}

/// A generic address structure (ACPI 6.5, 5.2.3.2), if it names a place that can be reached.
fn address_at(table: &[u8], at: usize) -> Option<Register> {
    let space = *table.get(at)?;
    let address = table.get(at + 4..at + 12).map(|_| u64_at(table, at + 4))?;
    match space {
        _ if address == 0 => None,
        0 => Some(Register::Memory(address)),
        1 => u16::try_from(address).ok().map(Register::Port),
        2 if address >> 48 == 0 && (address >> 32) < 32 && (address >> 16 & 0xffff) < 8 => Some(
            Register::Pci((address >> 32) as u8, (address >> 16) as u8, address as u16),
        ),
        _ => None,
    }
}

fn u32_at(table: &[u8], at: usize) -> u32 {
    let bytes = table
        .get(at..at + 4)
        .and_then(|bytes| bytes.try_into().ok());
    bytes.map_or(0, u32::from_le_bytes)
}

fn u64_at(table: &[u8], at: usize) -> u64 {
    let bytes = table
        .get(at..at + 8)
        .and_then(|bytes| bytes.try_into().ok());
    bytes.map_or(0, u64::from_le_bytes)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Makes `bytes` a table: length and sum.
    pub(crate) fn seal(mut bytes: Vec<u8>, signature: &[u8; 4]) -> Vec<u8> {
        bytes[..4].copy_from_slice(signature);
        let len = bytes.len() as u32;
        bytes[4..8].copy_from_slice(&len.to_le_bytes());
        bytes[9] = 0;
        bytes[9] = bytes.iter().fold(0u8, |sum, byte| sum.wrapping_sub(*byte));
        bytes
    }

    /// As QEMU's q35 has it.
    fn q35() -> Vec<u8> {
        let mut table = vec![0; 244];
        table[40..44].copy_from_slice(&0x7fe_0000u32.to_le_bytes());
        table[48..50].copy_from_slice(&0xb2u16.to_le_bytes());
        table[52] = 2;
        table[64..66].copy_from_slice(&0x604u16.to_le_bytes());
        table[112..116].copy_from_slice(&(1u32 << 10).to_le_bytes());
        table[116] = 1;
        table[120..122].copy_from_slice(&0xcf9u16.to_le_bytes());
        table[128] = 0xf;
        table
    }

    #[test]
    fn the_registers_of_a_known_machine_are_found() {
        let fadt = Fadt::parse(&seal(q35(), b"FACP")).unwrap();
        let expected = Fadt {
            dsdt: Some(0x7fe_0000),
            enable: Some((0xb2, 2)),
            pm1a_control: Register::Port(0x604),
            pm1b_control: None,
            reset: Some((Register::Port(0xcf9), 0xf)),
        };
        assert_eq!(fadt, expected);
    }

    #[test]
    fn short_tables_lack_only_what_is_past_their_end() {
        let fadt = Fadt::parse(&seal(q35()[..116].to_vec(), b"FACP")).unwrap();
        assert_eq!(
            (fadt.reset, fadt.pm1a_control),
            (None, Register::Port(0x604))
        );
        let none = Fadt::parse(&seal(vec![0; 116], b"FACP"));
        assert_eq!(none, Err(TableError::NoControlRegister));
    }

    #[test]
    fn damage_is_named() {
        let good = seal(q35(), b"FACP");
        assert_eq!(Fadt::parse(&good[..35]), Err(TableError::TooShort));
        assert_eq!(Fadt::parse(&good[..243]), Err(TableError::TooShort));
        assert_eq!(
            check(&good, *b"DSDT"),
            Err(TableError::BadSignature(*b"FACP"))
        );
        let mut bad = good.clone();
        bad[100] ^= 1;
        assert_eq!(Fadt::parse(&bad), Err(TableError::BadChecksum));
        bad[4..8].copy_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(
            Fadt::parse(&bad),
            Err(TableError::TooLong(u32::MAX as usize))
        );
        bad[4..8].copy_from_slice(&3u32.to_le_bytes());
        assert_eq!(Fadt::parse(&bad), Err(TableError::TooShort));
    }

    proptest! {
        #[test]
        fn no_content_panics(bytes in proptest::collection::vec(any::<u8>(), HEADER_BYTES..300)) {
            let _any_answer_will_do = Fadt::parse(&seal(bytes, b"FACP"));
        }
    }
}
