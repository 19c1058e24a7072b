//! Where copies of a shape go: the origin, fixed or computed from the screen's size, and the offset of each copy.

use nda_lang::{
    Shim,
    build::{Expr, FunctionBuilder, Local},
};

use super::{COORDINATE, LowerError, narrow, number};
use crate::understand::{Step, defaults};

/// The top left corner of what a step draws, or the point its coordinates name.
pub(super) enum Origin<'m> {
    /// Coordinates that the step states.
    Fixed { x: i32, y: i32 },
    /// An anchor: locals that [`Origin::prepare`] sets.
    Anchored {
        x: Local<'m>,
        y: Local<'m>,
        anchor: Anchor,
        width: i32,
        height: i32,
    },
    /// The shape's corners carry their own coordinates.
    Own,
}

/// Which side of each axis an anchor names.
#[derive(Clone, Copy)]
pub(super) struct Anchor {
    x: Side,
    y: Side,
}

#[derive(Clone, Copy)]
enum Side {
    Start,
    Middle,
    End,
}

impl Anchor {
    fn of(name: &str) -> Option<Anchor> {
        use Side::{End, Middle, Start};
        let (x, y) = match name {
            "center" => (Middle, Middle),
            "top" => (Middle, Start),
            "bottom" => (Middle, End),
            "left" => (Start, Middle),
            "right" => (End, Middle),
            "top-left" => (Start, Start),
            "top-right" => (End, Start),
            "bottom-left" => (Start, End),
            "bottom-right" => (End, End),
            _ => return None,
        };
        Some(Anchor { x, y })
    }
}

impl<'m> Origin<'m> {
    /// The origin of `step`, whose copies together measure `block`.
    pub(super) fn of(
        f: &FunctionBuilder<'m>,
        step: &Step,
        block: (i32, i32),
    ) -> Result<Origin<'m>, LowerError> {
        if !step.intent().slots().contains(&"at") {
            return Ok(Origin::Own);
        }
        if step.get("x").is_some() {
            return Ok(Origin::Fixed {
                x: number(step, "x")?,
                y: number(step, "y")?,
            });
        }
        let anchor = step
            .text("at")
            .and_then(Anchor::of)
            .ok_or(LowerError::Missing("at"))?;
        let (x, y) = (f.local(COORDINATE), f.local(COORDINATE));
        Ok(Origin::Anchored {
            x,
            y,
            anchor,
            width: block.0,
            height: block.1,
        })
    }

    /// Code that runs once, before the first copy.
    pub(super) fn prepare(&self, f: &FunctionBuilder<'m>) -> Expr<'m> {
        let Origin::Anchored {
            x,
            y,
            anchor,
            width,
            height,
        } = self
        else {
            return f.seq([]);
        };
        let start = |side: Side, screen: Shim, extent: i32| match side {
            Side::Start => f.i32(0),
            Side::Middle => (f.shim(screen, []) - extent) / 2,
            Side::End => f.shim(screen, []) - extent,
        };
        f.seq([
            x.set(start(anchor.x, Shim::ScreenWidth, *width)),
            y.set(start(anchor.y, Shim::ScreenHeight, *height)),
        ])
    }

    /// The top left corner.
    pub(super) fn corner(&self, f: &FunctionBuilder<'m>) -> (Expr<'m>, Expr<'m>) {
        match self {
            Origin::Fixed { x, y } => (f.i32(*x), f.i32(*y)),
            Origin::Anchored { x, y, .. } => (x.get(), y.get()),
            Origin::Own => (f.i32(0), f.i32(0)),
        }
    }

    /// The centre of a circle of radius `r`: stated as such, or inside the anchored block.
    pub(super) fn center(&self, f: &FunctionBuilder<'m>, r: i32) -> (Expr<'m>, Expr<'m>) {
        let (x, y) = self.corner(f);
        match self {
            Origin::Anchored { .. } => (x + r, y + r),
            _ => (x, y),
        }
    }
}

/// How often and how far apart.
pub(super) struct Copies {
    count: i32,
    /// Copies in a row before the next one starts; 0 for a column.
    cols: i32,
    dx: i32,
    dy: i32,
}

/// A loop over the copies.
pub(super) struct Repeat<'m> {
    pub(super) counter: Local<'m>,
    pub(super) count: i32,
    /// Distance of the current copy from the first, where it is not always 0.
    pub(super) dx: Option<Expr<'m>>,
    pub(super) dy: Option<Expr<'m>>,
}

impl Copies {
    /// Reads the repetition of a complete step. Errors: `Range` if the last copy is outside 32 bits.
    pub(super) fn of(step: &Step) -> Result<Copies, LowerError> {
        let Some(layout) = step.text("layout") else {
            return Ok(Copies {
                count: 1,
                cols: 1,
                dx: 0,
                dy: 0,
            });
        };
        let count = step.int("count").unwrap_or(1);
        if !(1..=defaults::COUNT_MAX).contains(&count) {
            return Err(LowerError::Range("count"));
        }
        let count = narrow("count", count)?;
        let cols = match layout {
            "row" => count,
            "column" => 1,
            _ => number(step, "cols")?,
        };
        if cols < 1 {
            return Err(LowerError::Range("cols"));
        }
        let distance = |slot: &'static str| narrow(slot, step.int(slot).unwrap_or(0));
        let (dx, dy) = match layout {
            "row" => (distance("dx")?, 0),
            "column" => (0, distance("dy")?),
            _ => (distance("dx")?, distance("dy")?),
        };
        let copies = Copies {
            count,
            cols,
            dx,
            dy,
        };
        copies.block((0, 0))?;
        Ok(copies)
    }

    /// Width and height of all copies together, each measuring `one`.
    pub(super) fn block(&self, one: (i32, i32)) -> Result<(i32, i32), LowerError> {
        let (cols, rows) = (self.cols.min(self.count), (self.count - 1) / self.cols);
        let reach = |steps: i32, distance: i32, extent: i32| {
            distance.checked_mul(steps)?.checked_add(extent)
        };
        Ok((
            reach(cols - 1, self.dx, one.0).ok_or(LowerError::Range("dx"))?,
            reach(rows, self.dy, one.1).ok_or(LowerError::Range("dy"))?,
        ))
    }

    /// The loop, unless there is one copy only.
    pub(super) fn offsets<'m>(&self, f: &FunctionBuilder<'m>) -> Option<Repeat<'m>> {
        if self.count == 1 {
            return None;
        }
        let counter = f.local(COORDINATE);
        let index = counter.get();
        let (dx, dy) = if self.cols >= self.count {
            (Some(index * self.dx), None)
        } else if self.cols == 1 {
            (None, Some(index * self.dy))
        } else {
            (
                Some((index % self.cols) * self.dx),
                Some((index / self.cols) * self.dy),
            )
        };
        Some(Repeat {
            counter,
            count: self.count,
            dx,
            dy,
        })
    }
}
