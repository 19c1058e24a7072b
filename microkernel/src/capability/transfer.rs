//! Copy, mint and move: how capabilities spread.
//!
//! A copy derives from its source, so whoever gave it can take it back. A move hands on the capability itself, with its
//! place in the derivation order.

use protocol::abi::{Error, ObjectType, Rights};

use super::cspace::CSpace;
use super::derivation;
use super::slot::{Slot, SlotFlags};

/// Derives a capability with at most the `mask` rights, and with a badge if `badge` is not 0.
///
/// Errors: `InvalidCapability` (the source is empty); `SlotOccupied`; `InvalidArgument` (a badge on a type without badges,
/// or on a capability that has one; an Untyped, which would give its memory out twice; a Reply, which would give two
/// answers); `DerivationTooDeep`.
pub fn copy(source: &Slot, destination: &Slot, mask: Rights, badge: u64) -> Result<(), Error> {
    let mut capability = source.get().ok_or(Error::InvalidCapability)?;
    if matches!(
        capability.object_type,
        ObjectType::Untyped | ObjectType::Reply
    ) {
        return Err(Error::InvalidArgument);
    }
    if badge != 0 {
        let has_badge = matches!(
            capability.object_type,
            ObjectType::Endpoint | ObjectType::Notification
        );
        if !has_badge || capability.word != 0 {
            return Err(Error::InvalidArgument);
        }
        capability.word = badge;
    }
    capability.rights &= mask;
    capability.flags.remove(SlotFlags::ORIGINAL);
    derivation::insert_child(source, destination, &capability)
}

/// Moves a capability into a slot of `space`.
///
/// The original capability of a CSpace may only go into a CSpace that is older than the one it names. So the relation
/// "holds the original of" has no cycle, and destroying a CSpace ends: decided against zombie capabilities, as in seL4.
///
/// For the same reason an Untyped from which something derives stays where it is: it could otherwise be put into a CSpace
/// that it is the ancestor of, and each of the two would have to go before the other.
///
/// Errors: `InvalidCapability` (the source is empty); `SlotOccupied`; `InvalidArgument` (an original CSpace into a younger
/// one or into itself); `HasChildren` (an Untyped in use).
pub fn relocate(source: &Slot, space: &CSpace<'_>, destination: &Slot) -> Result<(), Error> {
    let capability = source.get().ok_or(Error::InvalidCapability)?;
    if capability.object_type == ObjectType::CSpace
        && capability.flags.contains(SlotFlags::ORIGINAL)
        && space.serial() >= capability.word
    {
        return Err(Error::InvalidArgument);
    }
    if capability.object_type == ObjectType::Untyped
        && derivation::first_descendant(source).is_some()
    {
        return Err(Error::HasChildren);
    }
    derivation::replace(source, destination)
}
