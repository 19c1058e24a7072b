//! The tablet: raw events become an absolute pointer, one report a movement.
//!
//! Event numbers are those of Linux `input-event-codes.h`, which Virtio 1.1, 5.8 refers to. Events change a draft, and the
//! synchronisation event makes it the pointer: a report never shows half a movement.

use crate::virtqueue::RawEvent;

const KIND_SYNC: u16 = 0;
const KIND_KEY: u16 = 1;
const KIND_RELATIVE: u16 = 2;
const KIND_ABSOLUTE: u16 = 3;
const SYNC_REPORT: u16 = 0;
const AXIS_X: u16 = 0;
const AXIS_Y: u16 = 1;
const WHEEL: u16 = 8;
const BUTTON_LEFT: u16 = 0x110;
const BUTTON_RIGHT: u16 = 0x111;
const BUTTON_MIDDLE: u16 = 0x112;
const BUTTON_TOUCH: u16 = 0x14a;

/// The values an axis can have, from the device's configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AxisRange {
    /// Smallest value.
    pub min: i32,
    /// Largest value.
    pub max: i32,
}

impl AxisRange {
    /// The pixel of 0..`pixels` for a value: the ends meet the ends, the rest is rounded to nearest.
    ///
    /// Values outside the range are clamped. A range without extent, or a screen without pixels, gives 0.
    pub fn scale(&self, value: i32, pixels: u32) -> u32 {
        let (min, max) = (i64::from(self.min), i64::from(self.max));
        if min >= max || pixels == 0 {
            return 0;
        }
        let offset = (i64::from(value).clamp(min, max) - min).unsigned_abs();
        let extent = (max - min).unsigned_abs();
        let exact = u128::from(offset) * u128::from(pixels - 1);
        // At most pixels − 1.
        ((2 * exact + u128::from(extent)) / (2 * u128::from(extent))) as u32
    }
}

/// A pointer report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pointer {
    /// Column, below the screen's width.
    pub x: u32,
    /// Row, below the screen's height.
    pub y: u32,
    /// The left button, or a touch.
    pub is_left: bool,
    /// The right button.
    pub is_right: bool,
    /// The middle button.
    pub is_middle: bool,
    /// Notches of the wheel since the last report, up positive.
    pub wheel: i32,
}

/// The tablet's state.
#[derive(Clone, Debug)]
pub struct Tablet {
    ranges: [AxisRange; 2],
    screen: [u32; 2],
    draft: Pointer,
    is_changed: bool,
}

impl Tablet {
    /// A tablet with these axes, for a screen of this size; the pointer is in the top left corner.
    pub const fn new(x: AxisRange, y: AxisRange, width: u32, height: u32) -> Tablet {
        Tablet {
            ranges: [x, y],
            screen: [width, height],
            draft: Pointer {
                x: 0,
                y: 0,
                is_left: false,
                is_right: false,
                is_middle: false,
                wheel: 0,
            },
            is_changed: false,
        }
    }

    /// Takes one event; the report it completes, if anything has changed.
    pub fn feed(&mut self, event: RawEvent) -> Option<Pointer> {
        if event.kind == KIND_SYNC && event.code == SYNC_REPORT {
            if !core::mem::take(&mut self.is_changed) {
                return None;
            }
            let report = self.draft;
            self.draft.wheel = 0;
            return Some(report);
        }
        let before = self.draft;
        // Virtio 1.1, 5.8.6: the value is signed, though its field is declared unsigned.
        let value = event.value.cast_signed();
        match (event.kind, event.code) {
            (KIND_ABSOLUTE, AXIS_X) => {
                self.draft.x = self.ranges[0].scale(value, self.screen[0]);
            }
            (KIND_ABSOLUTE, AXIS_Y) => {
                self.draft.y = self.ranges[1].scale(value, self.screen[1]);
            }
            (KIND_RELATIVE, WHEEL) => self.draft.wheel = self.draft.wheel.saturating_add(value),
            (KIND_KEY, BUTTON_LEFT | BUTTON_TOUCH) => self.draft.is_left = value != 0,
            (KIND_KEY, BUTTON_RIGHT) => self.draft.is_right = value != 0,
            (KIND_KEY, BUTTON_MIDDLE) => self.draft.is_middle = value != 0,
            // Other axes and keys are not the pointer's.
            _ => {}
        }
        self.is_changed |= self.draft != before;
        None
    }
}
