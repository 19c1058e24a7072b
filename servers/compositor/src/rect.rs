//! Half-open rectangles of pixels.
//!
//! Bounds are `i64`, so that the sum of any two 32-bit values a client sends is exact and needs no check.

/// The pixels with `x0 ≤ x < x1` and `y0 ≤ y < y1`; empty when a range is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rect {
    /// First column.
    pub x0: i64,
    /// First row.
    pub y0: i64,
    /// Column after the last.
    pub x1: i64,
    /// Row after the last.
    pub y1: i64,
}

impl Rect {
    /// The rectangle without pixels.
    pub const EMPTY: Rect = Rect {
        x0: 0,
        y0: 0,
        x1: 0,
        y1: 0,
    };

    /// The rectangle with its top left corner at `x y`; empty unless `w` and `h` are positive.
    pub fn from_size(x: i32, y: i32, w: i32, h: i32) -> Rect {
        let (x, y) = (i64::from(x), i64::from(y));
        Rect {
            x0: x,
            y0: y,
            x1: x + i64::from(w),
            y1: y + i64::from(h),
        }
    }

    /// Whether it has no pixel.
    pub fn is_empty(&self) -> bool {
        self.x0 >= self.x1 || self.y0 >= self.y1
    }

    /// The pixels in both; [`Rect::EMPTY`] if there are none.
    pub fn intersect(&self, other: &Rect) -> Rect {
        let both = Rect {
            x0: self.x0.max(other.x0),
            y0: self.y0.max(other.y0),
            x1: self.x1.min(other.x1),
            y1: self.y1.min(other.y1),
        };
        if both.is_empty() { Rect::EMPTY } else { both }
    }

    /// The smallest rectangle that holds both.
    pub fn union(&self, other: &Rect) -> Rect {
        if self.is_empty() {
            return *other;
        }
        if other.is_empty() {
            return *self;
        }
        Rect {
            x0: self.x0.min(other.x0),
            y0: self.y0.min(other.y0),
            x1: self.x1.max(other.x1),
            y1: self.y1.max(other.y1),
        }
    }

    /// Whether every pixel of `other` is in this one.
    pub fn contains(&self, other: &Rect) -> bool {
        other.is_empty()
            || (self.x0 <= other.x0
                && self.y0 <= other.y0
                && self.x1 >= other.x1
                && self.y1 >= other.y1)
    }

    /// The same rectangle moved by `dx dy`.
    pub fn moved(&self, dx: i64, dy: i64) -> Rect {
        Rect {
            x0: self.x0.saturating_add(dx),
            y0: self.y0.saturating_add(dy),
            x1: self.x1.saturating_add(dx),
            y1: self.y1.saturating_add(dy),
        }
    }

    /// Number of pixels, saturating.
    pub fn area(&self) -> u64 {
        if self.is_empty() {
            return 0;
        }
        self.x1
            .abs_diff(self.x0)
            .saturating_mul(self.y1.abs_diff(self.y0))
    }
}
