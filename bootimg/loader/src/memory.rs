//! Memory that stays allocated when the kernel takes over.

use core::slice;

use protocol::abi::boot_info::Span;
use protocol::abi::layout::PAGE_SIZE;
use uefi::boot::{self, AllocateType, MemoryType};
use uefi::mem::memory_map::MemoryMap;

use crate::error::Error;

/// A run of whole pages, owned by nobody but this value and never given back to the firmware.
///
/// Firmware maps memory at its physical address, so the pointer is the physical address.
#[derive(Debug)]
pub struct Pages {
    bytes: &'static mut [u8],
}

impl Pages {
    /// Takes `count` zeroed pages anywhere in memory. `what` names them in the error.
    pub fn allocate(count: usize, what: &'static str) -> Result<Self, Error> {
        Self::allocate_at(AllocateType::AnyPages, count, what)
    }

    /// Takes one zeroed page below 1 MiB.
    pub fn allocate_low(what: &'static str) -> Result<Self, Error> {
        Self::allocate_at(AllocateType::MaxAddress((1 << 20) - 1), 1, what)
    }

    /// Takes zeroed pages for at least `len` bytes, whose number is a power of two and whose address a multiple of it.
    pub fn allocate_power_of_two(len: u64, what: &'static str) -> Result<Self, Error> {
        let pages = usize::try_from(len.div_ceil(PAGE_SIZE)).unwrap_or(usize::MAX);
        let none = Error::NoMemory { what, pages };
        let size = len.max(PAGE_SIZE).checked_next_power_of_two().ok_or(none)?;
        let count = (size / PAGE_SIZE) as usize;
        // The highest free address that fits: low memory stays whole.
        let address = boot::memory_map(MemoryType::LOADER_DATA)
            .ok()
            .and_then(|map| {
                map.entries()
                    .filter(|entry| entry.ty == MemoryType::CONVENTIONAL)
                    .filter_map(|entry| {
                        let end = entry.phys_start + entry.page_count * PAGE_SIZE;
                        let address = end.checked_sub(size)? / size * size;
                        (address >= entry.phys_start && address != 0).then_some(address)
                    })
                    .max()
            });
        let address = address.ok_or(Error::NoMemory { what, pages: count })?;
        Self::allocate_at(AllocateType::Address(address), count, what)
    }

    fn allocate_at(place: AllocateType, count: usize, what: &'static str) -> Result<Self, Error> {
        let failure = |_| Error::NoMemory { what, pages: count };
        let memory =
            boot::allocate_pages(place, MemoryType::LOADER_DATA, count).map_err(failure)?;
        let len = count * PAGE_SIZE as usize;
        // SAFETY: the firmware has just given these `count` pages to this caller alone, non-null, page-aligned and
        // identity-mapped; they are initialised by the first line before the slice exists, and never freed.
        let bytes = unsafe {
            memory.as_ptr().write_bytes(0, len);
            slice::from_raw_parts_mut(memory.as_ptr(), len)
        };
        Ok(Self { bytes })
    }

    /// Physical address and length.
    pub fn span(&self) -> Span {
        Span {
            base: self.bytes.as_ptr() as u64,
            len: self.bytes.len() as u64,
        }
    }

    /// The content.
    pub fn bytes(&self) -> &[u8] {
        self.bytes
    }

    /// The content, to be filled.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        self.bytes
    }

    /// Gives up the handle, not the memory.
    pub fn into_bytes(self) -> &'static mut [u8] {
        self.bytes
    }
}
