//! Shapes as sets of pixels, exactly defined, drawn row by row.
//!
//! - **Disc** of radius `r`: with `a` the larger and `b` the smaller of `|dx|` and `|dy|`, the pixels with
//!   `a² − a + b² < r²`. Its **outline** is the midpoint circle: of those, the pixels with `r² ≤ a² + a + b²`.
//!   Radius 0 is the centre alone; a negative one is nothing.
//! - **Line**: one run of pixels a step of the major axis, centred on the exact line rounded half up; the run is
//!   `⌊width · length ÷ major⌋` long, so that the line is `width` thick measured across.
//! - **Triangle**: the pixels inside the three edges by the top-left rule, so that two that share an edge share no pixel.
//!
//! Each shape solves its inequality for the range of columns of one row, so the cost is bounded by the screen, whatever the
//! arguments; arguments are 32 bits and products are taken in 128. Decided against: stepping along the shape (unbounded
//! for a radius of 2³¹) and floating point (inexact, and different from one machine to the next).

use crate::{canvas::Canvas, rect::Rect};

/// Draws the one-pixel border of a rectangle.
pub fn rect_outline(canvas: &mut Canvas<'_>, rect: &Rect, color: u32) {
    if rect.is_empty() {
        return;
    }
    canvas.span(rect.y0, rect.x0, rect.x1, color);
    canvas.span(rect.y1 - 1, rect.x0, rect.x1, color);
    let seen = rect.intersect(&canvas.bounds());
    for y in seen.y0..seen.y1 {
        canvas.span(y, rect.x0, rect.x0 + 1, color);
        canvas.span(y, rect.x1 - 1, rect.x1, color);
    }
}

/// Fills a circle.
pub fn circle(canvas: &mut Canvas<'_>, cx: i32, cy: i32, r: i32, color: u32) {
    let (cx, cy, r) = (i64::from(cx), i64::from(cy), i64::from(r));
    for y in rows(canvas, cy - r, cy + r) {
        let reach = disc_reach(y.abs_diff(cy), r.unsigned_abs());
        canvas.span(y, cx - reach, cx + reach + 1, color);
    }
}

/// Draws the one-pixel border of a circle.
pub fn circle_outline(canvas: &mut Canvas<'_>, cx: i32, cy: i32, r: i32, color: u32) {
    let (cx, cy, r) = (i64::from(cx), i64::from(cy), i64::from(r));
    for y in rows(canvas, cy - r, cy + r) {
        let dy = y.abs_diff(cy);
        let outer = disc_reach(dy, r.unsigned_abs());
        // At most 2^31 + 1. Where the outline is thinnest it is the disc's own edge.
        let inner = (outline_start(dy, r.unsigned_abs()) as i64).min(outer);
        canvas.span(y, cx - outer, cx - inner + 1, color);
        canvas.span(y, cx + inner, cx + outer + 1, color);
    }
}

/// The largest `dx` in the disc on the row `dy ≤ r` from the centre.
fn disc_reach(dy: u64, r: u64) -> i64 {
    // dy ≤ r ≤ 2^31, so the squares are at most 2^62.
    let left = r * r - dy * dy;
    // Beside the centre dx is the larger: dx² − dx < left, so dx is √left rounded to nearest.
    let side = root_nearest(left);
    let reach = if side >= dy {
        side
    } else {
        // Above and below it dy is: dx² < left + dy. It is at least 1 here, and the root below dy.
        (left + dy - 1).isqrt().min(dy)
    };
    // At most 2^31.
    reach as i64
}

/// The smallest `dx` on the outline on the row `dy ≤ r` from the centre.
fn outline_start(dy: u64, r: u64) -> u64 {
    let left = r * r - dy * dy;
    // Where dy is the larger: left ≤ dx² + dy.
    let above = match left.saturating_sub(dy) {
        0 => 0,
        least => (least - 1).isqrt() + 1,
    };
    // Where dx is: left ≤ dx² + dx, and the least such dx is √left rounded to nearest.
    if above <= dy {
        above
    } else {
        root_nearest(left)
    }
}

/// `√n` rounded to nearest: the largest `a` with `a² − a < n`, or 0.
fn root_nearest(n: u64) -> u64 {
    let floor = n.isqrt();
    if n - floor * floor > floor {
        floor + 1
    } else {
        floor
    }
}

/// The visible rows of `y0..=y1`.
fn rows(canvas: &Canvas<'_>, y0: i64, y1: i64) -> core::ops::RangeInclusive<i64> {
    y0.max(0)..=y1.min(canvas.bounds().y1 - 1)
}

/// A point with coordinates that fit 32 bits.
pub type Point = (i32, i32);

/// Draws a line `width` pixels thick; nothing if that is below 1. A line without length is a square.
pub fn line(canvas: &mut Canvas<'_>, from: Point, to: Point, width: i32, color: u32) {
    let width = i64::from(width);
    if width < 1 {
        return;
    }
    let (p, q) = (wide(from), wide(to));
    let (dx, dy) = (q.0 - p.0, q.1 - p.1);
    if dx == 0 && dy == 0 {
        let (x, y) = (p.0 - (width - 1) / 2, p.1 - (width - 1) / 2);
        let square = Rect {
            x0: x,
            y0: y,
            x1: x + width,
            y1: y + width,
        };
        canvas.fill(&square, color);
    } else if dx.abs() >= dy.abs() {
        let run = run_length(width, dx, dy);
        let (a, b) = if dx > 0 { (p, q) } else { (q, p) };
        let mut steps = Steps::new(a, b, canvas.bounds().x1);
        while let Some((x, y)) = steps.next() {
            let top = y - (run - 1) / 2;
            let column = Rect {
                x0: x,
                y0: top,
                x1: x + 1,
                y1: top + run,
            };
            canvas.fill(&column, color);
        }
    } else {
        let run = run_length(width, dy, dx);
        let (a, b) = if dy > 0 { (p, q) } else { (q, p) };
        let mut steps = Steps::new((a.1, a.0), (b.1, b.0), canvas.bounds().y1);
        while let Some((y, x)) = steps.next() {
            let left = x - (run - 1) / 2;
            canvas.span(y, left, left + run, color);
        }
    }
}

/// `⌊width · √(major² + minor²) ÷ |major|⌋`: how many pixels across the minor axis are `width` across the line.
pub fn run_length(width: i64, major: i64, minor: i64) -> i64 {
    let (w, a, b) = (
        u128::from(width.unsigned_abs()),
        u128::from(major.unsigned_abs()),
        u128::from(minor.unsigned_abs()),
    );
    // width < 2^31 and both axes ≤ 2^32: the product is below 2^127 and the root below 2^32.
    (w * w * (a * a + b * b) / (a * a)).isqrt() as i64
}

/// The points of a line, one a step of its major axis, from the first visible step on.
///
/// The minor coordinate is `minor + ⌊(2·slope·step + length) ÷ 2·length⌋`, kept as quotient and remainder.
struct Steps {
    major: i64,
    end: i64,
    minor: i64,
    remainder: i64,
    slope: i64,
    length: i64,
}

impl Steps {
    /// From `a` to `b`, as (major, minor) with `a` before `b`, where `limit` major coordinates are visible.
    fn new(a: (i64, i64), b: (i64, i64), limit: i64) -> Steps {
        let (length, slope) = (b.0 - a.0, b.1 - a.1);
        let first = a.0.max(0);
        let twice = i128::from(2 * length);
        let exact = 2 * i128::from(slope) * i128::from(first - a.0) + i128::from(length);
        Steps {
            major: first,
            end: b.0.min(limit - 1),
            // The step is at most `length` and the slope no steeper than 1, when a step is visible at all.
            minor: a.1.saturating_add(exact.div_euclid(twice) as i64),
            remainder: exact.rem_euclid(twice) as i64,
            slope,
            length,
        }
    }

    fn next(&mut self) -> Option<(i64, i64)> {
        if self.major > self.end {
            return None;
        }
        let point = (self.major, self.minor);
        self.major += 1;
        self.remainder += 2 * self.slope;
        if self.remainder >= 2 * self.length {
            self.remainder -= 2 * self.length;
            self.minor += 1;
        } else if self.remainder < 0 {
            self.remainder += 2 * self.length;
            self.minor -= 1;
        }
        Some(point)
    }
}

/// Draws the three sides of a triangle, one pixel wide.
pub fn triangle_outline(canvas: &mut Canvas<'_>, a: Point, b: Point, c: Point, color: u32) {
    line(canvas, a, b, 1, color);
    line(canvas, b, c, 1, color);
    line(canvas, c, a, 1, color);
}

/// Fills a triangle; nothing if its corners are on one line. Either order of the corners will do.
pub fn triangle(canvas: &mut Canvas<'_>, a: Point, b: Point, c: Point, color: u32) {
    let (a, mut b, mut c) = (wide(a), wide(b), wide(c));
    let turn = i128::from(b.0 - a.0) * i128::from(c.1 - a.1)
        - i128::from(b.1 - a.1) * i128::from(c.0 - a.0);
    if turn == 0 {
        return;
    }
    if turn < 0 {
        core::mem::swap(&mut b, &mut c);
    }
    let right = canvas.bounds().x1;
    for y in rows(canvas, a.1.min(b.1).min(c.1), a.1.max(b.1).max(c.1)) {
        let (mut x0, mut x1) = (0, right);
        for (p, q) in [(a, b), (b, c), (c, a)] {
            clip_to_edge(p, q, y, &mut x0, &mut x1);
        }
        canvas.span(y, x0, x1, color);
    }
}

/// Narrows `x0..x1` to the pixels of row `y` on the inner side of the edge `p` → `q` of a clockwise triangle.
///
/// A pixel is inside when `dx·(y − p.y) − dy·(x − p.x)` is positive, or zero on a top or left edge.
fn clip_to_edge(p: (i64, i64), q: (i64, i64), y: i64, x0: &mut i64, x1: &mut i64) {
    let (dx, dy) = (q.0 - p.0, q.1 - p.1);
    // Clockwise with y down: a top edge goes right, a left edge goes up.
    let is_top_left = (dy == 0 && dx > 0) || dy < 0;
    let least = i128::from(!is_top_left);
    let rest = i128::from(dx) * i128::from(y - p.1) - least;
    // The pixel is inside when dy·(x − p.x) ≤ rest.
    if dy > 0 {
        *x1 = (*x1).min(p.0.saturating_add(floor_div(rest, dy)).saturating_add(1));
    } else if dy < 0 {
        // dy is negative: x − p.x ≥ rest ÷ dy, rounded up.
        *x0 = (*x0).max(p.0.saturating_sub(floor_div(rest, -dy)));
    } else if rest < 0 {
        *x1 = *x0;
    }
}

/// `⌊n ÷ d⌋` for a positive `d`, saturated to 64 bits.
fn floor_div(n: i128, d: i64) -> i64 {
    match i64::try_from(n) {
        // Nearly always: a 64-bit division is many times faster.
        Ok(n) => n.div_euclid(d),
        Err(_) => {
            let quotient = n.div_euclid(i128::from(d));
            i64::try_from(quotient).unwrap_or(if n < 0 { i64::MIN } else { i64::MAX })
        }
    }
}

fn wide(point: Point) -> (i64, i64) {
    (i64::from(point.0), i64::from(point.1))
}
