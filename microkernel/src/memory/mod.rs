//! How the kernel reaches physical memory.

pub mod address;
