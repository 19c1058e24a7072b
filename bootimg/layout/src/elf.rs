//! Executables: checked once, then a list of segments that can be laid out without looking at the file's claims again.
//!
//! Only what this system links is accepted: 64-bit little-endian x86-64, statically linked at a fixed address
//! (`ET_EXEC`), no interpreter, no relocations, and no segment that is writable and executable at once.
//!
//! Invariants of an [`Image`]: segments are sorted by address; no two share a page; each lies inside the window that the
//! caller allows; each file range lies inside the file; the entry point lies in an executable segment.
//!
//! Decided against: relocatable images. Address-space randomisation would need relocation processing in the loader and
//! in `init`, on bytes that are mapped straight from the archive and shared.

use core::fmt;
use core::ops::Range;

use alloc::vec::Vec;
use object::LittleEndian as LE;
use object::elf::{
    EM_X86_64, ET_EXEC, FileHeader64, PF_W, PF_X, PT_DYNAMIC, PT_INTERP, PT_LOAD, PT_TLS,
};
use object::read::elf::{FileHeader, ProgramHeader};
use protocol::abi::layout::PAGE_SIZE;

/// The most loadable segments of one image; the linker scripts make three or four.
pub const SEGMENTS_MAX: usize = 8;
/// The largest image, all segments and the gaps between them: far above any server, far below address arithmetic limits.
pub const IMAGE_LEN_MAX: u64 = 256 << 20;

/// ELF `p_flags` bit: executable.
pub const FLAG_EXECUTE: u32 = 1;
/// ELF `p_flags` bit: writable.
pub const FLAG_WRITE: u32 = 2;
/// ELF `p_flags` bit: readable.
pub const FLAG_READ: u32 = 4;

/// Why an executable is refused. Segments are numbered as `readelf -l` lists them, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// No ELF header, or one for another word size or byte order.
    NotElf64,
    /// Made for another processor.
    NotX86_64,
    /// Not `ET_EXEC`: a shared object, position-independent executable or object file.
    NotStatic,
    /// Names an interpreter, asks for dynamic linking or has thread-local storage, none of which exists here.
    NeedsRuntime {
        /// Program header.
        segment: usize,
    },
    /// The program headers lie outside the file.
    BadHeaders,
    /// Nothing to load.
    NoSegments,
    /// More than [`SEGMENTS_MAX`] segments.
    TooManySegments,
    /// Segment content outside the file, or more of it than memory.
    BadFileRange {
        /// Program header.
        segment: usize,
    },
    /// Segment outside the addresses that this kind of image may use.
    OutsideWindow {
        /// Program header.
        segment: usize,
        /// Its address.
        vaddr: u64,
    },
    /// Writable and executable at once.
    WritableAndExecutable {
        /// Program header.
        segment: usize,
    },
    /// Two segments share a page or are out of order.
    Overlap {
        /// The second of the two.
        segment: usize,
    },
    /// From first to last byte more than [`IMAGE_LEN_MAX`].
    TooLarge(u64),
    /// The entry point is in no executable segment.
    BadEntry(u64),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::NotElf64 => write!(f, "is not a 64-bit little-endian ELF file"),
            Self::NotX86_64 => write!(f, "is not for x86-64"),
            Self::NotStatic => write!(f, "is not linked statically at a fixed address (ET_EXEC)"),
            Self::NeedsRuntime { segment } => {
                write!(
                    f,
                    "needs a dynamic linker or thread-local storage (segment {segment})"
                )
            }
            Self::BadHeaders => write!(f, "has program headers outside the file"),
            Self::NoSegments => write!(f, "has no segment to load"),
            Self::TooManySegments => write!(f, "has more than {SEGMENTS_MAX} segments to load"),
            Self::BadFileRange { segment } => {
                write!(
                    f,
                    "is cut short or corrupt: segment {segment} lies outside the file"
                )
            }
            Self::OutsideWindow { segment, vaddr } => {
                write!(
                    f,
                    "has segment {segment} at {vaddr:#x}, outside its address range"
                )
            }
            Self::WritableAndExecutable { segment } => {
                write!(f, "has segment {segment} both writable and executable")
            }
            Self::Overlap { segment } => {
                write!(
                    f,
                    "has segment {segment} on the same page as an earlier one, or before it"
                )
            }
            Self::TooLarge(len) => write!(f, "spans {len} bytes, more than {IMAGE_LEN_MAX}"),
            Self::BadEntry(entry) => write!(f, "enters at {entry:#x}, which is not executable"),
        }
    }
}

impl core::error::Error for Error {}

/// A checked executable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// What to load, by rising address.
    pub segments: Vec<Segment>,
    /// Where it starts.
    pub entry: u64,
}

/// A segment of a checked executable, widened to whole pages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Position among the program headers.
    pub index: usize,
    /// First address, page-aligned.
    pub vaddr: u64,
    /// Bytes in memory, a multiple of 4096.
    pub len: u64,
    /// Where the file's bytes start within the segment, below 4096.
    pub head: usize,
    /// The bytes in the file.
    pub file: Range<usize>,
    /// [`FLAG_EXECUTE`], [`FLAG_WRITE`], [`FLAG_READ`]; never the first two together.
    pub flags: u32,
}

impl Image {
    /// Checks `bytes` and plans its segments, all of which must lie in `window`.
    pub fn check(bytes: &[u8], window: Range<u64>) -> Result<Self, Error> {
        let header = FileHeader64::<LE>::parse(bytes).map_err(|_| Error::NotElf64)?;
        let endian = header.endian().map_err(|_| Error::NotElf64)?;
        if header.e_machine(endian) != EM_X86_64 {
            return Err(Error::NotX86_64);
        }
        if header.e_type(endian) != ET_EXEC {
            return Err(Error::NotStatic);
        }
        let headers = header
            .program_headers(endian, bytes)
            .map_err(|_| Error::BadHeaders)?;
        let mut segments: Vec<Segment> = Vec::with_capacity(SEGMENTS_MAX);
        for (index, program) in headers.iter().enumerate() {
            let kind = program.p_type(endian);
            if kind == PT_INTERP || kind == PT_DYNAMIC || kind == PT_TLS {
                return Err(Error::NeedsRuntime { segment: index });
            }
            if kind != PT_LOAD || program.p_memsz(endian) == 0 {
                continue;
            }
            let segment = Segment::check(index, program, bytes.len(), &window)?;
            if segments
                .last()
                .is_some_and(|last| last.end() > segment.vaddr)
            {
                return Err(Error::Overlap { segment: index });
            }
            if segments.len() == SEGMENTS_MAX {
                return Err(Error::TooManySegments);
            }
            segments.push(segment);
        }
        let image = Self {
            segments,
            entry: header.e_entry(endian),
        };
        let span = image.span();
        if image.segments.is_empty() {
            return Err(Error::NoSegments);
        }
        if span.end - span.start > IMAGE_LEN_MAX {
            return Err(Error::TooLarge(span.end - span.start));
        }
        let is_code = |segment: &Segment| {
            segment.flags & FLAG_EXECUTE != 0
                && (segment.vaddr..segment.end()).contains(&image.entry)
        };
        if !image.segments.iter().any(is_code) {
            return Err(Error::BadEntry(image.entry));
        }
        Ok(image)
    }

    /// The addresses from the first segment to the end of the last, gaps included.
    pub fn span(&self) -> Range<u64> {
        match (self.segments.first(), self.segments.last()) {
            (Some(first), Some(last)) => first.vaddr..last.end(),
            _ => 0..0,
        }
    }
}

impl Segment {
    /// One past its last address.
    pub fn end(&self) -> u64 {
        self.vaddr + self.len
    }

    /// Lays the segment out in `memory`: the bytes of `file`, zeros before and after.
    ///
    /// `file`: the bytes that [`Image::check`] saw. `memory`: [`Segment::len`] bytes.
    ///
    /// Panics if either is shorter, which is a mistake of the caller and not of the file.
    pub fn lay_out(&self, file: &[u8], memory: &mut [u8]) {
        let content = &file[self.file.clone()];
        let (head, rest) = memory.split_at_mut(self.head);
        let (body, tail) = rest.split_at_mut(content.len());
        head.fill(0);
        body.copy_from_slice(content);
        tail.fill(0);
    }

    fn check(
        index: usize,
        program: &object::elf::ProgramHeader64<LE>,
        file_len: usize,
        window: &Range<u64>,
    ) -> Result<Self, Error> {
        let (vaddr, memory_len) = (program.p_vaddr(LE), program.p_memsz(LE));
        let (offset, content_len) = (program.p_offset(LE), program.p_filesz(LE));
        let content_end = offset
            .checked_add(content_len)
            .filter(|&end| end <= file_len as u64);
        let file = match content_end {
            // Both ends are at most `file_len`, which is a `usize`.
            Some(end) if content_len <= memory_len => offset as usize..end as usize,
            _ => return Err(Error::BadFileRange { segment: index }),
        };

        let outside = Error::OutsideWindow {
            segment: index,
            vaddr,
        };
        let end = vaddr.checked_add(memory_len).ok_or(outside)?;
        let end = end.checked_next_multiple_of(PAGE_SIZE).ok_or(outside)?;
        let head = vaddr % PAGE_SIZE;
        let start = vaddr - head;
        if start < window.start || end > window.end {
            return Err(outside);
        }
        let flags = program.p_flags(LE).0 & (FLAG_EXECUTE | FLAG_WRITE | FLAG_READ);
        if flags & PF_X.0 != 0 && flags & PF_W.0 != 0 {
            return Err(Error::WritableAndExecutable { segment: index });
        }
        Ok(Self {
            index,
            vaddr: start,
            len: end - start,
            head: head as usize,
            file,
            flags,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Range<u64> = 0x40_0000..0x4000_0000;

    #[derive(Clone, Copy)]
    struct Load {
        kind: u32,
        flags: u32,
        offset: u64,
        vaddr: u64,
        file_len: u64,
        memory_len: u64,
    }

    const TEXT: Load = Load {
        kind: 1,
        flags: 5,
        offset: 0x1000,
        vaddr: 0x40_0000,
        file_len: 0x20,
        memory_len: 0x20,
    };
    const BSS: Load = Load {
        kind: 1,
        flags: 6,
        offset: 0x1800,
        vaddr: 0x40_1800,
        file_len: 0x10,
        memory_len: 0x3000,
    };

    /// An ELF file with these program headers, written from the specification (System V gABI, chapters 4 and 5).
    fn elf(loads: &[Load], entry: u64) -> Vec<u8> {
        let mut file = vec![0u8; 0x2000];
        file[..8].copy_from_slice(&[0x7f, b'E', b'L', b'F', 2, 1, 1, 0]);
        file[16..18].copy_from_slice(&2u16.to_le_bytes());
        file[18..20].copy_from_slice(&62u16.to_le_bytes());
        file[20..24].copy_from_slice(&1u32.to_le_bytes());
        file[24..32].copy_from_slice(&entry.to_le_bytes());
        file[32..40].copy_from_slice(&64u64.to_le_bytes());
        file[52..54].copy_from_slice(&64u16.to_le_bytes());
        file[54..56].copy_from_slice(&56u16.to_le_bytes());
        file[56..58].copy_from_slice(&(loads.len() as u16).to_le_bytes());
        for (index, load) in loads.iter().enumerate() {
            let at = 64 + index * 56;
            file[at..at + 4].copy_from_slice(&load.kind.to_le_bytes());
            file[at + 4..at + 8].copy_from_slice(&load.flags.to_le_bytes());
            let words = [
                load.offset,
                load.vaddr,
                load.vaddr,
                load.file_len,
                load.memory_len,
                0x1000,
            ];
            for (word, value) in words.into_iter().enumerate() {
                let at = at + 8 + word * 8;
                file[at..at + 8].copy_from_slice(&value.to_le_bytes());
            }
        }
        file[0x1000..0x1020].fill(0x90);
        file[0x1800..0x1810].fill(0x55);
        file
    }

    fn refusal(loads: &[Load]) -> Error {
        Image::check(&elf(loads, 0x40_0000), WINDOW).expect_err("refused")
    }

    #[test]
    fn a_sound_image_is_planned_in_pages() {
        let image = Image::check(&elf(&[TEXT, BSS], 0x40_0004), WINDOW).expect("sound");
        assert_eq!(image.span(), 0x40_0000..0x40_5000);
        assert_eq!(image.segments[1].vaddr, 0x40_1000);
        assert_eq!(image.segments[1].head, 0x800);
    }

    #[test]
    fn laying_out_zeroes_all_that_the_file_does_not_fill() {
        let file = elf(&[TEXT, BSS], 0x40_0000);
        let image = Image::check(&file, WINDOW).expect("sound");
        let mut memory = vec![0xff; image.segments[1].len as usize];
        image.segments[1].lay_out(&file, &mut memory);
        assert!(memory[..0x800].iter().all(|&byte| byte == 0));
        assert!(memory[0x800..0x810].iter().all(|&byte| byte == 0x55));
        assert!(memory[0x810..].iter().all(|&byte| byte == 0));
    }

    #[test]
    fn other_file_kinds_are_refused() {
        assert_eq!(Image::check(b"", WINDOW), Err(Error::NotElf64));
        assert_eq!(Image::check(&[0; 4096], WINDOW), Err(Error::NotElf64));
        let good = elf(&[TEXT], 0x40_0000);
        for (at, value, expected) in [
            (4, 1, Error::NotElf64),
            (5, 2, Error::NotElf64),
            (18, 183, Error::NotX86_64),
            (16, 3, Error::NotStatic),
        ] {
            let mut bad = good.clone();
            bad[at] = value;
            assert_eq!(Image::check(&bad, WINDOW), Err(expected));
        }
    }

    #[test]
    fn hostile_segments_are_refused() {
        let file_range = Error::BadFileRange { segment: 0 };
        assert_eq!(
            refusal(&[Load {
                offset: u64::MAX,
                ..TEXT
            }]),
            file_range
        );
        assert_eq!(
            refusal(&[Load {
                file_len: 0x10_0000,
                memory_len: 0x10_0000,
                ..TEXT
            }]),
            file_range
        );
        assert_eq!(
            refusal(&[Load {
                file_len: 0x30,
                ..TEXT
            }]),
            file_range
        );
        for vaddr in [
            0,
            0x3f_f000,
            0x3fff_ffff,
            u64::MAX - 1,
            0xffff_8000_0000_0000,
        ] {
            let outside = Error::OutsideWindow { segment: 0, vaddr };
            assert_eq!(refusal(&[Load { vaddr, ..TEXT }]), outside);
        }
        let huge = Load {
            memory_len: u64::MAX - 0x40_0000,
            ..TEXT
        };
        assert!(matches!(refusal(&[huge]), Error::OutsideWindow { .. }));
        let wide = Load {
            memory_len: 0x2000_0000,
            ..TEXT
        };
        assert_eq!(refusal(&[wide]), Error::TooLarge(0x2000_0000));
        assert_eq!(
            refusal(&[Load { flags: 7, ..TEXT }]),
            Error::WritableAndExecutable { segment: 0 }
        );
        assert_eq!(refusal(&[BSS, TEXT]), Error::Overlap { segment: 1 });
        assert_eq!(refusal(&[TEXT, TEXT]), Error::Overlap { segment: 1 });
        for kind in [2, 3, 7] {
            assert_eq!(
                refusal(&[Load { kind, ..TEXT }]),
                Error::NeedsRuntime { segment: 0 }
            );
        }
        assert_eq!(refusal(&[]), Error::NoSegments);
        assert_eq!(
            refusal(&[Load { flags: 4, ..TEXT }]),
            Error::BadEntry(0x40_0000)
        );
        let many: Vec<Load> = (0..9)
            .map(|n| Load {
                vaddr: 0x40_0000 + n * 0x1000,
                ..TEXT
            })
            .collect();
        assert_eq!(refusal(&many), Error::TooManySegments);
    }

    #[test]
    fn no_cut_or_bit_flip_panics() {
        let good = elf(&[TEXT, BSS], 0x40_0000);
        for len in 0..0x200 {
            let _outcome_does_not_matter = Image::check(&good[..len], WINDOW);
        }
        for at in 0..64 + 2 * 56 {
            for bit in 0..8 {
                let mut bad = good.clone();
                bad[at] ^= 1 << bit;
                if let Ok(image) = Image::check(&bad, WINDOW) {
                    for segment in &image.segments {
                        let mut memory = vec![0; segment.len as usize];
                        segment.lay_out(&bad, &mut memory);
                    }
                }
            }
        }
    }
}
