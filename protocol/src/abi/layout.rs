//! The address-space layout, the one place for every fixed address.
//!
//! The lower canonical half belongs to user space, the upper half to the kernel and is the same in every address space:
//!
//! ```text
//! 0x0000_0000_0000_1000 ..= 0x0000_7fff_ffff_efff   user (the first and the last page are never mapped)
//! 0x0000_2000_0000_0000 .. +1 GiB                   the code region: NDA code, one shared table for all processes
//! 0xffff_8000_0000_0000 .. +512 GiB                 physmap: all of physical memory, writable, never executable
//! 0xffff_ffff_8000_0000 .. +2 GiB                   the kernel image
//! ```

/// Bytes of a 4 KiB page and of the smallest frame.
pub const PAGE_SIZE: u64 = 4096;
/// log2 of [`PAGE_SIZE`].
pub const PAGE_BITS: u8 = 12;
/// log2 of the bytes of a large (2 MiB) page.
pub const LARGE_PAGE_BITS: u8 = 21;
/// The lowest address that can be mapped: page zero stays empty, so that a null pointer faults.
pub const USER_BOTTOM: u64 = PAGE_SIZE;
/// One past the highest user address. The last canonical page is left out so that `sysret` never sees a
/// non-canonical return address (Intel SDM Vol. 2B, SYSRET; CVE-2012-0217).
pub const USER_TOP: u64 = 0x0000_7fff_ffff_f000;
/// Where physical address zero is mapped in the kernel half.
pub const PHYSMAP_BASE: u64 = 0xffff_8000_0000_0000;
/// The kernel image is linked at this address.
pub const KERNEL_BASE: u64 = 0xffff_ffff_8000_0000;
/// Start of the shared code region, at the same address in every process.
pub const CODE_REGION_BASE: u64 = 0x0000_2000_0000_0000;
/// Bytes of the shared code region: one page directory, so that one shared [`super::ObjectType::PageTable`] of level 2
/// serves every process.
pub const CODE_REGION_SIZE: u64 = 1 << 30;
/// Where the loader places the segments of `init` (and where every server is linked).
pub const IMAGE_BASE: u64 = 0x0000_0000_0040_0000;

const _: () = assert!(USER_TOP.is_multiple_of(PAGE_SIZE));
const _: () = assert!(CODE_REGION_BASE + CODE_REGION_SIZE <= USER_TOP);
const _: () = assert!(CODE_REGION_BASE.is_multiple_of(CODE_REGION_SIZE));
