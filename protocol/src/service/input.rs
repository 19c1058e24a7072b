//! The `input` service: keys and pointer movements, in the order in which they happened.

use serde::{Deserialize, Serialize};

use super::{List, declare::*};

/// The most events of one answer.
pub const EVENTS_MAX: usize = 64;

/// Modifier bit of [`Event::Key`]: a shift key is down.
pub const SHIFT: u8 = 1;
/// Modifier bit of [`Event::Key`]: a control key is down.
pub const CONTROL: u8 = 2;
/// Modifier bit of [`Event::Key`]: an alt key is down.
pub const ALT: u8 = 4;

/// Full deflection of an absolute pointer axis.
pub const AXIS_MAX: u16 = 0x7fff;

/// Something that a person did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// A key went down or up.
    Key {
        /// USB HID usage (page 7), whatever the device.
        usage: u8,
        /// The character it types with the layout and the modifiers, if it types one.
        character: Option<char>,
        /// [`SHIFT`], [`CONTROL`], [`ALT`].
        modifiers: u8,
        /// Down, not up.
        is_down: bool,
    },
    /// The pointer is somewhere else, or a button changed.
    Pointer {
        /// 0 (left) to [`AXIS_MAX`] (right).
        x: u16,
        /// 0 (top) to [`AXIS_MAX`] (bottom).
        y: u16,
        /// Bit 0 left, 1 right, 2 middle.
        buttons: u8,
    },
    /// The client was slow: so many events are lost, the next one comes after them.
    Lost(u32),
}

service! {
    name "input" version 1;
    errors {}
    /// Takes up to [`EVENTS_MAX`] events, oldest first, none if none happened. Never blocks; not repeated, because events
    /// that were taken are gone.
    0: Never fn take_events() -> List<Event, EVENTS_MAX>;
    /// Signals the notification that goes along (`WRITE`) whenever an event happens and none were waiting. One listener:
    /// the last.
    1: Idempotent fn listen() takes 1 -> ();
}
