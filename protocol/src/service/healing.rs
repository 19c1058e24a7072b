//! The `healing` service: the code region's only writer. Installs sealed code behind gate pages, swaps it, takes it back.

use serde::{Deserialize, Serialize};

use super::{declare::*, evolution::ModuleHash};

/// A place in the code region: a gate page and the body behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PlaceId(pub u32);

/// Where a module's code is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Installed {
    /// The place.
    pub place: PlaceId,
    /// Address of the gate page.
    pub gate: u64,
    /// Address of the body.
    pub body: u64,
}

/// The state of the code region.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// Places in use.
    pub places: u32,
    /// Bytes of bodies and gates.
    pub bytes: u64,
    /// Swaps since the start.
    pub swaps: u32,
    /// Roll-backs since the start.
    pub rollbacks: u32,
}

service! {
    name "healing" version 1;
    errors {
        /// A frame is not sealed, not executable or of the wrong size.
        BadFrame,
        /// The code is not what its hash says.
        WrongHash,
        /// No module is at this place.
        UnknownPlace,
        /// The place has no earlier body to go back to.
        NothingToRollBack,
        /// The code region is full.
        OutOfRoom,
        /// The reserved body address is not the caller's, or was used.
        NotReserved,
    }
    /// Sets addresses aside for a body of `body_len` bytes and its gate page. Code is position-dependent, so the compiler
    /// asks before it compiles. Errors: `OutOfRoom`.
    0: UntilEffect fn reserve(body_len: u32) -> Installed;
    /// Maps the two sealed frames that go along, body and gate, at a reserved place. Errors: `NotReserved`, `BadFrame`,
    /// `WrongHash`.
    1: UntilEffect fn install(place: PlaceId, hash: ModuleHash) takes 2 -> Installed;
    /// Puts the gate page of `with` where `place` has its own: one table entry. Errors: `UnknownPlace`.
    2: UntilEffect fn swap(place: PlaceId, with: PlaceId) -> ();
    /// Puts back the gate page that the last swap of `place` replaced. Errors: `UnknownPlace`, `NothingToRollBack`.
    3: UntilEffect fn roll_back(place: PlaceId) -> ();
    /// The state of the code region.
    4: Idempotent fn status() -> Status;
}
