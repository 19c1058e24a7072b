//! Rights: what the holder of a capability may do with its object. They only ever shrink.
//!
//! | right | Frame | Endpoint | Notification | Thread, AddressSpace, CSpace, PageTable, SchedContext |
//! |---|---|---|---|---|
//! | `READ` | map readable | receive | wait, poll | inspect |
//! | `WRITE` | map writable | call | signal | change |
//! | `EXECUTE` | map executable (sealed frames only) | | | |
//! | `GRANT` | | send capabilities along | | |
//! | `DMA` | learn the physical address | | | |
//!
//! `EXECUTE` is the one right that is not only inherited: a holder of the code authority adds it to a sealed frame.

use bitflags::bitflags;

bitflags! {
    /// A set of rights.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Rights: u8 {
        /// See the module table.
        const READ = 1;
        /// See the module table.
        const WRITE = 2;
        /// See the module table.
        const EXECUTE = 4;
        /// See the module table.
        const GRANT = 8;
        /// See the module table.
        const DMA = 16;
    }
}

bitflags! {
    /// How a frame is mapped. A request for `WRITE` and `EXECUTE` together is refused.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct MapFlags: u8 {
        /// Data can be written.
        const WRITE = 2;
        /// Instructions can be fetched.
        const EXECUTE = 4;
        /// Uncached, for device registers.
        const UNCACHED = 32;
        /// Write-combining, for framebuffers.
        const WRITE_COMBINING = 64;
    }
}
