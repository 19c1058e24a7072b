//! Untyped: raw memory, and retype, which makes every other object of it.
//!
//! An Untyped gives its memory out from the bottom up; its slot's word counts the bytes given out. Objects are aligned to
//! their own size. When nothing derives from an Untyped any more, the next retype starts at the bottom again: that is the
//! only way in which memory is reclaimed, and it needs no free list. An Untyped capability cannot be copied, so there is
//! one counter for each byte of memory.
//!
//! Memory is zeroed when it becomes an object, so that nothing leaks from its previous use. Smaller Untypeds are not
//! zeroed (their objects will be), nor is device memory.

use core::sync::atomic::{AtomicU64, Ordering};

use protocol::abi::layout::PAGE_BITS;
use protocol::abi::object::{
    CSPACE_BITS_MAX, CSPACE_BITS_MIN, ENDPOINT_BITS, FRAME_BITS_MAX, NOTIFICATION_BITS, REPLY_BITS,
    SCHED_CONTEXT_BITS, SLOT_BITS, THREAD_BITS, UNTYPED_BITS_MAX, UNTYPED_BITS_MIN,
};
use protocol::abi::{Error, ObjectType, Rights};

use crate::capability::CSpace;
use crate::capability::derivation;
use crate::capability::slot::{Capability, Slot, SlotFlags};
use crate::memory::address::{self, PhysAddr};

/// The most objects of one retype.
pub const COUNT_MAX: u64 = 64;
/// The most bytes that one retype zeroes: the bound of its non-preemptible section.
pub const ZEROED_BYTES_MAX: u64 = 2 << 20;

/// Numbers CSpaces in the order of their making. 64 bits do not run out.
static NEXT_SERIAL: AtomicU64 = AtomicU64::new(1);

/// A serial number for a new CSpace.
pub fn next_serial() -> u64 {
    NEXT_SERIAL.fetch_add(1, Ordering::Relaxed)
}

/// What to make.
#[derive(Clone, Copy, Debug)]
pub struct Request {
    /// The type of the new objects.
    pub object_type: ObjectType,
    /// Untyped, Frame: log2 of the bytes; CSpace: log2 of the slots; ignored for the types of fixed size.
    pub size_bits: u8,
    /// How many, 1 to [`COUNT_MAX`].
    pub count: u64,
}

/// Makes objects of `untyped`'s memory; their original capabilities go to `count` empty slots from `first` on.
///
/// Errors: `WrongObject`, `MissingRight` (needs `WRITE`), `InvalidArgument` (a size, a count, a type that retype cannot make;
/// more than [`ZEROED_BYTES_MAX`] to zero; only Untyped and Frame from device memory), `InvalidCapability` and
/// `SlotOccupied` (destination), `OutOfMemory`, `DerivationTooDeep`. On an error nothing has changed.
pub fn retype(
    untyped: &Slot,
    request: &Request,
    destination: &CSpace<'_>,
    first: u64,
) -> Result<(), Error> {
    let source = untyped.get().ok_or(Error::InvalidCapability)?;
    if source.object_type != ObjectType::Untyped {
        return Err(Error::WrongObject);
    }
    if !source.rights.contains(Rights::WRITE) {
        return Err(Error::MissingRight);
    }
    let plan = Plan::make(
        &source,
        request,
        derivation::first_descendant(untyped).is_some(),
    )?;
    let last = first
        .checked_add(request.count - 1)
        .ok_or(Error::InvalidCapability)?;
    for number in first..=last {
        if !destination.slot(number)?.is_empty() {
            return Err(Error::SlotOccupied);
        }
    }
    if plan.is_zeroed {
        plan.zero(request.count);
    }
    for (number, index) in (first..=last).zip(0..) {
        let capability = Capability {
            object_type: request.object_type,
            rights: Rights::all().difference(Rights::EXECUTE),
            flags: SlotFlags::ORIGINAL | (source.flags & SlotFlags::DEVICE),
            size_bits: plan.size_bits,
            object: PhysAddr(plan.start.0 + (index << plan.bytes_bits)),
            word: match request.object_type {
                ObjectType::CSpace => next_serial(),
                _ => 0,
            },
        };
        derivation::insert_child(untyped, destination.slot(number)?, &capability)?;
    }
    untyped.set_word(plan.used_after);
    Ok(())
}

/// Where the new objects go, checked before anything changes.
struct Plan {
    start: PhysAddr,
    /// log2 of the bytes of one object.
    bytes_bits: u8,
    /// As the capability records it.
    size_bits: u8,
    used_after: u64,
    is_zeroed: bool,
}

impl Plan {
    fn make(source: &Capability, request: &Request, has_children: bool) -> Result<Self, Error> {
        if request.count == 0 || request.count > COUNT_MAX {
            return Err(Error::InvalidArgument);
        }
        let (bytes_bits, size_bits) = sizes(request)?;
        let is_device = source.flags.contains(SlotFlags::DEVICE);
        let is_raw = request.object_type == ObjectType::Untyped;
        if is_device && !is_raw && request.object_type != ObjectType::Frame {
            return Err(Error::InvalidArgument);
        }
        let is_zeroed = !is_device && !is_raw;
        let object_bytes = 1u64 << bytes_bits;
        let used = if has_children { source.word } else { 0 };
        let start = used.next_multiple_of(object_bytes);
        let used_after = request
            .count
            .checked_mul(object_bytes)
            .and_then(|bytes| bytes.checked_add(start))
            .ok_or(Error::OutOfMemory)?;
        if used_after > 1 << source.size_bits {
            return Err(Error::OutOfMemory);
        }
        if is_zeroed && request.count * object_bytes > ZEROED_BYTES_MAX {
            return Err(Error::InvalidArgument);
        }
        Ok(Self {
            start: PhysAddr(source.object.0 + start),
            bytes_bits,
            size_bits,
            used_after,
            is_zeroed,
        })
    }

    #[expect(unsafe_code, reason = "raw memory becomes objects here")]
    fn zero(&self, count: u64) {
        let words = (count << self.bytes_bits) / 8;
        // SAFETY: (1) the range lies inside an Untyped that is RAM (`make`), which boot gave out once; (2) it is above
        // the Untyped's counter or the Untyped has no derived objects, so nothing lives in it and nothing refers to
        // it; (3) objects are at least 64 bytes and aligned to their size, so the start is a multiple of 8.
        unsafe { address::zero(self.start, words as usize) };
    }
}

/// log2 of the bytes of one object, and the size that its capability records.
fn sizes(request: &Request) -> Result<(u8, u8), Error> {
    let bits = request.size_bits;
    let fixed = |bits| Ok((bits, bits));
    match request.object_type {
        ObjectType::Untyped if (UNTYPED_BITS_MIN..=UNTYPED_BITS_MAX).contains(&bits) => fixed(bits),
        ObjectType::Frame if (PAGE_BITS..=FRAME_BITS_MAX).contains(&bits) => fixed(bits),
        ObjectType::CSpace if (CSPACE_BITS_MIN..=CSPACE_BITS_MAX).contains(&bits) => {
            Ok((bits + SLOT_BITS, bits))
        }
        ObjectType::PageTable | ObjectType::AddressSpace => fixed(PAGE_BITS),
        ObjectType::Thread => fixed(THREAD_BITS),
        ObjectType::SchedContext => fixed(SCHED_CONTEXT_BITS),
        ObjectType::Endpoint => fixed(ENDPOINT_BITS),
        ObjectType::Notification => fixed(NOTIFICATION_BITS),
        ObjectType::Reply => fixed(REPLY_BITS),
        _ => Err(Error::InvalidArgument),
    }
}
