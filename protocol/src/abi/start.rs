//! How a server's first thread begins: what its starter (`init`) leaves in the IPC buffer.
//!
//! The thread enters its ELF entry point with `rdi` = the address of its IPC buffer and `rsp` = the top of its stack. The
//! buffer's [`user`](super::message::IpcBuffer::user) area starts with a [`StartInfo`] in postcard form.
//!
//! Names of capabilities: `serve` the endpoint that it receives on; `reply` an empty Reply; `signals` the notification
//! bound to its thread; `call.SERVICE` an endpoint to call; `device.NAME.PART`; `authority.NAME`; `memory` an Untyped;
//! `cspace`, `address-space`, `thread` its own.

use heapless::{String, Vec};
use serde::{Deserialize, Serialize};

/// Raised at every change of [`StartInfo`].
pub const START_VERSION: u32 = 1;
/// The most named capabilities.
pub const CAPS_MAX: usize = 48;
/// The most bytes of a capability's name.
pub const CAP_NAME_LEN_MAX: usize = 40;

/// A run of addresses in the new address space.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Range {
    /// First byte.
    pub base: u64,
    /// Bytes.
    pub len: u64,
}

/// A capability by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedCap {
    /// See the [module](self).
    pub name: String<CAP_NAME_LEN_MAX>,
    /// Where it is.
    pub slot: u32,
}

/// What a server knows when it starts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartInfo {
    /// [`START_VERSION`].
    pub version: u32,
    /// The server's name.
    pub name: String<{ crate::manifest::NAME_LEN_MAX }>,
    /// Time stamp counter ticks a second.
    pub tsc_hz: u64,
    /// How often this server was started before.
    pub restarts: u32,
    /// Mapped memory for the heap; `len` 0 for none.
    pub heap: Range,
    /// The shared frame that the log goes into; `len` 0 for none.
    pub log: Range,
    /// First of the slots that are empty and the server's to fill.
    pub free_slot_first: u32,
    /// Number of these slots.
    pub free_slot_count: u32,
    /// Its capabilities.
    pub caps: Vec<NamedCap, CAPS_MAX>,
}

impl StartInfo {
    /// Writes the postcard form to the start of `user`; `false` if it does not fit.
    #[must_use]
    pub fn encode(&self, user: &mut [u8]) -> bool {
        postcard::to_slice(self, user).is_ok()
    }

    /// Reads it from the start of `user`. `None` if there is none, or one of another version.
    pub fn decode(user: &[u8]) -> Option<Self> {
        let (info, _rest): (Self, _) = postcard::take_from_bytes(user).ok()?;
        (info.version == START_VERSION).then_some(info)
    }

    /// The slot of a named capability.
    pub fn cap(&self, name: &str) -> Option<u32> {
        self.caps
            .iter()
            .find(|cap| cap.name == name)
            .map(|cap| cap.slot)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_start_info_fits_and_round_trips() {
        let mut info = StartInfo {
            version: START_VERSION,
            tsc_hz: u64::MAX,
            ..Default::default()
        };
        let name = String::try_from("n".repeat(CAP_NAME_LEN_MAX).as_str()).expect("fits");
        while info
            .caps
            .push(NamedCap {
                name: name.clone(),
                slot: u32::MAX,
            })
            .is_ok()
        {}
        let mut user = [0; 3072];
        assert!(info.encode(&mut user));
        assert_eq!(StartInfo::decode(&user), Some(info));
        assert_eq!(StartInfo::decode(&user[..100]), None);
        assert_eq!(StartInfo::decode(&[0; 3072]), None, "another version");
    }
}
