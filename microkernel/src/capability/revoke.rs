//! Delete and revoke, in bounded steps.
//!
//! Revoking a slot deletes everything that derives from it; deleting one also deletes the slot. Deleting the *original*
//! capability of a CSpace empties the CSpace first. All of it is one loop, which looks for a leaf and removes it:
//!
//! ```text
//!          ┌───────────────────────────────────────────────┐
//!          ▼                                               │ (1) descend: it has descendants → the first of them
//!   candidate ── (2) enter: an original CSpace with a full slot → that slot ──┘
//!          │
//!          └── (3) remove_leaf: nothing left in the way → the slot becomes empty
//! ```
//!
//! Each removal is one step and leaves every slot whole, so the caller may stop between steps, let interrupts and other
//! cores in, and call again: no work is lost or repeated, because nothing is remembered but a CSpace's cursor. The descent
//! ends because no path of derivation and containment has a cycle: an original of a CSpace lies in an older CSpace only, and an
//! Untyped lies in no CSpace that stems from it ([`super::transfer::relocate`]).
//!
//! Decided against: recursion (an unbounded kernel stack); keeping a deleted slot's children (their depths would then lie,
//! see [`super::derivation`]).

use protocol::abi::{Error, ObjectType};

use super::cspace::CSpace;
use super::derivation;
use super::slot::{Slot, SlotFlags};

/// The most work of one call: removals, and slots looked at in groups of [`SCAN_SLOTS`]. At about a hundred instructions a
/// unit this keeps the non-preemptible section below 10,000.
pub const STEPS_MAX: u32 = 64;
/// Slots of a CSpace that are looked at for one unit of work.
pub const SCAN_SLOTS: u64 = 16;

/// Whether an operation is finished.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Progress {
    /// It is.
    Done,
    /// The budget of steps is used up: let others in, then call again.
    More,
}

/// Deletes every capability that derives from `slot`.
///
/// Errors: `InvalidCapability` if the slot is empty.
pub fn revoke(slot: &Slot, steps: &mut u32) -> Result<Progress, Error> {
    if slot.is_empty() {
        return Err(Error::InvalidCapability);
    }
    Ok(revoke_descendants(slot, steps))
}

/// Deletes a capability, everything that derives from it, and its object if it is the original. An empty slot is done.
pub fn delete(slot: &Slot, steps: &mut u32) -> Progress {
    while !slot.is_empty() {
        if !take_step(steps) {
            return Progress::More;
        }
        remove_below(slot, steps);
    }
    Progress::Done
}

fn revoke_descendants(slot: &Slot, steps: &mut u32) -> Progress {
    while let Some(descendant) = derivation::first_descendant(slot) {
        if !take_step(steps) {
            return Progress::More;
        }
        remove_below(descendant, steps);
    }
    Progress::Done
}

/// Removes one leaf at or below `start`, or stops on the way when the steps are used up.
fn remove_below(start: &Slot, steps: &mut u32) {
    let mut candidate = start;
    loop {
        if let Some(descendant) = derivation::first_descendant(candidate) {
            candidate = descendant;
        } else {
            match first_full_slot(candidate, steps) {
                Scan::Found(inner) => candidate = inner,
                Scan::Empty => return derivation::remove_leaf(candidate),
                Scan::OutOfSteps => return,
            }
        }
    }
}

enum Scan<'a> {
    Found(&'a Slot),
    Empty,
    OutOfSteps,
}

/// The first full slot of the CSpace that `slot` is the original of.
fn first_full_slot<'a>(slot: &Slot, steps: &mut u32) -> Scan<'a> {
    let Some(capability) = slot.get() else {
        return Scan::Empty;
    };
    let is_original_cspace = capability.object_type == ObjectType::CSpace
        && capability.flags.contains(SlotFlags::ORIGINAL);
    let Ok(space) = CSpace::open(&capability) else {
        return Scan::Empty;
    };
    if !is_original_cspace {
        return Scan::Empty;
    }
    let mut looked = 0;
    while let Some(inner) = space.slots().get(slot.cursor.get() as usize) {
        if !inner.is_empty() {
            return Scan::Found(inner);
        }
        slot.cursor.set(slot.cursor.get() + 1);
        looked += 1;
        if looked == SCAN_SLOTS {
            looked = 0;
            if !take_step(steps) {
                return Scan::OutOfSteps;
            }
        }
    }
    Scan::Empty
}

fn take_step(steps: &mut u32) -> bool {
    match steps.checked_sub(1) {
        Some(left) => {
            *steps = left;
            true
        }
        None => false,
    }
}
