//! What the kernel does for this server, as a trait: the program implements it by system calls, the tests over plain memory.
//!
//! Each method is all or nothing: after an error, what was mapped before is mapped still and nothing else is. The life of a
//! module relies on that and on nothing more, so it is stated here, once, and the tests' fake keeps it while failing at
//! every step.

/// Why the kernel refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MapError {
    /// The frames are writable, or could become so.
    NotSealed,
    /// The frames do not have the length that was claimed.
    WrongLength,
    /// Something is mapped there.
    AlreadyMapped,
    /// Nothing is mapped there.
    NotMapped,
    /// No memory for a frame or a table.
    NoMemory,
    /// The capability is gone: its owner revoked it.
    Revoked,
    /// Any other refusal, by the kernel's error number.
    Kernel(u32),
}

/// The kernel's part of code loading.
pub trait CodeMapper {
    /// A capability to frames that hold code, in order. Dropping the value drops nothing in the kernel:
    /// [`CodeMapper::release`] does.
    type Frames;

    /// The bytes of `frames`, whole pages. They must not change any more: an error if the frames are not sealed.
    fn content<'a>(&'a self, frames: &'a Self::Frames) -> Result<&'a [u8], MapError>;

    /// A fresh sealed frame with the page `image` in it.
    fn gate_frame(&mut self, image: &[u8]) -> Result<Self::Frames, MapError>;

    /// Maps `frames` readable and executable from `base` on, where nothing is mapped.
    fn map(&mut self, base: u64, frames: &Self::Frames) -> Result<(), MapError>;

    /// Puts the one frame of `frames` in the place of the one mapped at `page`, by one write of the table entry, and returns
    /// when no core uses the old one any more.
    fn replace(&mut self, page: u64, frames: &Self::Frames) -> Result<(), MapError>;

    /// Unmaps `frames` from `base` on and returns when no core uses the mapping any more.
    fn unmap(&mut self, base: u64, frames: &Self::Frames) -> Result<(), MapError>;

    /// Deletes the capability to frames that are mapped nowhere.
    fn release(&mut self, frames: &Self::Frames) -> Result<(), MapError>;

    /// Whether a thread may still be running in these addresses or return into them.
    fn is_quiet(&self, addresses: core::ops::Range<u64>) -> bool;
}
