//! Scan-out: damaged spans of the back buffer go to the framebuffer, in its pixel format.
//!
//! Only writes: the framebuffer is never read. Lines are written whole and in order, which write-combining likes best.

use crate::{Error, canvas, rect::Rect};

/// How the framebuffer stores a pixel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PixelFormat {
    /// Bytes blue, green, red, unused: a little-endian `0x00RRGGBB`, as the back buffer has it.
    Bgrx,
    /// Bytes red, green, blue, unused.
    Rgbx,
}

/// A buffer of pixels with its geometry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geometry {
    /// Visible pixels a line.
    pub width: usize,
    /// Lines.
    pub height: usize,
    /// Pixels from one line to the next.
    pub stride: usize,
}

/// Writes the pixels of `rect` from `back` to the framebuffer.
///
/// The rectangle is clipped to both. Errors: [`Error::Geometry`] or [`Error::Size`] if a buffer does not fit its geometry.
pub fn scan_out(
    (back, from): (&[u32], Geometry),
    (front, to): (&mut [u32], Geometry),
    format: PixelFormat,
    rect: &Rect,
) -> Result<(), Error> {
    canvas::check_geometry(back.len(), from.width, from.height, from.stride)?;
    canvas::check_geometry(front.len(), to.width, to.height, to.stride)?;
    let seen = rect
        .intersect(&canvas::bounds(from.width, from.height))
        .intersect(&canvas::bounds(to.width, to.height));
    for y in seen.y0..seen.y1 {
        // The rectangle is inside both buffers, which were checked above.
        let (y, x0, x1) = (y as usize, seen.x0 as usize, seen.x1 as usize);
        let source = &back[y * from.stride + x0..y * from.stride + x1];
        let target = &mut front[y * to.stride + x0..y * to.stride + x1];
        write_span(target, source, format);
    }
    Ok(())
}

/// Writes one line. Both slices have the same length.
fn write_span(target: &mut [u32], source: &[u32], format: PixelFormat) {
    match format {
        PixelFormat::Bgrx => target.copy_from_slice(source),
        PixelFormat::Rgbx => {
            for (to, from) in target.iter_mut().zip(source) {
                *to = swap_red_blue(*from);
            }
        }
    }
}

/// `0x00RRGGBB` as `0x00BBGGRR`.
pub const fn swap_red_blue(pixel: u32) -> u32 {
    pixel.swap_bytes() >> 8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_rectangle_is_written_and_converted() {
        let back: Vec<u32> = (0..12).map(|i| 0x10_2000 + i).collect();
        let mut front = vec![7; 20];
        let from = Geometry {
            width: 4,
            height: 3,
            stride: 4,
        };
        let to = Geometry {
            width: 4,
            height: 4,
            stride: 5,
        };
        let rect = Rect::from_size(1, 1, 100, 1);
        scan_out((&back, from), (&mut front, to), PixelFormat::Rgbx, &rect).unwrap();
        let mut expected = vec![7; 20];
        expected[6..9].copy_from_slice(&[0x05_2010, 0x06_2010, 0x07_2010]);
        assert_eq!(front, expected);
    }

    #[test]
    fn a_short_framebuffer_is_refused() {
        let size = Geometry {
            width: 4,
            height: 3,
            stride: 4,
        };
        let result = scan_out(
            (&[0; 12], size),
            (&mut [0; 11], size),
            PixelFormat::Bgrx,
            &Rect::EMPTY,
        );
        assert_eq!(result, Err(Error::Geometry));
    }
}
