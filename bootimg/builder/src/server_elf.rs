//! A server's ELF file as the archive carries it.
//!
//! `init` maps text and read-only data of a server straight from the archive, so that the file's pages are the memory's
//! pages: each loadable segment must start on a page of the file and of memory. [`flatten`] checks that, with the checks
//! that the loader makes, and drops what is never mapped: symbols, debug information, section headers. Addresses and
//! offsets stay as they are, so that the unstripped file still describes the running program to a debugger.

use std::fmt;

use bootimg_layout::elf::{self, Image};
use object::LittleEndian as LE;
use object::elf::{FileHeader64, PT_LOAD, SHF_ALLOC};
use object::read::elf::{FileHeader, ProgramHeader, SectionHeader};
use protocol::abi::layout::{PAGE_SIZE, USER_BOTTOM, USER_TOP};

/// Why a server's ELF file cannot be booted from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// The file, as the caller names it.
    pub file: String,
    /// What is wrong.
    pub reason: Reason,
}

/// What is wrong with a server's ELF file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The loader would refuse it. The section is the first in the segment that it complains of.
    Refused(elf::Error, Option<String>),
    /// A segment does not start on a page in the file and in memory.
    Unaligned {
        /// Program header.
        segment: usize,
        /// The first section in it, if the file still has section headers.
        section: Option<String>,
        /// Offset in the file.
        offset: u64,
        /// Address.
        vaddr: u64,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = |section: &Option<String>| match section {
            Some(section) => format!(" (section {section})"),
            None => String::new(),
        };
        match &self.reason {
            Reason::Refused(error, section) => {
                write!(f, "{} {error}{}", self.file, named(section))
            }
            Reason::Unaligned {
                segment,
                section,
                offset,
                vaddr,
            } => write!(
                f,
                "{}: segment {segment}{} is at file offset {offset:#x} and address {vaddr:#x}; both \
                 must be multiples of {PAGE_SIZE} (is it linked with libnda/server.ld?)",
                self.file,
                named(section)
            ),
        }
    }
}

impl std::error::Error for Error {}

/// Checks `bytes`, the ELF file called `file`, and returns what the archive carries of it.
pub fn flatten(file: &str, bytes: &[u8]) -> Result<Vec<u8>, Error> {
    let failure = |reason| Error {
        file: file.to_string(),
        reason,
    };
    let image = Image::check(bytes, USER_BOTTOM..USER_TOP).map_err(|error| {
        let section = refused_segment(&error).and_then(|segment| first_section(bytes, segment));
        failure(Reason::Refused(error, section))
    })?;
    let header =
        headers(bytes).ok_or_else(|| failure(Reason::Refused(elf::Error::BadHeaders, None)))?;

    let mut flat = bytes[..header.end].to_vec();
    // ELF header: e_shoff, e_shnum and e_shstrndx say that there are no sections.
    flat[40..48].fill(0);
    flat[60..64].fill(0);
    for segment in &image.segments {
        if !segment.file.start.is_multiple_of(PAGE_SIZE as usize) || segment.head != 0 {
            return Err(failure(Reason::Unaligned {
                segment: segment.index,
                section: first_section(bytes, segment.index),
                offset: segment.file.start as u64,
                vaddr: segment.vaddr + segment.head as u64,
            }));
        }
        flat.resize(flat.len().max(segment.file.end), 0);
        flat[segment.file.clone()].copy_from_slice(&bytes[segment.file.clone()]);
    }
    if image.segments.iter().any(|segment| segment.file.start == 0) {
        // The headers are part of a segment; the section fields above were zeroed before it was copied.
        flat[40..48].fill(0);
        flat[60..64].fill(0);
    }
    Ok(flat)
}

/// The bytes from the file's start to the end of its program headers, in a file that [`Image::check`] accepted.
fn headers(bytes: &[u8]) -> Option<std::ops::Range<usize>> {
    let header = FileHeader64::<LE>::parse(bytes).ok()?;
    let len = u64::from(header.e_phnum(LE)) * u64::from(header.e_phentsize(LE));
    let end = usize::try_from(header.e_phoff(LE).checked_add(len)?).ok()?;
    (end >= size_of::<FileHeader64<LE>>() && end <= bytes.len()).then_some(0..end)
}

fn refused_segment(error: &elf::Error) -> Option<usize> {
    match *error {
        elf::Error::NeedsRuntime { segment }
        | elf::Error::BadFileRange { segment }
        | elf::Error::OutsideWindow { segment, .. }
        | elf::Error::WritableAndExecutable { segment }
        | elf::Error::Overlap { segment } => Some(segment),
        _ => None,
    }
}

/// The name of the first section that lies in program header `segment`.
fn first_section(bytes: &[u8], segment: usize) -> Option<String> {
    let header = FileHeader64::<LE>::parse(bytes).ok()?;
    let program = header.program_headers(LE, bytes).ok()?.get(segment)?;
    let start = program.p_vaddr(LE);
    let end = start.checked_add(program.p_memsz(LE))?;
    let is_load = program.p_type(LE) == PT_LOAD;
    let sections = header.sections(LE, bytes).ok()?;
    let section = sections.iter().find(|section| {
        let is_mapped = section.sh_flags(LE).0 & SHF_ALLOC.0 != 0;
        is_load && is_mapped && (start..end).contains(&section.sh_addr(LE))
    })?;
    let name = sections.section_name(LE, section).ok()?;
    Some(String::from_utf8_lossy(name).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server with headers, text and data, a symbol-like tail and the given segment offsets and flags.
    fn server(text_offset: u64, data_flags: u32) -> Vec<u8> {
        let mut file = vec![0xEE_u8; 0x4000];
        file[..64].fill(0);
        file[..8].copy_from_slice(&[0x7f, b'E', b'L', b'F', 2, 1, 1, 0]);
        for (at, value) in [(16, 2_u64), (18, 62), (52, 64), (54, 56), (56, 2)] {
            file[at..at + 2].copy_from_slice(&value.to_le_bytes()[..2]);
        }
        file[20] = 1;
        file[24..32].copy_from_slice(&0x40_0000_u64.to_le_bytes());
        file[32] = 64;
        let loads = [
            [
                1 | 5 << 32,
                text_offset,
                0x40_0000 + text_offset % 4096,
                0,
                0x800,
                0x800,
                0x1000,
            ],
            [
                1 | u64::from(data_flags) << 32,
                0x2000,
                0x40_2000,
                0,
                0x10,
                0x5000,
                0x1000,
            ],
        ];
        for (index, words) in loads.iter().enumerate() {
            for (word, value) in words.iter().enumerate() {
                let at = 64 + index * 56 + word * 8;
                file[at..at + 8].copy_from_slice(&value.to_le_bytes());
            }
        }
        file
    }

    #[test]
    fn flattening_keeps_segments_and_drops_the_rest() {
        let file = server(0x1000, 6);
        let flat = flatten("hello", &file).expect("flat");
        assert_eq!(flat.len(), 0x2010);
        assert_eq!(flat[0x1000..0x1800], file[0x1000..0x1800]);
        assert!(flat[0x1800..0x2000].iter().all(|&byte| byte == 0));
        let before = Image::check(&file, USER_BOTTOM..USER_TOP).expect("sound");
        let after = Image::check(&flat, USER_BOTTOM..USER_TOP).expect("sound");
        assert_eq!(before, after);
    }

    #[test]
    fn a_segment_off_its_page_is_refused_by_name() {
        // The entry point moves with the text.
        let mut file = server(0x1010, 6);
        file[24..32].copy_from_slice(&0x40_0010_u64.to_le_bytes());
        let error = flatten("hello", &file).expect_err("unaligned");
        assert!(matches!(error.reason, Reason::Unaligned { segment: 0, .. }));
        assert!(error.to_string().contains("hello: segment 0"), "{error}");
        assert!(error.to_string().contains("0x1010"), "{error}");
    }

    #[test]
    fn a_writable_and_executable_segment_is_refused() {
        let error = flatten("hello", &server(0x1000, 7)).expect_err("W^X");
        let expected = elf::Error::WritableAndExecutable { segment: 1 };
        assert_eq!(error.reason, Reason::Refused(expected, None));
    }

    #[test]
    fn no_cut_panics() {
        let file = server(0x1000, 6);
        for len in (0..file.len()).step_by(61) {
            let _outcome_does_not_matter = flatten("hello", &file[..len]);
        }
    }
}
