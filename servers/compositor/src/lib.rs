//! The compositor: surfaces in, pixels on the screen out, sixty times a second.
//!
//! Clients draw into frames of their own and commit them; the scene copies what they say has changed, remembers which part
//! of the screen that damages, and composes only that part into the back buffer. Scan-out writes the damaged spans to the
//! framebuffer and never reads it: reads of write-combined memory are slow and may not give back what was written.
//!
//! Modules in reading order: [`rect`], [`damage`], [`canvas`] (spans and clipping), [`raster`] (the shapes), [`text`],
//! [`screen`] (what a program draws with), [`scene`] (surfaces and composition), [`scan_out`], [`pacing`].
//!
//! Invariants: (1) composing the damage alone gives the same bytes as composing everything; (2) no argument a client sends
//! can panic, or cost more than a multiple of the screen's size; (3) a client that changes its frame while it is shown
//! changes nothing on the screen before its next commit.
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod canvas;
pub mod damage;
pub mod pacing;
pub mod raster;
pub mod rect;
pub mod scan_out;
pub mod scene;
pub mod screen;
pub mod text;

pub use canvas::Canvas;
pub use damage::Damage;
pub use pacing::Pacer;
pub use rect::Rect;
pub use scan_out::PixelFormat;
pub use scene::{ClientFrame, Scene, SurfaceId};
pub use screen::Screen;

/// Why an operation is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// A buffer is shorter than its width, height and stride need, or the stride is below the width.
    Geometry,
    /// A width or height is zero or above [`scene::SIZE_MAX`].
    Size,
    /// No surface has that identity: it never existed or was removed.
    NoSurface,
    /// The scene holds [`scene::SURFACES_MAX`] surfaces.
    TooManySurfaces,
    /// More than [`damage::RECTS_MAX`] damage rectangles in one commit.
    TooManyRects,
    /// Both commits of the surface are waiting for a frame.
    NoCredit,
    /// The heap cannot hold the surface's pixels.
    OutOfMemory,
}
