//! Kernel, archive and `init`: checked, then laid out in memory.

use alloc::vec::Vec;

use bootimg_layout::archive::{Archive, INIT_NAME, KERNEL_HASH_NAME};
use bootimg_layout::elf::{self, Image};
use protocol::abi::boot_info::InitSegment;
use protocol::abi::layout::{KERNEL_BASE, PAGE_SIZE, USER_BOTTOM, USER_TOP};

use crate::error::Error;
use crate::memory::Pages;

/// The kernel in memory: one run of pages, segment gaps included.
pub struct Kernel {
    /// Where it is.
    pub memory: Pages,
    /// What is where in it, and with what rights.
    pub image: Image,
}

/// `init` in memory.
pub struct Init {
    /// Its segments, as the kernel gets them.
    pub segments: Vec<InitSegment>,
    /// Where it starts.
    pub entry: u64,
}

/// Checks the archive and its hash.
pub fn check_archive(memory: &Pages) -> Result<Archive<'_>, Error> {
    Archive::check(memory.bytes()).map_err(Error::Archive)
}

/// Checks that `file` is the kernel that `archive` was built with, and lays it out.
pub fn load_kernel(file: &[u8], archive: &Archive<'_>) -> Result<Kernel, Error> {
    let expected = archive
        .file(KERNEL_HASH_NAME)
        .ok_or(Error::NotInArchive(KERNEL_HASH_NAME))?;
    if expected.bytes != &blake3::hash(file).as_bytes()[..] {
        return Err(Error::KernelMismatch);
    }
    // The last page of the address space stays free, so that one past the end is an address.
    let window = KERNEL_BASE..0u64.wrapping_sub(PAGE_SIZE);
    let image = Image::check(file, window).map_err(Error::Kernel)?;
    let span = image.span();
    let mut memory = Pages::allocate(((span.end - span.start) / PAGE_SIZE) as usize, "the kernel")?;
    for segment in &image.segments {
        let start = (segment.vaddr - span.start) as usize;
        segment.lay_out(
            file,
            &mut memory.bytes_mut()[start..start + segment.len as usize],
        );
    }
    Ok(Kernel { memory, image })
}

/// Lays `init` out, each segment in its own pages.
pub fn load_init(archive: &Archive<'_>) -> Result<Init, Error> {
    let file = archive
        .file(INIT_NAME)
        .ok_or(Error::NotInArchive(INIT_NAME))?
        .bytes;
    let image = Image::check(file, USER_BOTTOM..USER_TOP).map_err(Error::Init)?;
    let mut segments = Vec::with_capacity(image.segments.len());
    for segment in &image.segments {
        let mut memory = Pages::allocate((segment.len / PAGE_SIZE) as usize, INIT_NAME)?;
        segment.lay_out(file, memory.bytes_mut());
        segments.push(InitSegment {
            vaddr: segment.vaddr,
            memory: memory.span(),
            flags: u64::from(segment.flags),
        });
    }
    Ok(Init {
        segments,
        entry: image.entry,
    })
}

// The kernel takes as many segments of `init` as an image can have.
const _: () = assert!(elf::SEGMENTS_MAX <= protocol::abi::boot_info::INIT_SEGMENTS_MAX);
