//! The screen: what a program draws with, one method a drawing operation of the language.
//!
//! Every method takes any values, draws the visible part and adds it to the damage. Colours are `0x00RRGGBB`; the top byte
//! is ignored. The shapes are those of [`crate::raster`].

use crate::{
    Error,
    canvas::Canvas,
    damage::Damage,
    raster::{self, Point},
    rect::Rect,
    text,
};

/// A canvas that remembers what was drawn on.
#[derive(Debug)]
pub struct Screen<'a> {
    canvas: Canvas<'a>,
    damage: Damage,
}

impl<'a> Screen<'a> {
    /// A screen over `pixels`. Errors: as [`Canvas::try_new`].
    pub fn try_new(
        pixels: &'a mut [u32],
        width: usize,
        height: usize,
        stride: usize,
    ) -> Result<Screen<'a>, Error> {
        Ok(Screen {
            canvas: Canvas::try_new(pixels, width, height, stride)?,
            damage: Damage::new(),
        })
    }

    /// What was drawn on since [`Screen::take_damage`].
    pub fn damage(&self) -> &Damage {
        &self.damage
    }

    /// What was drawn on since the last call.
    pub fn take_damage(&mut self) -> Damage {
        core::mem::take(&mut self.damage)
    }

    /// Width and height in pixels.
    pub fn screen_size(&self) -> (i32, i32) {
        // Both are at most `SIZE_MAX`.
        (self.canvas.width() as i32, self.canvas.height() as i32)
    }

    /// Fills everything.
    pub fn draw_clear(&mut self, color: u32) {
        let all = self.canvas.bounds();
        self.canvas.fill(&all, color);
        self.touch(all);
    }

    /// Sets one pixel.
    pub fn draw_pixel(&mut self, x: i32, y: i32, color: u32) {
        self.draw_rect(x, y, 1, 1, color);
    }

    /// Fills a rectangle with its top left corner at `x y`; nothing unless both sizes are positive.
    pub fn draw_rect(&mut self, x: i32, y: i32, w: i32, h: i32, color: u32) {
        let rect = Rect::from_size(x, y, w, h);
        self.canvas.fill(&rect, color);
        self.touch(rect);
    }

    /// Draws the one-pixel border of a rectangle, inside its bounds.
    pub fn draw_rect_outline(&mut self, x: i32, y: i32, w: i32, h: i32, color: u32) {
        let rect = Rect::from_size(x, y, w, h);
        raster::rect_outline(&mut self.canvas, &rect, color);
        self.touch(rect);
    }

    /// Fills a circle; nothing if the radius is negative.
    pub fn draw_circle(&mut self, cx: i32, cy: i32, r: i32, color: u32) {
        raster::circle(&mut self.canvas, cx, cy, r, color);
        self.touch(around((cx, cy), (cx, cy), i64::from(r)));
    }

    /// Draws the one-pixel border of a circle.
    pub fn draw_circle_outline(&mut self, cx: i32, cy: i32, r: i32, color: u32) {
        raster::circle_outline(&mut self.canvas, cx, cy, r, color);
        self.touch(around((cx, cy), (cx, cy), i64::from(r)));
    }

    /// Draws a line `width` pixels thick; nothing if that is below 1.
    pub fn draw_line(&mut self, x1: i32, y1: i32, x2: i32, y2: i32, width: i32, color: u32) {
        raster::line(&mut self.canvas, (x1, y1), (x2, y2), width, color);
        if width < 1 {
            return;
        }
        // Across the minor axis a line reaches at most width·√2 ÷ 2 to each side.
        self.touch(around((x1, y1), (x2, y2), i64::from(width)));
    }

    /// Fills a triangle by the top-left rule.
    #[expect(
        clippy::too_many_arguments,
        reason = "the drawing operation has these arguments"
    )]
    pub fn draw_triangle(
        &mut self,
        x1: i32,
        y1: i32,
        x2: i32,
        y2: i32,
        x3: i32,
        y3: i32,
        color: u32,
    ) {
        raster::triangle(&mut self.canvas, (x1, y1), (x2, y2), (x3, y3), color);
        self.touch_triangle((x1, y1), (x2, y2), (x3, y3));
    }

    /// Draws the three sides of a triangle, one pixel wide.
    #[expect(
        clippy::too_many_arguments,
        reason = "the drawing operation has these arguments"
    )]
    pub fn draw_triangle_outline(
        &mut self,
        x1: i32,
        y1: i32,
        x2: i32,
        y2: i32,
        x3: i32,
        y3: i32,
        color: u32,
    ) {
        raster::triangle_outline(&mut self.canvas, (x1, y1), (x2, y2), (x3, y3), color);
        self.touch_triangle((x1, y1), (x2, y2), (x3, y3));
    }

    /// Draws text with its top left corner at `x y`, in cells of 8 by 16 pixels.
    pub fn draw_text(&mut self, x: i32, y: i32, text: &str, color: u32) {
        let covered = text::draw(&mut self.canvas, x, y, text, color);
        self.touch(covered);
    }

    fn touch_triangle(&mut self, a: Point, b: Point, c: Point) {
        self.touch(around(a, b, 0).union(&around(c, c, 0)));
    }

    fn touch(&mut self, rect: Rect) {
        self.damage.add(rect.intersect(&self.canvas.bounds()));
    }
}

/// The pixels at most `margin` from the rectangle between two points, both of them in it.
fn around(a: Point, b: Point, margin: i64) -> Rect {
    let (a, b) = (
        (i64::from(a.0), i64::from(a.1)),
        (i64::from(b.0), i64::from(b.1)),
    );
    Rect {
        x0: a.0.min(b.0) - margin,
        y0: a.1.min(b.1) - margin,
        x1: a.0.max(b.0) + margin + 1,
        y1: a.1.max(b.1) + margin + 1,
    }
}
