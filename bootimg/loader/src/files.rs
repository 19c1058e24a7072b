//! Files on the partition that the loader was started from.

use alloc::vec::Vec;

use bootimg_layout::archive;
use protocol::abi::boot_info::archive::HEADER_LEN;
use uefi::boot;
use uefi::data_types::CString16;
use uefi::proto::media::file::{Directory, File, FileAttribute, FileInfo, FileMode, RegularFile};
use uefi::{Status, proto::media::fs::SimpleFileSystem};

use crate::error::Error;
use crate::memory::Pages;

/// The most that is read into pool memory; kernels are far smaller, debug information included.
const FILE_LEN_MAX: u64 = 64 << 20;

/// The opened boot volume.
pub struct Volume {
    root: Directory,
    /// Keeps the protocol open as long as the directory is used.
    _file_system: boot::ScopedProtocol<SimpleFileSystem>,
}

impl Volume {
    /// Opens the volume that holds this program.
    pub fn open() -> Result<Self, Error> {
        let mut file_system = boot::get_image_file_system(boot::image_handle())
            .map_err(|error| Error::Volume(error.status()))?;
        let root = file_system
            .open_volume()
            .map_err(|error| Error::Volume(error.status()))?;
        Ok(Self {
            root,
            _file_system: file_system,
        })
    }

    /// Reads a whole file into pool memory.
    pub fn read(&mut self, path: &'static str) -> Result<Vec<u8>, Error> {
        let (mut file, len) = self.open_file(path)?;
        if len > FILE_LEN_MAX {
            return Err(Error::TooLarge { path, len });
        }
        let mut bytes = Vec::new();
        bytes
            .try_reserve_exact(len as usize)
            .map_err(|_| Error::TooLarge { path, len })?;
        bytes.resize(len as usize, 0);
        read_exact(&mut file, &mut bytes, path)?;
        Ok(bytes)
    }

    /// Reads an archive into power-of-two memory that stays.
    ///
    /// The header's length decides how much memory that is; a file shorter than it is an error, a longer one is cut.
    pub fn read_archive(&mut self, path: &'static str) -> Result<Pages, Error> {
        let (mut file, len) = self.open_file(path)?;
        let mut header = [0; HEADER_LEN];
        let start = header.len().min(usize::try_from(len).unwrap_or(usize::MAX));
        read_exact(&mut file, &mut header[..start], path)?;
        let expected = archive::stated_len(&header[..start]).map_err(Error::Archive)?;
        if expected > len {
            let error = archive::Error::Truncated {
                expected,
                found: len,
            };
            return Err(Error::Archive(error));
        }
        let mut pages = Pages::allocate_power_of_two(expected, "the boot archive")?;
        // `expected` bytes fit: the pages are at least that many.
        let content = &mut pages.bytes_mut()[..expected as usize];
        content[..HEADER_LEN].copy_from_slice(&header);
        read_exact(&mut file, &mut content[HEADER_LEN..], path)?;
        Ok(pages)
    }

    fn open_file(&mut self, path: &'static str) -> Result<(RegularFile, u64), Error> {
        let failure = |error: uefi::Error| match error.status() {
            Status::NOT_FOUND => Error::Missing(path),
            status => Error::Read { path, status },
        };
        // Paths are constants of this crate without characters outside UCS-2.
        let name = CString16::try_from(path).map_err(|_| Error::Missing(path))?;
        let handle = self
            .root
            .open(&name, FileMode::Read, FileAttribute::empty())
            .map_err(failure)?;
        let mut file = handle.into_regular_file().ok_or(Error::Missing(path))?;
        let len = file
            .get_boxed_info::<FileInfo>()
            .map_err(failure)?
            .file_size();
        Ok((file, len))
    }
}

fn read_exact(file: &mut RegularFile, bytes: &mut [u8], path: &'static str) -> Result<(), Error> {
    let read = file.read(bytes).map_err(|error| Error::Read {
        path,
        status: error.status(),
    })?;
    if read == bytes.len() {
        Ok(())
    } else {
        Err(Error::Read {
            path,
            status: Status::END_OF_FILE,
        })
    }
}
