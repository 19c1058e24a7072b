//! The boot archive as the loader reads it (format: [`protocol::abi::boot_info::archive`]).
//!
//! [`Archive::check`] is the only constructor: it looks at every length, offset and name once and compares the hash over
//! the whole content, so that everything it hands out afterwards lies inside the bytes and is what the builder wrote.
//!
//! Decided against: checking each file's own hash here as well. The archive hash covers the files and the table that
//! holds their hashes; hashing twice would only cost boot time.

use core::fmt;

use protocol::abi::boot_info::archive::{
    ARCHIVE_MAGIC, ENTRIES_MAX, ENTRY_LEN, HEADER_LEN, NAME_LEN_MAX,
};
use protocol::abi::layout::PAGE_SIZE;

/// The archive file that holds the BLAKE3 of the kernel's ELF file, 32 bytes: loader and kernel come from one build.
pub const KERNEL_HASH_NAME: &str = "kernel.b3";
/// The archive file that holds the first server's ELF image.
pub const INIT_NAME: &str = "init";
/// Bytes of a BLAKE3 hash.
pub const HASH_LEN: usize = 32;

/// Why a boot archive is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The file is shorter than its header, or than the length in its header.
    Truncated {
        /// Bytes that there should be.
        expected: u64,
        /// Bytes that there are.
        found: u64,
    },
    /// The first eight bytes are not [`ARCHIVE_MAGIC`].
    NotAnArchive,
    /// The header's total length is not a multiple of 4096.
    OddLength(u64),
    /// More than [`ENTRIES_MAX`] files.
    TooManyFiles(u32),
    /// The content does not have the hash that the header states.
    HashMismatch,
    /// A file's name is empty, not UTF-8 or has bytes after its end.
    BadName {
        /// Position in the table.
        index: usize,
    },
    /// Two files have one name.
    DuplicateName {
        /// Position of the second in the table.
        index: usize,
    },
    /// A file's content is unaligned, overlaps the table or ends after the archive.
    BadExtent {
        /// Position in the table.
        index: usize,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Truncated { expected, found } => {
                write!(f, "is cut short: {found} of {expected} bytes")
            }
            Self::NotAnArchive => write!(f, "is not a boot archive (wrong magic)"),
            Self::OddLength(len) => write!(f, "states a length of {len}, not a multiple of 4096"),
            Self::TooManyFiles(count) => {
                write!(f, "states {count} files, more than {ENTRIES_MAX}")
            }
            Self::HashMismatch => write!(f, "is corrupt: its BLAKE3 hash does not match"),
            Self::BadName { index } => write!(f, "has a malformed name in entry {index}"),
            Self::DuplicateName { index } => write!(f, "has a name twice, again in entry {index}"),
            Self::BadExtent { index } => write!(f, "has an impossible extent in entry {index}"),
        }
    }
}

impl core::error::Error for Error {}

/// A checked archive.
#[derive(Clone, Copy, Debug)]
pub struct Archive<'a> {
    /// Exactly the archive: what comes after the stated length is cut off.
    bytes: &'a [u8],
    count: usize,
}

/// One file of a checked archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct File<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its content.
    pub bytes: &'a [u8],
    /// Where the content starts in the archive, a multiple of 4096.
    pub offset: u64,
    /// BLAKE3 of the content.
    pub hash: [u8; HASH_LEN],
}

impl<'a> Archive<'a> {
    /// Checks `bytes`, which may be longer than the archive that they start with.
    ///
    /// Hashes the whole content once; the rest is linear in the number of files, the search for duplicate names
    /// quadratic with [`ENTRIES_MAX`] as its bound.
    pub fn check(bytes: &'a [u8]) -> Result<Self, Error> {
        let (total_len, count) = header(bytes)?;
        let found = bytes.len() as u64;
        let bytes = usize::try_from(total_len)
            .ok()
            .and_then(|len| bytes.get(..len));
        let bytes = bytes.ok_or(Error::Truncated {
            expected: total_len,
            found,
        })?;

        let table_len = HEADER_LEN + count * ENTRY_LEN;
        if bytes.len() < table_len {
            return Err(Error::Truncated {
                expected: table_len as u64,
                found: total_len,
            });
        }
        if blake3::hash(&bytes[HEADER_LEN..]).as_bytes()[..] != bytes[24..24 + HASH_LEN] {
            return Err(Error::HashMismatch);
        }
        let archive = Self { bytes, count };
        for index in 0..count {
            let file = archive.entry(index)?;
            if file.offset < table_len as u64 && !file.bytes.is_empty() {
                return Err(Error::BadExtent { index });
            }
            for earlier in 0..index {
                if archive.entry(earlier)?.name == file.name {
                    return Err(Error::DuplicateName { index });
                }
            }
        }
        Ok(archive)
    }

    /// Bytes of the archive.
    pub fn total_len(&self) -> u64 {
        self.bytes.len() as u64
    }

    /// The files, in the order of the table.
    pub fn files(&self) -> impl Iterator<Item = File<'a>> + use<'a> {
        let archive = *self;
        // `check` has read each entry, so none fails here.
        (0..self.count).filter_map(move |index| archive.entry(index).ok())
    }

    /// The file called `name`.
    pub fn file(&self, name: &str) -> Option<File<'a>> {
        self.files().find(|file| file.name == name)
    }

    fn entry(&self, index: usize) -> Result<File<'a>, Error> {
        let start = HEADER_LEN + index * ENTRY_LEN;
        let entry = self
            .bytes
            .get(start..start + ENTRY_LEN)
            .ok_or(Error::BadExtent { index })?;
        let name = name(&entry[..NAME_LEN_MAX]).ok_or(Error::BadName { index })?;
        let (offset, len) = (u64_at(entry, 32), u64_at(entry, 40));
        let mut hash = [0; HASH_LEN];
        hash.copy_from_slice(&entry[48..48 + HASH_LEN]);

        let end = offset
            .checked_add(len)
            .filter(|&end| end <= self.bytes.len() as u64);
        match end {
            Some(end) if offset.is_multiple_of(PAGE_SIZE) => Ok(File {
                name,
                bytes: &self.bytes[offset as usize..end as usize],
                offset,
                hash,
            }),
            _ => Err(Error::BadExtent { index }),
        }
    }
}

/// Reads the length that an archive states, from its first [`HEADER_LEN`] bytes and without trusting the rest.
///
/// The loader sizes its memory by this before it has read the file.
pub fn stated_len(bytes: &[u8]) -> Result<u64, Error> {
    header(bytes).map(|(total_len, _)| total_len)
}

/// The total length and the number of files.
fn header(bytes: &[u8]) -> Result<(u64, usize), Error> {
    let found = bytes.len() as u64;
    if bytes.len() < HEADER_LEN {
        return Err(Error::Truncated {
            expected: HEADER_LEN as u64,
            found,
        });
    }
    if u64_at(bytes, 0) != ARCHIVE_MAGIC {
        return Err(Error::NotAnArchive);
    }
    let count = (u64_at(bytes, 8) & 0xffff_ffff) as u32;
    let total_len = u64_at(bytes, 16);
    if !total_len.is_multiple_of(PAGE_SIZE) || total_len == 0 {
        return Err(Error::OddLength(total_len));
    }
    if count as usize > ENTRIES_MAX {
        return Err(Error::TooManyFiles(count));
    }
    Ok((total_len, count as usize))
}

/// The name in a zero-padded field; nothing but zeros may follow it.
fn name(field: &[u8]) -> Option<&str> {
    let len = field
        .iter()
        .position(|&byte| byte == 0)
        .unwrap_or(field.len());
    let (name, padding) = field.split_at(len);
    if name.is_empty() || padding.iter().any(|&byte| byte != 0) {
        return None;
    }
    core::str::from_utf8(name).ok()
}

/// The little-endian word at `offset`, which the caller has checked to lie inside `bytes`.
fn u64_at(bytes: &[u8], offset: usize) -> u64 {
    let mut word = [0; 8];
    word.copy_from_slice(&bytes[offset..offset + 8]);
    u64::from_le_bytes(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An archive written by hand, so that reader and writer are not checked against each other alone.
    fn sample() -> Vec<u8> {
        let mut bytes = vec![0; 3 * 4096];
        bytes[4096..4101].copy_from_slice(b"hello");
        bytes[8192..8195].copy_from_slice(b"abc");
        for (index, (name, offset, len)) in [("one", 4096u64, 5u64), ("two", 8192, 3)]
            .into_iter()
            .enumerate()
        {
            let at = HEADER_LEN + index * ENTRY_LEN;
            bytes[at..at + name.len()].copy_from_slice(name.as_bytes());
            bytes[at + 32..at + 40].copy_from_slice(&offset.to_le_bytes());
            bytes[at + 40..at + 48].copy_from_slice(&len.to_le_bytes());
        }
        bytes[..8].copy_from_slice(&ARCHIVE_MAGIC.to_le_bytes());
        bytes[8..12].copy_from_slice(&2u32.to_le_bytes());
        let len = bytes.len() as u64;
        bytes[16..24].copy_from_slice(&len.to_le_bytes());
        seal(bytes)
    }

    fn seal(mut bytes: Vec<u8>) -> Vec<u8> {
        let hash = blake3::hash(&bytes[HEADER_LEN..]);
        bytes[24..56].copy_from_slice(hash.as_bytes());
        bytes
    }

    #[test]
    fn a_sound_archive_yields_its_files() {
        let bytes = sample();
        let archive = Archive::check(&bytes).expect("sound");
        assert_eq!(
            archive.file("one").map(|file| file.bytes),
            Some(&b"hello"[..])
        );
        assert_eq!(archive.file("two").map(|file| file.offset), Some(8192));
        assert_eq!(archive.file("three"), None);
        assert_eq!(archive.files().count(), 2);
    }

    #[test]
    fn what_follows_the_archive_is_ignored() {
        let mut bytes = sample();
        bytes.resize(4 * 4096, 0xaa);
        assert_eq!(Archive::check(&bytes).expect("sound").total_len(), 3 * 4096);
    }

    #[test]
    fn a_flipped_bit_anywhere_is_noticed() {
        let good = sample();
        for at in (0..good.len()).step_by(7) {
            let mut bad = good.clone();
            bad[at] ^= 4;
            // Bytes 12..16 and 56..64 are reserved header fields that nothing depends on.
            if !(12..16).contains(&at) && !(56..64).contains(&at) {
                assert!(
                    Archive::check(&bad).is_err(),
                    "bit flip at {at} went unnoticed"
                );
            }
        }
    }

    #[test]
    fn every_cut_is_noticed() {
        let good = sample();
        for len in [0, 1, 8, 63, 64, 100, 4095, 4096, 8191, 12_287] {
            let error = Archive::check(&good[..len]).expect_err("cut short");
            assert!(matches!(error, Error::Truncated { .. }), "{len}: {error:?}");
        }
    }

    #[test]
    fn hostile_entries_with_a_right_hash_are_refused() {
        let entry = HEADER_LEN;
        let cases: [(usize, u64, Error); 5] = [
            (entry + 32, u64::MAX - 4095, Error::BadExtent { index: 0 }),
            (entry + 32, 4097, Error::BadExtent { index: 0 }),
            (entry + 32, 0, Error::BadExtent { index: 0 }),
            (entry + 40, u64::MAX, Error::BadExtent { index: 0 }),
            (entry, 0, Error::BadName { index: 0 }),
        ];
        for (at, value, expected) in cases {
            let mut bytes = sample();
            bytes[at..at + 8].copy_from_slice(&value.to_le_bytes());
            assert_eq!(Archive::check(&seal(bytes)).expect_err("hostile"), expected);
        }
        let mut twice = sample();
        twice.copy_within(entry..entry + 8, entry + ENTRY_LEN);
        assert_eq!(
            Archive::check(&seal(twice)).expect_err("hostile"),
            Error::DuplicateName { index: 1 }
        );
    }

    #[test]
    fn hostile_headers_are_refused() {
        let mut many = sample();
        many[8..12].copy_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(
            Archive::check(&many).expect_err("hostile"),
            Error::TooManyFiles(u32::MAX)
        );
        let mut long = sample();
        long[16..24].copy_from_slice(&(u64::MAX - 4095).to_le_bytes());
        assert!(matches!(
            Archive::check(&long),
            Err(Error::Truncated { .. })
        ));
        let mut empty = sample();
        empty[16..24].fill(0);
        assert_eq!(
            Archive::check(&empty).expect_err("hostile"),
            Error::OddLength(0)
        );
    }
}
