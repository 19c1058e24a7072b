//! CSpaces: from a number to a slot.
//!
//! A CSpace is a flat array of 2^n slots. Looking a capability up is one bounds check and one load, which keeps it off the
//! profile of every system call. Decided against: guarded multi-level spaces, as in seL4; they pay for sparse spaces with
//! a walk on each call, and a server's manifest fixes how many capabilities it needs.

use protocol::abi::object::{CSPACE_BITS_MAX, CSPACE_BITS_MIN};
use protocol::abi::{Error, ObjectType};

use super::slot::{Capability, Slot};

/// The slots of a CSpace whose capability the caller looked up.
#[derive(Clone, Copy, Debug)]
pub struct CSpace<'a> {
    slots: &'a [Slot],
    serial: u64,
}

impl<'a> CSpace<'a> {
    /// Opens the CSpace that a capability names.
    ///
    /// Errors: `WrongObject` if it names something else.
    #[expect(
        unsafe_code,
        reason = "the one place where an object's address becomes slots"
    )]
    pub fn open(capability: &Capability) -> Result<CSpace<'a>, Error> {
        if capability.object_type != ObjectType::CSpace {
            return Err(Error::WrongObject);
        }
        let bits = capability.size_bits;
        let start = capability
            .object
            .pointer::<Slot>()
            .filter(|_| (CSPACE_BITS_MIN..=CSPACE_BITS_MAX).contains(&bits))
            .ok_or(Error::InvalidCapability)?;
        // SAFETY: (1) a CSpace capability exists only for `64 << bits` bytes that retype zeroed, and zero is a valid
        // empty slot; (2) retype aligned them to their size, so `Slot`'s alignment holds; (3) the memory is given to
        // nothing else while the original capability lives, and destroying that empties every slot first; (4) all
        // access is through shared references to `Cell`s under the kernel's exclusive lock.
        let slots = unsafe { core::slice::from_raw_parts(start.as_ptr(), 1 << bits) };
        Ok(CSpace {
            slots,
            serial: capability.word,
        })
    }

    /// The slot with this number. Slot 0 is never used, so that 0 can mean "none" in every argument.
    ///
    /// Errors: `InvalidCapability` if there is no such slot.
    pub fn slot(&self, number: u64) -> Result<&'a Slot, Error> {
        usize::try_from(number)
            .ok()
            .filter(|number| *number != 0)
            .and_then(|number| self.slots.get(number))
            .ok_or(Error::InvalidCapability)
    }

    /// All slots, the unused first one included.
    pub fn slots(&self) -> &'a [Slot] {
        self.slots
    }

    /// Grows with every CSpace that is made; see [`super::transfer::relocate`].
    pub fn serial(&self) -> u64 {
        self.serial
    }
}
