//! Disk images: GPT, a FAT32 EFI system partition, and the partition for the NDA store.
//!
//! Files are sparse where the host's file system can: only blocks with content are written.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Cursor, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::{fmt, str::FromStr};

use fatfs::{FatType, FileSystem, FormatVolumeOptions, FsOptions};
use gpt::GptConfig;
use gpt::disk::LogicalBlockSize;
use gpt::mbr::ProtectiveMBR;
use gpt::partition::Partition;
use gpt::partition_types::{EFI, OperatingSystem, Type};
use uuid::Uuid;

/// The partition type of the NDA store: content-addressed modules and blobs, read and written by the system's own store
/// server alone. Made for this project (a random version 4 UUID), unknown to other systems, which leave it alone.
pub const STORE_TYPE: &str = "6E8D0C3A-5B57-4F0E-9C39-1B7D3A52E4F1";
/// The name of the store partition.
pub const STORE_NAME: &str = "velocity-store";
/// The name of the EFI system partition.
pub const ESP_NAME: &str = "velocity-esp";
/// Bytes of the store partition where nothing else is asked for.
pub const STORE_LEN_DEFAULT: u64 = 64 * MIB;

const MIB: u64 = 1 << 20;
/// Bytes of a logical block. NVMe disks with 4 KiB blocks need another image; every emulator and cloud offers 512.
const BLOCK: u64 = 512;
/// The smallest system partition. FAT32 needs 65,525 clusters (Microsoft FAT specification 1.03, p. 14), here of 512
/// bytes; firmware must read FAT32 there, and need not read FAT16 (UEFI 2.10, 13.3).
const ESP_LEN_MIN: u64 = 40 * MIB;
/// Runs of this many zero bytes are not written.
const HOLE: usize = 64 << 10;

/// Why an image cannot be made or used.
#[derive(Debug)]
pub enum Error {
    /// The image file cannot be written or read.
    Io {
        /// The image.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// The partition table cannot be written or read.
    PartitionTable {
        /// The image.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A disk without the store partition.
    NoStore(PathBuf),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { path, error } => write!(f, "{}: {error}", path.display()),
            Self::PartitionTable { path, reason } => {
                write!(f, "{}: partition table: {reason}", path.display())
            }
            Self::NoStore(path) => write!(
                f,
                "{} has no partition of type {STORE_TYPE}: not a data disk of this system",
                path.display()
            ),
        }
    }
}

impl std::error::Error for Error {}

/// What goes on a bootable disk.
#[derive(Clone, Copy, Debug)]
pub struct System<'a> {
    /// The UEFI loader.
    pub loader: &'a [u8],
    /// The kernel's ELF file.
    pub kernel: &'a [u8],
    /// The boot archive.
    pub archive: &'a [u8],
    /// Bytes of the store partition, 0 for none. Rounded up to whole MiB.
    pub store_len: u64,
}

/// Where a partition lies in an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placement {
    /// Its name.
    pub name: String,
    /// First byte.
    pub offset: u64,
    /// Bytes.
    pub len: u64,
}

/// Writes a bootable image to `path`, over anything that is there.
pub fn write_system(path: &Path, system: &System<'_>) -> Result<Vec<Placement>, Error> {
    let esp = esp(system).map_err(|error| Error::Io {
        path: path.to_path_buf(),
        error,
    })?;
    let mut partitions = vec![(ESP_NAME, EFI, esp.len() as u64)];
    if system.store_len > 0 {
        partitions.push((
            STORE_NAME,
            store_type(),
            system.store_len.next_multiple_of(MIB),
        ));
    }
    let identity = blake3::hash(&esp);
    let (mut file, placements) = write_table(path, &partitions, identity)?;
    write_sparse(&mut file, placements[0].offset, &esp).map_err(|error| Error::Io {
        path: path.to_path_buf(),
        error,
    })?;
    Ok(placements)
}

/// Writes a data disk with an empty store partition of `store_len` bytes to `path`, over anything that is there.
pub fn write_data(path: &Path, store_len: u64) -> Result<Placement, Error> {
    let store_len = store_len.max(MIB).next_multiple_of(MIB);
    let identity = blake3::hash(b"velocity data disk");
    let (_, placements) = write_table(path, &[(STORE_NAME, store_type(), store_len)], identity)?;
    Ok(placements[0].clone())
}

/// Finds the store partition in the image at `path`.
///
/// Errors: [`Error::NoStore`] if the disk has a valid partition table without one, so that a wrong file named by mistake
/// is noticed and not written to.
pub fn find_store(path: &Path) -> Result<Placement, Error> {
    read_table(path)?
        .into_iter()
        .find(|(ty, _)| *ty == store_type().guid)
        .map(|(_, placement)| placement)
        .ok_or_else(|| Error::NoStore(path.to_path_buf()))
}

/// The partitions of the image at `path`: type and place.
fn read_table(path: &Path) -> Result<Vec<(Uuid, Placement)>, Error> {
    let disk = GptConfig::new()
        .logical_block_size(LogicalBlockSize::Lb512)
        .open(path)
        .map_err(|error| table_error(path, &error))?;
    let used = disk
        .partitions()
        .values()
        .filter(|partition| partition.is_used());
    Ok(used
        .map(|partition| {
            let placement = Placement {
                name: partition.name.clone(),
                offset: partition.first_lba * BLOCK,
                len: (partition.last_lba + 1 - partition.first_lba) * BLOCK,
            };
            (partition.part_type_guid.guid, placement)
        })
        .collect())
}

/// Creates the file with its partition table. Partitions start at whole MiB, in order, without gaps.
fn write_table(
    path: &Path,
    partitions: &[(&str, Type, u64)],
    identity: blake3::Hash,
) -> Result<(File, Vec<Placement>), Error> {
    let io = |error| Error::Io {
        path: path.to_path_buf(),
        error,
    };
    let mut placements = Vec::new();
    let mut entries = BTreeMap::new();
    let mut offset = MIB;
    for (index, (name, ty, len)) in partitions.iter().enumerate() {
        let id = index as u32 + 1;
        placements.push(Placement {
            name: (*name).to_string(),
            offset,
            len: *len,
        });
        let entry = Partition {
            part_type_guid: ty.clone(),
            part_guid: derived_guid(identity, id),
            first_lba: offset / BLOCK,
            last_lba: (offset + len) / BLOCK - 1,
            flags: 0,
            name: (*name).to_string(),
        };
        entries.insert(id, entry);
        offset += len.next_multiple_of(MIB);
    }
    // The last MiB holds the backup table.
    let disk_len = offset + MIB;
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(true)
        .open(path)
        .map_err(io)?;
    file.set_len(disk_len).map_err(io)?;
    let blocks = u32::try_from(disk_len / BLOCK - 1).unwrap_or(u32::MAX);
    ProtectiveMBR::with_lb_size(blocks)
        .overwrite_lba0(&mut file)
        .map_err(|error| Error::PartitionTable {
            path: path.to_path_buf(),
            reason: error.to_string(),
        })?;
    let mut disk = GptConfig::new()
        .writable(true)
        .logical_block_size(LogicalBlockSize::Lb512)
        .create_from_device(file, Some(derived_guid(identity, 0)))
        .map_err(|error| table_error(path, &error))?;
    disk.update_partitions(entries)
        .map_err(|error| table_error(path, &error))?;
    let file = disk.write().map_err(|error| table_error(path, &error))?;
    Ok((file, placements))
}

fn table_error(path: &Path, error: &gpt::GptError) -> Error {
    Error::PartitionTable {
        path: path.to_path_buf(),
        reason: error.to_string(),
    }
}

fn store_type() -> Type {
    // The constant is checked by a test.
    Type {
        guid: Uuid::from_str(STORE_TYPE).unwrap_or_default(),
        os: OperatingSystem::None,
    }
}

/// A version 8 UUID (RFC 9562, 5.8) from the image's identity: equal images have equal identifiers.
fn derived_guid(identity: blake3::Hash, index: u32) -> Uuid {
    let mut hasher = blake3::Hasher::new();
    hasher
        .update(identity.as_bytes())
        .update(&index.to_le_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    Uuid::from_bytes(bytes)
}

/// The system partition's content.
fn esp(system: &System<'_>) -> io::Result<Vec<u8>> {
    let content = (system.loader.len() + system.kernel.len() + system.archive.len()) as u64;
    // An eighth more for the allocation table and directories.
    let len = (content + content / 8 + MIB)
        .next_multiple_of(MIB)
        .max(ESP_LEN_MIN);
    let mut image = Cursor::new(vec![0; len as usize]);
    let mut label = [b' '; 11];
    label[..8].copy_from_slice(b"VELOCITY");
    let options = FormatVolumeOptions::new()
        .fat_type(FatType::Fat32)
        .bytes_per_cluster(BLOCK as u32)
        .volume_id(0x564F_5301)
        .volume_label(label);
    fatfs::format_volume(&mut image, options)?;
    {
        let volume = FileSystem::new(&mut image, FsOptions::new().update_accessed_date(false))?;
        let root = volume.root_dir();
        root.create_dir("EFI")?.create_dir("BOOT")?;
        root.create_dir("velocity")?;
        for (path, content) in [
            ("EFI/BOOT/BOOTX64.EFI", system.loader),
            ("velocity/kernel.elf", system.kernel),
            ("velocity/boot.arc", system.archive),
        ] {
            root.create_file(path)?.write_all(content)?;
        }
        drop(root);
        volume.unmount()?;
    }
    Ok(image.into_inner())
}

fn write_sparse(file: &mut File, offset: u64, bytes: &[u8]) -> io::Result<()> {
    for (index, chunk) in bytes.chunks(HOLE).enumerate() {
        if chunk.iter().any(|&byte| byte != 0) {
            file.seek(SeekFrom::Start(offset + (index * HOLE) as u64))?;
            file.write_all(chunk)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    /// A file that is removed when the test ends, failed or not.
    struct Image(PathBuf);

    impl Image {
        fn new(name: &str) -> Self {
            let name = format!("velocity-disk-test-{}-{name}", std::process::id());
            Self(std::env::temp_dir().join(name))
        }
    }

    impl Drop for Image {
        fn drop(&mut self) {
            // A file that was never made need not be removed.
            let _ = std::fs::remove_file(&self.0);
        }
    }

    fn system(archive: &[u8]) -> System<'_> {
        System {
            loader: b"MZ loader",
            kernel: b"kernel",
            archive,
            store_len: 3 * MIB - 1,
        }
    }

    #[test]
    fn a_system_image_reads_back() {
        let image = Image::new("system");
        let archive: Vec<u8> = (0..2_000_000_u32).map(|n| (n % 251) as u8).collect();
        let placements = write_system(&image.0, &system(&archive)).expect("written");

        let table = read_table(&image.0).expect("table");
        assert_eq!(table.len(), 2);
        assert_eq!(table[0].0, EFI.guid);
        assert_eq!(table[1].0, store_type().guid);
        assert_eq!(
            table
                .iter()
                .map(|(_, place)| place.clone())
                .collect::<Vec<_>>(),
            placements
        );
        assert_eq!(find_store(&image.0).expect("store").len, 3 * MIB);

        let bytes = std::fs::read(&image.0).expect("image");
        assert_eq!(bytes[510..512], [0x55, 0xaa], "protective MBR");
        let start = placements[0].offset as usize;
        let esp = Cursor::new(bytes[start..start + placements[0].len as usize].to_vec());
        let volume = FileSystem::new(esp, FsOptions::new()).expect("FAT");
        assert_eq!(volume.fat_type(), FatType::Fat32);
        for (path, content) in [
            ("EFI/BOOT/BOOTX64.EFI", &b"MZ loader"[..]),
            ("velocity/kernel.elf", b"kernel"),
            ("velocity/boot.arc", &archive),
        ] {
            let mut found = Vec::new();
            let mut file = volume.root_dir().open_file(path).expect(path);
            file.read_to_end(&mut found).expect(path);
            assert!(found == content, "{path} differs");
        }
    }

    #[test]
    fn equal_systems_make_equal_images() {
        let (first, second) = (Image::new("first"), Image::new("second"));
        write_system(&first.0, &system(b"archive")).expect("written");
        std::thread::sleep(std::time::Duration::from_millis(5));
        write_system(&second.0, &system(b"archive")).expect("written");
        let read = |image: &Image| blake3::hash(&std::fs::read(&image.0).expect("image"));
        assert_eq!(read(&first), read(&second));
    }

    #[test]
    fn a_data_disk_has_the_store_alone() {
        let image = Image::new("data");
        let store = write_data(&image.0, STORE_LEN_DEFAULT).expect("written");
        assert_eq!(store.len, STORE_LEN_DEFAULT);
        assert_eq!(find_store(&image.0).expect("store"), store);
        assert_eq!(read_table(&image.0).expect("table").len(), 1);
    }

    #[test]
    fn a_disk_without_store_is_not_taken_for_a_data_disk() {
        let image = Image::new("no-store");
        let without = System {
            store_len: 0,
            ..system(b"archive")
        };
        write_system(&image.0, &without).expect("written");
        assert!(matches!(find_store(&image.0), Err(Error::NoStore(_))));
        let text = Image::new("text");
        std::fs::write(&text.0, vec![b'x'; 1 << 20]).expect("written");
        assert!(matches!(
            find_store(&text.0),
            Err(Error::PartitionTable { .. })
        ));
        std::fs::write(&text.0, b"short").expect("written");
        assert!(find_store(&text.0).is_err());
    }

    #[test]
    fn a_large_archive_makes_the_partition_larger() {
        let image = Image::new("large");
        let archive = vec![0x5a; 60 << 20];
        let placements = write_system(&image.0, &system(&archive)).expect("written");
        assert!(placements[0].len > 60 * MIB);
    }
}
