//! The boot archive writer (format: [`protocol::abi::boot_info::archive`]; reader: [`bootimg_layout::archive`]).

use std::fmt;

use bootimg_layout::archive::{HASH_LEN, KERNEL_HASH_NAME};
use protocol::abi::boot_info::archive::{
    ARCHIVE_MAGIC, ENTRIES_MAX, ENTRY_LEN, HEADER_LEN, NAME_LEN_MAX,
};
use protocol::abi::layout::PAGE_SIZE;

/// Why an archive cannot be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// A name is empty, longer than [`NAME_LEN_MAX`] bytes or contains a zero byte.
    BadName(String),
    /// Two files have this name.
    DuplicateName(String),
    /// More than [`ENTRIES_MAX`] files.
    TooManyFiles(usize),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadName(name) => write!(
                f,
                "{name:?} cannot name an archive file: 1 to {NAME_LEN_MAX} bytes, none of them zero"
            ),
            Self::DuplicateName(name) => write!(f, "the archive would hold {name:?} twice"),
            Self::TooManyFiles(count) => {
                write!(
                    f,
                    "{count} files do not fit in the archive: at most {ENTRIES_MAX}"
                )
            }
        }
    }
}

impl std::error::Error for Error {}

/// An archive in the making: files in the order in which they were added.
#[derive(Clone, Debug, Default)]
pub struct Writer {
    files: Vec<(String, Vec<u8>)>,
}

impl Writer {
    /// Starts an archive that belongs to `kernel`, the kernel's ELF file: the loader accepts no other with it.
    pub fn for_kernel(kernel: &[u8]) -> Self {
        let hash = blake3::hash(kernel).as_bytes().to_vec();
        Self {
            files: vec![(KERNEL_HASH_NAME.to_string(), hash)],
        }
    }

    /// Adds a file.
    ///
    /// Errors: [`Error::BadName`], [`Error::DuplicateName`], [`Error::TooManyFiles`].
    pub fn add(&mut self, name: &str, content: Vec<u8>) -> Result<(), Error> {
        if name.is_empty() || name.len() > NAME_LEN_MAX || name.contains('\0') {
            return Err(Error::BadName(name.to_string()));
        }
        if self.files.iter().any(|(existing, _)| existing == name) {
            return Err(Error::DuplicateName(name.to_string()));
        }
        if self.files.len() == ENTRIES_MAX {
            return Err(Error::TooManyFiles(ENTRIES_MAX + 1));
        }
        self.files.push((name.to_string(), content));
        Ok(())
    }

    /// The archive's bytes.
    pub fn finish(&self) -> Vec<u8> {
        let mut bytes = vec![0; HEADER_LEN + self.files.len() * ENTRY_LEN];
        pad(&mut bytes);
        for (index, (name, content)) in self.files.iter().enumerate() {
            let entry = entry(name, bytes.len() as u64, content);
            let at = HEADER_LEN + index * ENTRY_LEN;
            bytes[at..at + ENTRY_LEN].copy_from_slice(&entry);
            bytes.extend_from_slice(content);
            pad(&mut bytes);
        }
        bytes[..8].copy_from_slice(&ARCHIVE_MAGIC.to_le_bytes());
        bytes[8..12].copy_from_slice(&(self.files.len() as u32).to_le_bytes());
        let total_len = bytes.len() as u64;
        bytes[16..24].copy_from_slice(&total_len.to_le_bytes());
        let hash = blake3::hash(&bytes[HEADER_LEN..]);
        bytes[24..24 + HASH_LEN].copy_from_slice(hash.as_bytes());
        bytes
    }
}

fn entry(name: &str, offset: u64, content: &[u8]) -> [u8; ENTRY_LEN] {
    let mut entry = [0; ENTRY_LEN];
    entry[..name.len()].copy_from_slice(name.as_bytes());
    entry[32..40].copy_from_slice(&offset.to_le_bytes());
    entry[40..48].copy_from_slice(&(content.len() as u64).to_le_bytes());
    entry[48..48 + HASH_LEN].copy_from_slice(blake3::hash(content).as_bytes());
    entry
}

fn pad(bytes: &mut Vec<u8>) {
    bytes.resize(bytes.len().next_multiple_of(PAGE_SIZE as usize), 0);
}

#[cfg(test)]
mod tests {
    use super::*;
    use bootimg_layout::archive::Archive;

    #[test]
    fn the_loader_reads_back_what_was_written() {
        let mut writer = Writer::for_kernel(b"kernel");
        writer.add("init", vec![7; 5000]).expect("added");
        writer.add("empty", Vec::new()).expect("added");
        writer
            .add(&"n".repeat(NAME_LEN_MAX), vec![1])
            .expect("added");
        let bytes = writer.finish();

        let archive = Archive::check(&bytes).expect("sound");
        assert_eq!(archive.files().count(), 4);
        assert_eq!(
            archive.file("init").map(|file| file.bytes.len()),
            Some(5000)
        );
        assert_eq!(archive.file("empty").map(|file| file.bytes.len()), Some(0));
        for file in archive.files() {
            assert_eq!(&file.hash, blake3::hash(file.bytes).as_bytes());
        }
        let kernel = archive.file(KERNEL_HASH_NAME).expect("kernel hash");
        assert_eq!(kernel.bytes, &blake3::hash(b"kernel").as_bytes()[..]);
    }

    #[test]
    fn equal_files_make_equal_archives() {
        let make = || {
            let mut writer = Writer::for_kernel(b"kernel");
            writer.add("init", vec![7; 5000]).expect("added");
            writer.finish()
        };
        assert_eq!(make(), make());
    }

    #[test]
    fn names_that_the_format_cannot_hold_are_refused() {
        let mut writer = Writer::default();
        for name in ["", "a\0b", &"n".repeat(NAME_LEN_MAX + 1)] {
            assert_eq!(
                writer.add(name, Vec::new()),
                Err(Error::BadName(name.to_string()))
            );
        }
        writer.add("one", Vec::new()).expect("added");
        let twice = Err(Error::DuplicateName("one".to_string()));
        assert_eq!(writer.add("one", Vec::new()), twice);
    }

    #[test]
    fn more_files_than_the_format_holds_are_refused() {
        let mut writer = Writer::default();
        for index in 0..ENTRIES_MAX {
            writer.add(&index.to_string(), Vec::new()).expect("added");
        }
        let full = Err(Error::TooManyFiles(ENTRIES_MAX + 1));
        assert_eq!(writer.add("last", Vec::new()), full);
        assert!(Archive::check(&writer.finish()).is_ok());
    }
}
