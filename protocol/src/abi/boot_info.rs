//! What the loader tells the kernel: written once before the jump, checked once by `microkernel::boot`, then trusted.
//!
//! The loader enters the kernel at its ELF entry point with interrupts off, paging on, `rdi` = the physmap address of a
//! [`BootInfo`], and `rsp` = the top of a stack of at least 64 KiB in physmap memory that is listed as
//! [`RegionKind::LOADER`]. `CR3` maps:
//!
//! - the kernel image at its link addresses, 4 KiB pages, permissions per ELF segment, W^X;
//! - the physmap: every physical address from 0 to `physmap_end`, read-write, no-execute, in the largest pages the CPU
//!   has; pages that hold kernel text and read-only data are read-only here too;
//! - an identity mapping of the loader's own last instructions, which the kernel drops.
//!
//! `EFER.NXE` and `CR0.WP` are set. All addresses below are physical unless a name says otherwise.

use super::layout::PAGE_SIZE;

/// `b"VELOCITY"` as a little-endian word.
pub const BOOT_MAGIC: u64 = u64::from_le_bytes(*b"VELOCITY");
/// Raised at every change of [`BootInfo`]; loader and kernel refuse to work across versions.
pub const BOOT_VERSION: u32 = 1;
/// The most memory regions that are handed over. Firmware lists are merged first; QEMU needs about 20.
pub const REGIONS_MAX: usize = 128;
/// The most loadable segments of `init`.
pub const INIT_SEGMENTS_MAX: usize = 8;

/// Everything the kernel learns from the loader.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct BootInfo {
    /// [`BOOT_MAGIC`].
    pub magic: u64,
    /// [`BOOT_VERSION`].
    pub version: u32,
    /// Number of valid entries in `regions`.
    pub region_count: u32,
    /// The physical memory map: sorted by base, no overlaps, every base and length a multiple of 4096.
    pub regions: [Region; REGIONS_MAX],
    /// One past the highest physical address that the physmap covers.
    pub physmap_end: u64,
    /// The ACPI RSDP (ACPI 6.5, 5.2.5), or 0 if the firmware has none.
    pub rsdp: u64,
    /// The kernel image in memory, all segments, contiguous.
    pub kernel: Span,
    /// The boot archive, aligned to and padded to a power of two (`crate::abi::boot_info::archive`).
    pub archive: Span,
    /// `init`'s segments, already laid out in memory, page-aligned and zero-filled to whole pages.
    pub init_segments: [InitSegment; INIT_SEGMENTS_MAX],
    /// Number of valid entries in `init_segments`.
    pub init_segment_count: u32,
    /// Keeps the following field aligned; always 0.
    pub reserved: u32,
    /// `init`'s entry point, a user virtual address.
    pub init_entry: u64,
    /// The linear framebuffer, `width` 0 if there is none.
    pub framebuffer: Framebuffer,
    /// A free page below 1 MiB in which the kernel starts the other cores.
    pub ap_trampoline: u64,
    /// The time stamp counter when the loader's first instruction ran.
    pub tsc_loader_start: u64,
    /// The time stamp counter just before the jump to the kernel.
    pub tsc_kernel_jump: u64,
}

/// A run of physical memory.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// First byte.
    pub base: u64,
    /// Bytes.
    pub len: u64,
}

/// One entry of the memory map.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    /// First byte; a multiple of 4096.
    pub base: u64,
    /// Bytes; a multiple of 4096.
    pub len: u64,
    /// What it holds.
    pub kind: RegionKind,
}

/// What a memory region holds.
///
/// A plain integer with named values, not a Rust enum: the kernel reads it from memory that another program wrote.
#[repr(transparent)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RegionKind(pub u64);

impl RegionKind {
    /// Free RAM.
    pub const USABLE: Self = Self(1);
    /// The kernel image.
    pub const KERNEL: Self = Self(2);
    /// Page tables, boot stack and `BootInfo` itself: in use for as long as the machine runs.
    pub const LOADER: Self = Self(3);
    /// The boot archive.
    pub const ARCHIVE: Self = Self(4);
    /// `init`'s segments.
    pub const INIT: Self = Self(5);
    /// ACPI tables, reclaimable or not; RAM that only the platform server may read.
    pub const ACPI: Self = Self(6);
    /// UEFI runtime services.
    pub const FIRMWARE: Self = Self(7);
    /// Memory-mapped I/O that the firmware lists.
    pub const MMIO: Self = Self(8);
    /// The linear framebuffer.
    pub const FRAMEBUFFER: Self = Self(9);
    /// Anything else: never touched.
    pub const RESERVED: Self = Self(10);
}

/// A loadable segment of `init`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct InitSegment {
    /// User virtual address, page-aligned.
    pub vaddr: u64,
    /// The pages that hold it.
    pub memory: Span,
    /// ELF `p_flags`: 1 execute, 2 write, 4 read. Never 1 and 2 together.
    pub flags: u64,
}

/// The linear framebuffer that GOP left behind (UEFI 2.10, 12.9).
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct Framebuffer {
    /// First byte.
    pub base: u64,
    /// Bytes.
    pub len: u64,
    /// Visible pixels a line.
    pub width: u32,
    /// Visible lines.
    pub height: u32,
    /// Pixels from one line to the next.
    pub stride: u32,
    /// [`PIXEL_BGRX`] or [`PIXEL_RGBX`].
    pub format: u32,
}

/// Bytes in memory: blue, green, red, unused.
pub const PIXEL_BGRX: u32 = 1;
/// Bytes in memory: red, green, blue, unused.
pub const PIXEL_RGBX: u32 = 2;

/// The boot archive: the files that `init` starts servers from, in one run of memory.
///
/// ```text
/// 0     ArchiveHeader
/// 64    ArchiveEntry × count
/// …     file contents, each at a multiple of 4096, zero-padded to a multiple of 4096
/// ```
///
/// A server's file is its ELF image flattened to pages: the entry names the file, the ELF inside is linked so that every
/// segment starts on a page of the file, and text is mapped straight from here.
pub mod archive {
    /// `b"VOSARCH1"` as a little-endian word.
    pub const ARCHIVE_MAGIC: u64 = u64::from_le_bytes(*b"VOSARCH1");
    /// The longest file name, bytes of UTF-8, zero-padded.
    pub const NAME_LEN_MAX: usize = 32;
    /// The most files.
    pub const ENTRIES_MAX: usize = 256;
    /// Bytes of the header on disk.
    pub const HEADER_LEN: usize = 64;
    /// Bytes of one entry on disk.
    pub const ENTRY_LEN: usize = 96;
    /// The file that holds the encoded [`crate::manifest::Manifest`].
    pub const MANIFEST_NAME: &str = "system.manifest";

    /// The header, little-endian on disk.
    #[repr(C)]
    #[derive(Clone, Copy, Debug)]
    pub struct ArchiveHeader {
        /// [`ARCHIVE_MAGIC`].
        pub magic: u64,
        /// Number of entries.
        pub count: u32,
        /// 0.
        pub reserved: u32,
        /// Bytes of the whole archive, a multiple of 4096.
        pub total_len: u64,
        /// BLAKE3 over everything from offset 64 to `total_len`.
        pub hash: [u8; 32],
        /// 0.
        pub padding: u64,
    }

    /// One file.
    #[repr(C)]
    #[derive(Clone, Copy, Debug)]
    pub struct ArchiveEntry {
        /// Name, zero-padded.
        pub name: [u8; NAME_LEN_MAX],
        /// Offset of the content from the start of the archive, a multiple of 4096.
        pub offset: u64,
        /// Bytes of the content.
        pub len: u64,
        /// BLAKE3 of the content.
        pub hash: [u8; 32],
        /// 0.
        pub reserved: [u64; 2],
    }

    const _: () = assert!(size_of::<ArchiveHeader>() == HEADER_LEN);
    const _: () = assert!(size_of::<ArchiveEntry>() == ENTRY_LEN);
}

const _: () = assert!(size_of::<BootInfo>() <= 2 * PAGE_SIZE as usize);
