//! One capability slot: 64 bytes, one cache line.
//!
//! All zero is an empty slot, so that a freshly zeroed CSpace needs no further work. Fields are `Cell`s: many references to
//! a slot may exist, and whoever changes one holds the kernel's exclusive lock.

use core::cell::Cell;
use core::ptr::NonNull;

use bitflags::bitflags;
use protocol::abi::object::SLOT_BITS;
use protocol::abi::{ObjectType, Rights};

use crate::memory::address::PhysAddr;

bitflags! {
    /// What is special about a capability.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub struct SlotFlags: u8 {
        /// Made by retype or at boot, not by derivation. When it goes, the object goes.
        const ORIGINAL = 1;
        /// The frame is immutable.
        const SEALED = 2;
        /// The memory is not RAM that the kernel may write.
        const DEVICE = 4;
    }
}

/// What a slot that is not empty holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capability {
    /// The type of the object.
    pub object_type: ObjectType,
    /// What the holder may do.
    pub rights: Rights,
    /// See [`SlotFlags`].
    pub flags: SlotFlags,
    /// log2 of the object's bytes; of its slots for a CSpace.
    pub size_bits: u8,
    /// Where the object is.
    pub object: PhysAddr,
    /// Endpoint, Notification: the badge. Untyped: bytes given out. CSpace: its serial number.
    pub word: u64,
}

/// A place for one capability.
#[repr(C, align(64))]
#[derive(Debug, Default)]
pub struct Slot {
    /// An [`ObjectType`] number; 0 is empty.
    kind: Cell<u8>,
    rights: Cell<u8>,
    flags: Cell<u8>,
    size_bits: Cell<u8>,
    /// Distance from the boot capability.
    pub(super) depth: Cell<u32>,
    object: Cell<u64>,
    word: Cell<u64>,
    /// CSpace originals under destruction: slots below this one are empty.
    pub(super) cursor: Cell<u64>,
    pub(super) previous: Cell<Option<NonNull<Slot>>>,
    pub(super) next: Cell<Option<NonNull<Slot>>>,
    reserved: [u64; 2],
}

const _: () = assert!(size_of::<Slot>() == 1 << SLOT_BITS);

impl Slot {
    /// Whether there is no capability here.
    pub fn is_empty(&self) -> bool {
        self.kind.get() == 0
    }

    /// The capability, `None` if the slot is empty.
    pub fn get(&self) -> Option<Capability> {
        let object_type = ObjectType::from_u64(u64::from(self.kind.get()))?;
        Some(Capability {
            object_type,
            rights: Rights::from_bits_truncate(self.rights.get()),
            flags: SlotFlags::from_bits_truncate(self.flags.get()),
            size_bits: self.size_bits.get(),
            object: PhysAddr(self.object.get()),
            word: self.word.get(),
        })
    }

    /// Changes the type-specific word.
    pub fn set_word(&self, word: u64) {
        self.word.set(word);
    }

    /// Writes everything but the links.
    pub(super) fn fill(&self, capability: &Capability) {
        self.kind.set(capability.object_type as u8);
        self.rights.set(capability.rights.bits());
        self.flags.set(capability.flags.bits());
        self.size_bits.set(capability.size_bits);
        self.object.set(capability.object.0);
        self.word.set(capability.word);
        self.cursor.set(0);
    }

    /// Makes the slot empty. It must be unlinked.
    pub(super) fn clear(&self) {
        self.kind.set(0);
        self.rights.set(0);
        self.flags.set(0);
        self.size_bits.set(0);
        self.object.set(0);
        self.word.set(0);
        self.cursor.set(0);
        self.depth.set(0);
    }
}
