//! Derivation: who derives from whom.
//!
//! Each boot capability heads a doubly linked list of everything that stems from it, in depth-first order; a slot knows its
//! depth. The descendants of a slot are the run of entries after it with greater depth. So "has descendants" and "the
//! next descendant" take constant time, and revocation needs neither recursion nor a stack.
//!
//! ```text
//! Untyped 0 ── Frame 1 ── copy 2 ── copy 3 ── copy 2 ── Endpoint 1 ── minted 2
//! ```
//!
//! Only entries without descendants are ever removed (deleting a capability first deletes what derives from it). That is
//! what keeps depths true: taking out an inner entry would leave its children looking like a sibling's.
//!
//! Invariants: (1) a non-empty slot is linked, an empty one is not; (2) a slot's depth is at most its predecessor's
//! plus one; (3) a slot is unlinked before the memory it lies in is used for anything else.

use core::ptr::NonNull;

use protocol::abi::Error;

use super::slot::{Capability, Slot};

/// The longest chain of derivations.
pub const DEPTH_MAX: u32 = 1 << 16;

/// Fills an empty slot with a capability that derives from nothing: boot only.
pub fn insert_root(slot: &Slot, capability: &Capability) -> Result<(), Error> {
    if !slot.is_empty() {
        return Err(Error::SlotOccupied);
    }
    slot.fill(capability);
    slot.depth.set(0);
    slot.previous.set(None);
    slot.next.set(None);
    Ok(())
}

/// Fills an empty slot with a capability that derives from `parent`.
pub fn insert_child(parent: &Slot, child: &Slot, capability: &Capability) -> Result<(), Error> {
    if parent.is_empty() {
        return Err(Error::InvalidCapability);
    }
    if !child.is_empty() {
        return Err(Error::SlotOccupied);
    }
    let depth = parent.depth.get() + 1;
    if depth > DEPTH_MAX {
        return Err(Error::DerivationTooDeep);
    }
    child.fill(capability);
    child.depth.set(depth);
    child.previous.set(Some(NonNull::from(parent)));
    child.next.set(parent.next.get());
    if let Some(next) = linked(parent.next.get()) {
        next.previous.set(Some(NonNull::from(child)));
    }
    parent.next.set(Some(NonNull::from(child)));
    Ok(())
}

/// Takes the place of `from` with `to`, which is empty; `from` ends empty.
pub fn replace(from: &Slot, to: &Slot) -> Result<(), Error> {
    let capability = from.get().ok_or(Error::InvalidCapability)?;
    if !to.is_empty() {
        return Err(Error::SlotOccupied);
    }
    to.fill(&capability);
    to.depth.set(from.depth.get());
    to.previous.set(from.previous.get());
    to.next.set(from.next.get());
    if let Some(previous) = linked(to.previous.get()) {
        previous.next.set(Some(NonNull::from(to)));
    }
    if let Some(next) = linked(to.next.get()) {
        next.previous.set(Some(NonNull::from(to)));
    }
    from.previous.set(None);
    from.next.set(None);
    from.clear();
    Ok(())
}

/// Empties a slot that has no descendants.
pub(super) fn remove_leaf(slot: &Slot) {
    debug_assert!(first_descendant(slot).is_none(), "only leaves are removed");
    if let Some(previous) = linked(slot.previous.get()) {
        previous.next.set(slot.next.get());
    }
    if let Some(next) = linked(slot.next.get()) {
        next.previous.set(slot.previous.get());
    }
    slot.previous.set(None);
    slot.next.set(None);
    slot.clear();
}

/// The first capability that derives from this one.
pub fn first_descendant(slot: &Slot) -> Option<&Slot> {
    linked(slot.next.get()).filter(|next| next.depth.get() > slot.depth.get())
}

/// Follows a link.
#[expect(
    unsafe_code,
    reason = "the derivation list is intrusive: slots lie in memory that user space chose"
)]
fn linked<'a>(link: Option<NonNull<Slot>>) -> Option<&'a Slot> {
    // SAFETY: (1) links are only ever made to live slots (`insert_child`, `replace`); (2) a slot is unlinked before
    // its memory is reused, invariant (3); (3) slots are only accessed through shared references to `Cell`s, under
    // the kernel's exclusive lock, so no `&mut` and no other core aliases this one.
    link.map(|slot| unsafe { slot.as_ref() })
}
