//! Defaults: what a step means where the line says nothing.
//!
//! | slot | default |
//! |---|---|
//! | `w`, `h` of a rectangle | the other one if the line calls it a square, else 50 |
//! | `r` | 25 |
//! | `width` of a line | 1 |
//! | `color` | white; black for `draw.clear` |
//! | `fill` | true |
//! | place of a text | the centre |
//! | `count` of a layout | 1; `dx dy`: the shape's own extent plus 10 |
//! | `x y` of a window | the compositor chooses; `w h`: 320 × 200 |

use super::{
    intent::Intent,
    step::{Step, Value},
};

/// Side of a rectangle.
pub const SIZE: i64 = 50;
/// Radius of a circle: as wide as the default square.
pub const RADIUS: i64 = 25;
/// Free pixels between repeated shapes.
pub const GAP: i64 = 10;
/// Colour of shapes and text.
pub const COLOR: &str = "white";
/// Colour of a cleared canvas.
pub const CLEAR: &str = "black";
/// Most copies of a shape that one step draws: 100 × 100, so that a slip of a key cannot draw for minutes.
pub const COUNT_MAX: i64 = 10_000;

/// `step` with every default that drawing it needs. What the step shows at the prompt, and what is lowered.
pub fn complete(step: &Step) -> Step {
    let mut full = step.clone();
    let mut set = |slot: &str, value: Value| {
        if full.get(slot).is_none() {
            full.set(slot, value);
        }
    };
    let color = |name: &str| Value::Text(name.into());
    match step.intent() {
        Intent::DrawRect => {
            set("w", Value::Int(SIZE));
            set("h", Value::Int(SIZE));
            set("color", color(COLOR));
        }
        Intent::DrawCircle => {
            set("r", Value::Int(RADIUS));
            set("color", color(COLOR));
        }
        Intent::DrawLine => {
            set("width", Value::Int(1));
            set("color", color(COLOR));
        }
        Intent::DrawTriangle | Intent::DrawPixel => set("color", color(COLOR)),
        Intent::DrawText => {
            if step.get("x").is_none() && step.get("at").is_none() {
                set("at", color("center"));
            }
            set("color", color(COLOR));
        }
        Intent::DrawClear => set("color", color(CLEAR)),
        _ => {}
    }
    if let Some(layout) = step.text("layout") {
        let (w, h) = extent(step);
        set("count", Value::Int(1));
        if layout != "column" {
            set("dx", Value::Int(w.saturating_add(GAP)));
        }
        if layout != "row" {
            set("dy", Value::Int(h.saturating_add(GAP)));
        }
    }
    full
}

/// Width and height of the shape that `step` draws once.
pub fn extent(step: &Step) -> (i64, i64) {
    let int = |slot: &str| step.int(slot);
    match step.intent() {
        Intent::DrawRect => (int("w").unwrap_or(SIZE), int("h").unwrap_or(SIZE)),
        Intent::DrawCircle => {
            let d = int("r").unwrap_or(RADIUS).saturating_mul(2);
            (d, d)
        }
        Intent::DrawLine | Intent::DrawTriangle => {
            let span = |slots: [&str; 3]| {
                let values = || slots.iter().filter_map(|slot| int(slot));
                values()
                    .max()
                    .unwrap_or(0)
                    .saturating_sub(values().min().unwrap_or(0))
            };
            (span(["x1", "x2", "x3"]), span(["y1", "y2", "y3"]))
        }
        _ => (1, 1),
    }
}
