//! Physical memory as the host test's own: an address is its own physical address.
//!
//! Tests hand the kernel aligned memory that they own, exactly as the boot code hands it RAM. Nothing is translated, so
//! Miri and the sanitizers see every access.

/// The kernel's pointer to a physical address.
pub fn phys_to_virt(address: u64) -> *mut u8 {
    core::ptr::with_exposed_provenance_mut(address as usize)
}
