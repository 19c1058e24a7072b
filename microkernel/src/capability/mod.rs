//! Capabilities: what a thread may name and do.
//!
//! A capability is the content of a [`Slot`]. Slots lie in CSpaces, flat tables of 2^n slots, and in threads. Every
//! slot that is not empty is linked into the derivation list of the boot capability that it stems from.
//!
//! - [`slot`]: the slot and its fields;
//! - [`derivation`]: who derives from whom;
//! - [`cspace`]: from a number to a slot;
//! - [`transfer`]: copy, mint, move;
//! - [`revoke`]: delete and revoke, in bounded steps.

pub mod cspace;
pub mod derivation;
pub mod revoke;
pub mod slot;
pub mod transfer;

pub use cspace::CSpace;
pub use slot::{Capability, Slot, SlotFlags};
