//! The canvas: a view of `0x00RRGGBB` pixels, written in clipped horizontal spans.
//!
//! Every shape ends in [`Canvas::span`], the one place that clips and indexes. The lines of a view are `stride` pixels
//! apart; the pixels between `width` and `stride` belong to somebody else and are never touched.

use crate::{Error, rect::Rect};

/// The bits of a pixel that carry colour.
pub const COLOR_MASK: u32 = 0x00ff_ffff;

/// A pixel buffer to draw on.
#[derive(Debug)]
pub struct Canvas<'a> {
    pixels: &'a mut [u32],
    width: usize,
    height: usize,
    stride: usize,
}

impl<'a> Canvas<'a> {
    /// A view of `pixels`. Errors: [`Error::Geometry`] if the buffer is too short or the stride is below the width;
    /// [`Error::Size`] if width or height is zero or above [`crate::scene::SIZE_MAX`].
    pub fn try_new(
        pixels: &'a mut [u32],
        width: usize,
        height: usize,
        stride: usize,
    ) -> Result<Canvas<'a>, Error> {
        check_geometry(pixels.len(), width, height, stride)?;
        Ok(Canvas {
            pixels,
            width,
            height,
            stride,
        })
    }

    /// Visible pixels a line.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Lines.
    pub fn height(&self) -> usize {
        self.height
    }

    /// All its pixels as a rectangle.
    pub fn bounds(&self) -> Rect {
        bounds(self.width, self.height)
    }

    /// Fills the visible pixels of row `y` from `x0` up to but without `x1`.
    #[inline]
    pub fn span(&mut self, y: i64, x0: i64, x1: i64, color: u32) {
        if let Some(line) = self.line_mut(y, x0, x1) {
            line.fill(color & COLOR_MASK);
        }
    }

    /// Fills the visible pixels of a rectangle.
    pub fn fill(&mut self, rect: &Rect, color: u32) {
        let seen = rect.intersect(&self.bounds());
        for y in seen.y0..seen.y1 {
            self.span(y, seen.x0, seen.x1, color);
        }
    }

    /// Copies `source` to row `y` from column `x` on, clipped.
    pub fn copy_span(&mut self, y: i64, x: i64, source: &[u32]) {
        let end = x.saturating_add(i64::try_from(source.len()).unwrap_or(i64::MAX));
        // A clipped start skips as many source pixels.
        let skip = usize::try_from(x.max(0).saturating_sub(x)).unwrap_or(usize::MAX);
        if let (Some(line), Some(source)) = (self.line_mut(y, x, end), source.get(skip..)) {
            // `line` is `x..end` without its hidden parts, so it is no longer than the rest of `source`.
            let len = line.len().min(source.len());
            line[..len].copy_from_slice(&source[..len]);
        }
    }

    /// The pixels of row `y` from `x0` to `x1`; none if a part of them is outside.
    pub fn row(&self, y: i64, x0: i64, x1: i64) -> Option<&[u32]> {
        let (start, end) = self.range(y, x0, x1)?;
        if x0 < 0 || x1 > self.bounds().x1 {
            return None;
        }
        self.pixels.get(start..end)
    }

    /// Mixes `color` into one pixel: `coverage` of 0 leaves it, 255 replaces it.
    pub fn blend(&mut self, x: i64, y: i64, color: u32, coverage: u8) {
        if let Some([pixel]) = self.line_mut(y, x, x.saturating_add(1)) {
            *pixel = mix(*pixel, color, coverage);
        }
    }

    fn line_mut(&mut self, y: i64, x0: i64, x1: i64) -> Option<&mut [u32]> {
        let (start, end) = self.range(y, x0, x1)?;
        self.pixels.get_mut(start..end)
    }

    /// Index range of the visible part of `x0..x1` in row `y`.
    #[inline]
    fn range(&self, y: i64, x0: i64, x1: i64) -> Option<(usize, usize)> {
        let bounds = self.bounds();
        let (x0, x1) = (x0.max(0), x1.min(bounds.x1));
        if y < 0 || y >= bounds.y1 || x0 >= x1 {
            return None;
        }
        // All three are in the view's bounds, which are below 2^15.
        let line = y as usize * self.stride;
        Some((line + x0 as usize, line + x1 as usize))
    }
}

/// `0..width` by `0..height`. Both were checked against [`crate::scene::SIZE_MAX`].
pub(crate) fn bounds(width: usize, height: usize) -> Rect {
    Rect {
        x0: 0,
        y0: 0,
        x1: width as i64,
        y1: height as i64,
    }
}

/// Whether `len` pixels hold `height` lines of `width`, `stride` apart. The last line need not be padded.
pub(crate) fn check_geometry(
    len: usize,
    width: usize,
    height: usize,
    stride: usize,
) -> Result<(), Error> {
    let sizes = 1..=crate::scene::SIZE_MAX;
    if !sizes.contains(&width) || !sizes.contains(&height) {
        return Err(Error::Size);
    }
    let needed = stride
        .checked_mul(height - 1)
        .and_then(|lines| lines.checked_add(width));
    match needed {
        Some(needed) if needed <= len && stride >= width => Ok(()),
        _ => Err(Error::Geometry),
    }
}

/// The mean of two colours, weighted by `coverage` and rounded to nearest, channel by channel.
pub fn mix(below: u32, above: u32, coverage: u8) -> u32 {
    let weight = u32::from(coverage);
    let channel = |shift: u32| {
        let (a, b) = ((above >> shift) & 0xff, (below >> shift) & 0xff);
        ((a * weight + b * (255 - weight) + 127) / 255) << shift
    };
    channel(16) | channel(8) | channel(0)
}
