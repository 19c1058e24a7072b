//! The `compositor` service: the screen. Drawing operations act on the caller's canvas; surfaces are shared frames.
//!
//! Coordinates are pixels from the top left corner and may lie outside the screen: what is outside is clipped. Colours are
//! `0x00RRGGBB`. No operation blocks for longer than it takes to touch the pixels that it names.

use serde::{Deserialize, Serialize};

use super::declare::*;

/// The most bytes of one text.
pub const TEXT_LEN_MAX: usize = 256;

/// A colour, `0x00RRGGBB`.
pub type Color = u32;

/// A point in pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Point {
    /// To the right.
    pub x: i32,
    /// Down.
    pub y: i32,
}

/// An upright rectangle in pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rect {
    /// Left.
    pub x: i32,
    /// Top.
    pub y: i32,
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
}

/// A size in pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Size {
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
}

/// How a shape is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Style {
    /// Its inside and its border.
    Filled,
    /// Its border, one pixel wide.
    Outline,
}

/// A surface of the calling client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SurfaceId(pub u32);

service! {
    name "compositor" version 1;
    errors {
        /// The machine has no screen.
        NoScreen,
        /// The text is longer than [`TEXT_LEN_MAX`] bytes.
        TextTooLong,
        /// The caller has no surface of this number.
        UnknownSurface,
        /// The caller has as many surfaces as it may.
        TooManySurfaces,
        /// The frame does not hold that many pixels, or cannot be mapped.
        BadFrame,
    }
    /// The screen's size. Errors: `NoScreen`.
    0: Idempotent fn screen_size() -> Size;
    /// Fills the screen. Errors: `NoScreen`.
    1: Idempotent fn clear(color: Color) -> ();
    /// Draws a rectangle. Errors: `NoScreen`.
    2: Idempotent fn rect(rect: Rect, color: Color, style: Style) -> ();
    /// Draws a circle. `radius`: pixels, 0 is one pixel. Errors: `NoScreen`.
    3: Idempotent fn circle(center: Point, radius: u32, color: Color, style: Style) -> ();
    /// Draws a line, both ends included. Errors: `NoScreen`.
    4: Idempotent fn line(from: Point, to: Point, color: Color) -> ();
    /// Draws a triangle. Errors: `NoScreen`.
    5: Idempotent fn triangle(a: Point, b: Point, c: Point, color: Color, style: Style) -> ();
    /// Draws a pixel. Errors: `NoScreen`.
    6: Idempotent fn pixel(at: Point, color: Color) -> ();
    /// Draws a text of at most [`TEXT_LEN_MAX`] bytes, its top left corner at `at`; `scale` 1–16 times the font's size.
    /// Errors: `NoScreen`, `TextTooLong`.
    7: Idempotent fn text(at: Point, scale: u8, color: Color, text: &str) -> ();
    /// Makes a surface of the frame that goes along (`READ`): `size.width * size.height` words, `0x00RRGGBB` each, shown at
    /// `at`. Errors: `NoScreen`, `BadFrame`, `TooManySurfaces`.
    8: UntilEffect fn create_surface(at: Point, size: Size) takes 1 -> SurfaceId;
    /// Shows what changed inside `damage`, in the surface's coordinates, with the next picture. Errors: `UnknownSurface`.
    9: Idempotent fn commit(surface: SurfaceId, damage: Rect) -> ();
    /// Takes a surface off the screen and lets go of its frame. Errors: `UnknownSurface`.
    10: Idempotent fn destroy_surface(surface: SurfaceId) -> ();
}
