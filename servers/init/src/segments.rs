//! From a checked executable to frames: which pages of the archive are mapped as they are, which need memory of their own,
//! and into which frames each range is split.
//!
//! Segments that are never written show the archive's own pages, shared by every process that runs the same file; that
//! needs file and memory to agree below the page size, and no zeros past the file's last page. Everything else is copied
//! into fresh frames.
//!
//! A frame is a power of two of bytes, at most 2 MiB, at a multiple of its size in memory and, for archive pages, in the
//! archive as well: that is how Untyped memory can be retyped into it and how a large page can map it. Both constraints
//! are of the dyadic kind, so taking the largest frame that fits at each step gives the fewest.

use alloc::vec::Vec;

use bootimg_layout::elf::{FLAG_EXECUTE, FLAG_WRITE, Image, Segment};
use protocol::abi::layout::{LARGE_PAGE_BITS, PAGE_BITS, PAGE_SIZE};

/// Frames of one image at most: what 8 segments of 256 MiB in all need, with room for badly aligned ends.
pub const FRAMES_MAX: usize = 1024;

/// Why no plan was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlanError {
    /// The archive's file does not start on a page, or so high that addresses overflow.
    BadBase(u64),
    /// More than [`FRAMES_MAX`] frames.
    TooManyFrames,
}

/// What a mapping allows besides reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Nothing.
    Read,
    /// Writing.
    ReadWrite,
    /// Executing.
    ReadExecute,
}

/// Where a frame's content comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The archive's pages at this physical address.
    Archive {
        /// Physical address, a multiple of the frame's size.
        paddr: u64,
    },
    /// A fresh frame, to be filled by [`Segment::lay_out`].
    Fresh,
}

/// One frame of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// Position of the segment in [`Image::segments`].
    pub segment: usize,
    /// Address, a multiple of the frame's size.
    pub vaddr: u64,
    /// log2 of the frame's bytes.
    pub bits: u8,
    /// What it allows.
    pub access: Access,
    /// What is in it.
    pub source: Source,
}

/// A run of bytes that is one frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Bytes from the start of the range.
    pub offset: u64,
    /// log2 of its bytes.
    pub bits: u8,
}

/// Plans the mappings of `image`, whose file starts at the physical address `file_paddr`, in order of address.
pub fn plan(image: &Image, file_paddr: u64) -> Result<Vec<Mapping>, PlanError> {
    if !file_paddr.is_multiple_of(PAGE_SIZE) {
        return Err(PlanError::BadBase(file_paddr));
    }
    let mut mappings = Vec::new();
    for (index, segment) in image.segments.iter().enumerate() {
        let archive = archive_pages(segment, file_paddr)?;
        for piece in split(segment.vaddr, archive.unwrap_or(segment.vaddr), segment.len) {
            if mappings.len() == FRAMES_MAX {
                return Err(PlanError::TooManyFrames);
            }
            mappings.push(Mapping {
                segment: index,
                vaddr: segment.vaddr + piece.offset,
                bits: piece.bits,
                access: access(segment.flags),
                source: archive.map_or(Source::Fresh, |paddr| Source::Archive {
                    paddr: paddr + piece.offset,
                }),
            });
        }
    }
    Ok(mappings)
}

/// Splits `len` bytes at `vaddr` and `paddr`, all multiples of 4096, into the fewest frames.
pub fn split(vaddr: u64, paddr: u64, len: u64) -> impl Iterator<Item = Piece> {
    let mut offset = 0;
    core::iter::from_fn(move || {
        let left = len.checked_sub(offset).filter(|&left| left >= PAGE_SIZE)?;
        // Bits that are zero in both addresses at this offset.
        let both = vaddr.wrapping_add(offset) | paddr.wrapping_add(offset);
        let aligned = both.trailing_zeros().min(left.ilog2());
        let bits = (aligned as u8).clamp(PAGE_BITS, LARGE_PAGE_BITS);
        let piece = Piece { offset, bits };
        offset += 1 << bits;
        Some(piece)
    })
}

/// The physical address of the archive's pages that show `segment`, or `None` if it needs fresh ones.
fn archive_pages(segment: &Segment, file_paddr: u64) -> Result<Option<u64>, PlanError> {
    let start = segment.file.start as u64;
    let head = segment.head as u64;
    let file_pages = (head + segment.file.len() as u64).next_multiple_of(PAGE_SIZE);
    let is_writable = segment.flags & FLAG_WRITE != 0;
    if is_writable || start % PAGE_SIZE != head || file_pages != segment.len {
        return Ok(None);
    }
    let paddr = file_paddr.checked_add(start - head);
    let end = paddr.and_then(|paddr| paddr.checked_add(segment.len));
    match (paddr, end) {
        (Some(paddr), Some(_)) => Ok(Some(paddr)),
        _ => Err(PlanError::BadBase(file_paddr)),
    }
}

fn access(flags: u32) -> Access {
    // `Image::check` refuses both at once.
    if flags & FLAG_EXECUTE != 0 {
        Access::ReadExecute
    } else if flags & FLAG_WRITE != 0 {
        Access::ReadWrite
    } else {
        Access::Read
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn segment(vaddr: u64, len: u64, offset: usize, file_len: usize, flags: u32) -> Segment {
        Segment {
            index: 0,
            vaddr,
            len,
            head: offset % 4096,
            file: offset..offset + file_len,
            flags,
        }
    }

    fn image(segments: Vec<Segment>) -> Image {
        Image { segments, entry: 0 }
    }

    #[test]
    fn code_is_shared_and_data_is_not() {
        let image = image(vec![
            segment(0x40_0000, 0x2000, 0x1000, 0x1800, 5),
            segment(0x40_2000, 0x1000, 0x2810, 0x100, 4),
            segment(0x40_3000, 0x1000, 0x3000, 0x100, 6),
            // Zeros past the file's pages.
            segment(0x40_4000, 0x2000, 0x4000, 0x100, 4),
        ]);
        let plan = plan(&image, 0x10_0000).unwrap();
        let kinds: Vec<_> = plan
            .iter()
            .map(|one| (one.vaddr, one.access, one.source))
            .collect();
        let archive = |paddr| Source::Archive { paddr };
        assert_eq!(
            kinds,
            [
                (0x40_0000, Access::ReadExecute, archive(0x10_1000)),
                (0x40_1000, Access::ReadExecute, archive(0x10_2000)),
                (0x40_2000, Access::Read, archive(0x10_2000)),
                (0x40_3000, Access::ReadWrite, Source::Fresh),
                (0x40_4000, Access::Read, Source::Fresh),
            ]
        );
        assert_eq!(plan[4].bits, 13);
    }

    #[test]
    fn impossible_bases_are_refused() {
        let image = image(vec![segment(0x40_0000, 0x1000, 0x1000, 0x1000, 5)]);
        for base in [1, 0xfff, u64::MAX, u64::MAX - 4095, u64::MAX - 0x1fff] {
            assert_eq!(plan(&image, base), Err(PlanError::BadBase(base)));
        }
    }

    /// The fewest aligned frames, found by trying all.
    fn fewest(vaddr: u64, paddr: u64, pages: u64) -> usize {
        let mut best = vec![0usize; pages as usize + 1];
        for end in (0..pages as usize).rev() {
            best[end] = (0..=9)
                .map(|bits| (end + (1 << bits), 4096u64 << bits))
                .filter(|(next, size)| {
                    let offset = end as u64 * 4096;
                    *next <= pages as usize
                        && (vaddr + offset).is_multiple_of(*size)
                        && (paddr + offset).is_multiple_of(*size)
                })
                .map(|(next, _)| best[next] + 1)
                .min()
                .expect("one page always fits");
        }
        best[0]
    }

    proptest! {
        #[test]
        fn the_split_is_exact_aligned_and_minimal(
            vpage in 0u64..2048, same in any::<bool>(), ppage in 0u64..2048, pages in 0u64..1500,
        ) {
            let vaddr = vpage * 4096;
            let paddr = if same { vaddr + (4 << 20) } else { ppage * 4096 };
            let pieces: Vec<Piece> = split(vaddr, paddr, pages * 4096).collect();
            let mut end = 0;
            for piece in &pieces {
                prop_assert_eq!(piece.offset, end);
                prop_assert!((PAGE_BITS..=LARGE_PAGE_BITS).contains(&piece.bits));
                let size = 1u64 << piece.bits;
                prop_assert_eq!((vaddr + end) % size, 0);
                prop_assert_eq!((paddr + end) % size, 0);
                end += size;
            }
            prop_assert_eq!(end, pages * 4096);
            prop_assert_eq!(pieces.len(), fewest(vaddr, paddr, pages));
        }
    }
}
