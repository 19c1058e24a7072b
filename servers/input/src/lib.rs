//! Input: a PS/2 keyboard and a virtio tablet, as key events, terminal bytes and pointer positions.
//!
//! Everything here is logic over traits: [`ps2`] talks through a [`ps2::Port`], [`virtqueue`] through a
//! [`virtqueue::Memory`], and both are tested against devices that lie. Modules in reading order: [`ps2`] (controller and
//! keyboard set-up), [`keyboard`] (bytes to keys), [`terminal`] (keys to the bytes a terminal sends), [`pci`] (where a
//! virtio device has its registers), [`virtqueue`] (buffers the device fills), [`tablet`] (events to a pointer).
//!
//! Invariants: (1) nothing a device answers can panic or loop without bound; (2) a device that breaks the protocol is
//! reported once and then not believed; (3) a pointer position is always on the screen.
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

pub mod keyboard;
pub mod pci;
pub mod ps2;
pub mod tablet;
pub mod terminal;
pub mod virtqueue;

pub use keyboard::{KeyEvent, Keyboard};
pub use tablet::{AxisRange, Pointer, Tablet};
pub use virtqueue::EventQueue;

/// Why a device cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// No PS/2 controller answers: its status reads as all ones.
    Absent,
    /// A controller or keyboard did not answer within its number of polls.
    Timeout,
    /// The controller's self-test or its test of the keyboard's port failed, with this code.
    ControllerTest(u8),
    /// The keyboard's self-test failed, with this code.
    KeyboardTest(u8),
    /// The keyboard asked for the same byte again more than [`ps2::RESENDS_MAX`] times.
    Refused,
    /// The PCI device is not a virtio device with the modern register layout.
    NotVirtio,
    /// A PCI capability points outside the configuration space, or the list is a ring.
    CapabilityList,
    /// A register structure lies outside its base address region.
    RegisterBounds,
    /// The queue's memory is too small for its size, or the size is not a power of two in 1..=[`virtqueue::SIZE_MAX`].
    QueueGeometry,
    /// The device broke the queue's protocol: an index or identity it was never given.
    DeviceBroken,
}
