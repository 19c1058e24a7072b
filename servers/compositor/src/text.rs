//! Text in cells of 8 by 16 pixels, from the Noto Sans Mono bitmap font.
//!
//! A newline starts the next line below the first character; every other control character takes an empty cell. A character
//! without a glyph shows U+FFFD, so that nothing vanishes unseen. Glyphs carry coverage, which is mixed with what is there.

use noto_sans_mono_bitmap::{FontWeight, RasterHeight, RasterizedChar, get_raster};

use crate::{canvas::Canvas, rect::Rect};

/// Columns of a character cell. The font's glyphs are a column narrower, which is the space between characters.
pub const GLYPH_WIDTH: i64 = 8;
/// Rows of a character cell.
pub const GLYPH_HEIGHT: i64 = 16;

const _: () = assert!(
    noto_sans_mono_bitmap::get_raster_width(FontWeight::Regular, RasterHeight::Size16) as i64
        <= GLYPH_WIDTH
);

/// Draws `text` with the top left corner of its first cell at `x y`; the rectangle its cells cover.
///
/// Cost: linear in the text, plus the visible pixels of its cells.
pub fn draw(canvas: &mut Canvas<'_>, x: i32, y: i32, text: &str, color: u32) -> Rect {
    let (left, mut top) = (i64::from(x), i64::from(y));
    let mut column = left;
    let mut covered = Rect::EMPTY;
    for character in text.chars() {
        if character == '\n' {
            column = left;
            top = top.saturating_add(GLYPH_HEIGHT);
            continue;
        }
        let cell = Rect {
            x0: column,
            y0: top,
            x1: column.saturating_add(GLYPH_WIDTH),
            y1: top.saturating_add(GLYPH_HEIGHT),
        };
        let seen = cell.intersect(&canvas.bounds());
        if !seen.is_empty() && !character.is_control() {
            draw_glyph(canvas, &cell, &seen, character, color);
            covered = covered.union(&seen);
        }
        column = cell.x1;
    }
    covered
}

fn draw_glyph(canvas: &mut Canvas<'_>, cell: &Rect, seen: &Rect, character: char, color: u32) {
    let Some(glyph) = glyph(character) else {
        return;
    };
    for y in seen.y0..seen.y1 {
        for x in seen.x0..seen.x1 {
            // The visible part is inside the cell, so both differences are below 16.
            let coverage = glyph.pixel((x - cell.x0) as usize, (y - cell.y0) as usize);
            if let Some(coverage @ 1..) = coverage {
                canvas.blend(x, y, color, coverage);
            }
        }
    }
}

/// The font's picture of a character, or of U+FFFD.
pub fn glyph(character: char) -> Option<RasterizedChar> {
    let raster = |c| get_raster(c, FontWeight::Regular, RasterHeight::Size16);
    raster(character)
        .or_else(|| raster(char::REPLACEMENT_CHARACTER))
        .or_else(|| raster('?'))
}
