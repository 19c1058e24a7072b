//! Where a virtio device of the modern layout has its registers: its PCI capabilities, read with every bound checked.
//!
//! Virtio 1.1, 4.1.4: each vendor capability (id 9) names a structure by base address register, offset and length. The first
//! of each kind counts. The offsets are the device's claims: they are checked against the real size of the region.

use crate::Error;

/// Bytes of the configuration space that holds capabilities.
pub const CONFIG_SPACE_LEN: usize = 256;
/// Base address registers of a device.
pub const BARS: usize = 6;

const VENDOR_VIRTIO: u16 = 0x1af4;
/// Virtio 1.1, 4.1.2: 0x1040 plus the device's type, which is 18 for input.
const DEVICE_INPUT: u16 = 0x1040 + 18;
const STATUS_HAS_CAPABILITIES: u8 = 1 << 4;
const CAPABILITY_VENDOR: u8 = 9;
/// Capabilities take at least four of the 192 bytes behind the header.
const CAPABILITIES_MAX: usize = (CONFIG_SPACE_LEN - 64) / 4;

/// Bytes of the common configuration that are used.
const COMMON_LEN: u32 = 56;

/// A structure of registers in a region of the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    /// Base address register, below [`BARS`].
    pub bar: u8,
    /// Bytes from the start of its region.
    pub offset: u32,
    /// Bytes.
    pub length: u32,
}

/// Where a virtio device's registers are; each structure is inside its region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Registers {
    /// Features, status and queues; at least 56 bytes.
    pub common: Region,
    /// Queue doorbells; at least 2 bytes.
    pub notify: Region,
    /// Bytes from one queue's doorbell to the next.
    pub notify_multiplier: u32,
    /// Interrupt status; at least 1 byte.
    pub interrupt: Region,
    /// What is particular to the device, if it has that.
    pub device: Option<Region>,
}

impl Registers {
    /// Byte offset of a queue's doorbell in the notify structure's region.
    ///
    /// Errors: [`Error::RegisterBounds`] if the doorbell would lie outside the structure.
    pub fn doorbell(&self, queue_notify_offset: u16) -> Result<u32, Error> {
        u32::from(queue_notify_offset)
            .checked_mul(self.notify_multiplier)
            .filter(|offset| {
                offset
                    .checked_add(2)
                    .is_some_and(|end| end <= self.notify.length)
            })
            .and_then(|offset| offset.checked_add(self.notify.offset))
            .ok_or(Error::RegisterBounds)
    }
}

/// Whether the device is a virtio input device.
pub fn is_virtio_input(space: &[u8; CONFIG_SPACE_LEN]) -> bool {
    read_u16(space, 0) == Some(VENDOR_VIRTIO) && read_u16(space, 2) == Some(DEVICE_INPUT)
}

/// Finds the registers of a virtio device, whose regions have these sizes in bytes (0: not there).
///
/// Errors: [`Error::NotVirtio`] if a needed structure is missing; [`Error::CapabilityList`]; [`Error::RegisterBounds`].
pub fn find_registers(
    space: &[u8; CONFIG_SPACE_LEN],
    bar_len_bytes: &[u64; BARS],
) -> Result<Registers, Error> {
    if read_u16(space, 0) != Some(VENDOR_VIRTIO) || space[6] & STATUS_HAS_CAPABILITIES == 0 {
        return Err(Error::NotVirtio);
    }
    let (mut common, mut notify, mut interrupt, mut device) = (None, None, None, None);
    // The two low bits are reserved.
    let mut at = usize::from(space[0x34] & !3);
    for _ in 0..CAPABILITIES_MAX {
        if at == 0 {
            let (notify, notify_multiplier) = notify.ok_or(Error::NotVirtio)?;
            return Ok(Registers {
                common: common.ok_or(Error::NotVirtio)?,
                notify,
                notify_multiplier,
                interrupt: interrupt.ok_or(Error::NotVirtio)?,
                device,
            });
        }
        if at < 64 {
            return Err(Error::CapabilityList);
        }
        // A multiple of four below 256: the first four bytes are inside.
        if space[at] == CAPABILITY_VENDOR {
            let region = |least| read_region(space, at, bar_len_bytes, least);
            match read_u8(space, at + 3).ok_or(Error::CapabilityList)? {
                1 if common.is_none() => common = Some(region(COMMON_LEN)?),
                2 if notify.is_none() => {
                    let multiplier = read_u32(space, at + 16).ok_or(Error::CapabilityList)?;
                    notify = Some((region(2)?, multiplier));
                }
                3 if interrupt.is_none() => interrupt = Some(region(1)?),
                4 if device.is_none() => device = Some(region(1)?),
                // Other kinds, and second ones, are for drivers that want them.
                _ => {}
            }
        }
        at = usize::from(space[at + 1] & !3);
    }
    Err(Error::CapabilityList)
}

fn read_region(
    space: &[u8; CONFIG_SPACE_LEN],
    at: usize,
    bar_len_bytes: &[u64; BARS],
    least: u32,
) -> Result<Region, Error> {
    let bar = read_u8(space, at + 4).ok_or(Error::CapabilityList)?;
    let offset = read_u32(space, at + 8).ok_or(Error::CapabilityList)?;
    let length = read_u32(space, at + 12).ok_or(Error::CapabilityList)?;
    let available = bar_len_bytes
        .get(usize::from(bar))
        .ok_or(Error::RegisterBounds)?;
    if length < least || u64::from(offset) + u64::from(length) > *available {
        return Err(Error::RegisterBounds);
    }
    Ok(Region {
        bar,
        offset,
        length,
    })
}

fn read_u8(space: &[u8], at: usize) -> Option<u8> {
    space.get(at).copied()
}

fn read_u16(space: &[u8], at: usize) -> Option<u16> {
    let bytes = space.get(at..at + 2)?;
    Some(u16::from_le_bytes(bytes.try_into().ok()?))
}

fn read_u32(space: &[u8], at: usize) -> Option<u32> {
    let bytes = space.get(at..at + 4)?;
    Some(u32::from_le_bytes(bytes.try_into().ok()?))
}
