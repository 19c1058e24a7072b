//! The pure half of the boot path: everything the loader decides, with none of the firmware calls that carry it out.
//!
//! In reading order:
//!
//! - [`archive`]: checks a boot archive and finds files in it;
//! - [`elf`]: checks an executable and plans where its segments go;
//! - [`memory_map`]: merges the firmware's memory map with what the loader placed;
//! - [`page_tables`]: builds the page tables that the kernel starts on.
//!
//! The loader calls these under firmware, the image builder calls the first two on the host, and the tests feed them
//! corrupt input. Nothing in here panics on what a file or the firmware says.
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod archive;
pub mod elf;
pub mod memory_map;
pub mod page_tables;
