//! Builds what the machine boots from, on the host and without external tools.
//!
//! - [`archive`]: the boot archive, all files that exist before there is a store;
//! - [`server_elf`]: a server's ELF file as the archive carries it: stripped, and fit to be mapped page by page;
//! - [`disk`]: disk images: GPT, the EFI system partition, the partition for the NDA store.
//!
//! Equal input gives equal bytes: identifiers are derived from the content and no clock is read.
//!
//! ```text
//! system image                                      data disk
//! LBA 0      protective MBR                         the same, with the store partition alone
//! LBA 1      GPT header, then its 128 entries
//! 1 MiB      "velocity-esp", FAT32
//!              EFI/BOOT/BOOTX64.EFI                 the loader, where firmware looks for one
//!              velocity/kernel.elf
//!              velocity/boot.arc
//! next MiB   "velocity-store" (if asked for)
//! end        backup GPT
//! ```
#![forbid(unsafe_code)]

pub mod archive;
pub mod disk;
pub mod server_elf;
