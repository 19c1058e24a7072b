//! Repetition: "5 squares in a row", "a column of 3 circles", "a grid of 3 by 4 dots, 20 apart".
//!
//! A repeated shape stays one step with `count`, `layout` (`row`, `column`, `grid`), for grids `cols` and `rows`, and
//! `dx dy`, the distance between neighbouring origins, so that it lowers to one loop. A stated spacing is the *gap*
//! between shapes; the step carries it as `dx dy` once the size is known, the default size included.

use super::{
    defaults,
    frame::Frame,
    geometry,
    step::{Step, Value},
};

/// How the copies are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Left to right.
    Row,
    /// Top to bottom.
    Column,
    /// Both: columns, rows where the line says how many.
    Grid(Option<(i64, i64)>),
}

impl Layout {
    fn name(self) -> &'static str {
        match self {
            Layout::Row => "row",
            Layout::Column => "column",
            Layout::Grid(_) => "grid",
        }
    }
}

/// Takes the words of a layout.
pub fn layout(frame: &mut Frame<'_>) -> Option<Layout> {
    if let Some(at) = frame.find("grid") {
        let size = geometry::dimensions(frame, Some(at));
        frame.mark(at);
        let size = size.or_else(|| Some((named(frame, "column")?, named(frame, "row")?)));
        return Some(Layout::Grid(size));
    }
    // "3 rows of 4", "3 rows and 4 columns".
    if let Some(row) = frame.find("row")
        && let Some(rows) = row.checked_sub(1).and_then(|before| frame.int(before))
        && frame.terms()[row].token.low == "rows"
    {
        frame.mark_range(row - 1, row + 1);
        let cols = named(frame, "column").or_else(|| {
            let next = (row + 1..frame.len()).find(|i| frame.int(*i).is_some())?;
            let value = frame.int(next);
            if next <= row + 2 {
                frame.mark(next);
                value
            } else {
                None
            }
        });
        return Some(Layout::Grid(cols.map(|cols| (cols, rows))));
    }
    let column = frame.take(&["column"])
        || phrase(frame, &["on", "top", "of", "each", "other"])
        || phrase(frame, &["below", "each", "other"]);
    let row = frame.take(&["row"])
        || phrase(frame, &["side", "by", "side"])
        || phrase(frame, &["in", "a", "line"])
        || phrase(frame, &["next", "to", "each", "other"])
        || phrase(frame, &["beside", "each", "other"]);
    match (row, column) {
        (true, false) => Some(Layout::Row),
        (false, true) => Some(Layout::Column),
        (true, true) => Some(Layout::Grid(None)),
        (false, false) => None,
    }
}

/// Takes the number before `word`: "4 columns".
fn named(frame: &mut Frame<'_>, word: &str) -> Option<i64> {
    let at = frame.find(word)?;
    let value = at.checked_sub(1).and_then(|before| frame.int(before))?;
    frame.mark_range(at - 1, at + 1);
    Some(value)
}

/// Takes consecutive words as typed.
fn phrase(frame: &mut Frame<'_>, words: &[&str]) -> bool {
    let found = (0..frame.len()).find(|at| {
        words.iter().enumerate().all(|(i, word)| {
            frame.is_open(at + i) && frame.term(at + i).is_some_and(|t| t.token.low == *word)
        })
    });
    if let Some(at) = found {
        frame.mark_range(at, at + words.len());
    }
    found.is_some()
}

/// Takes "spaced 10 apart", "with a gap of 5", "every 30 pixels": kept as a gap until [`finish`].
pub fn spacing(frame: &mut Frame<'_>, layout: Layout, step: &mut Step) {
    step.set("layout", Value::Text(layout.name().into()));
    if let Layout::Grid(Some((cols, rows))) = layout {
        step.set("cols", Value::Int(cols));
        step.set("rows", Value::Int(rows));
        step.set("count", Value::Int(cols.saturating_mul(rows)));
    }
    let gap = geometry::measured(frame, &["apart"])
        .or_else(|| geometry::labelled(frame, &["spacing"]))
        .or_else(|| geometry::measured(frame, &["spacing"]));
    frame.take(&["apart", "spacing"]);
    if let Some(gap) = gap {
        step.set("dx", Value::Int(gap));
        step.set("dy", Value::Int(gap));
    }
}

/// Takes the count before the noun: "5 yellow squares", or after the layout: "a row of 5 squares".
pub fn count(frame: &mut Frame<'_>, noun: usize, layout: Option<Layout>, step: &mut Step) {
    let plural = frame
        .term(noun)
        .is_some_and(|t| t.token.low.ends_with('s') || t.token.low == "boxes");
    if !plural {
        return;
    }
    let mut at = noun;
    while at > 0 {
        at -= 1;
        let Some(term) = frame.term(at) else { return };
        if let Some(value) = frame.int(at) {
            // "5 20 by 20 squares", "5 20 px squares": a number that measures is not the count.
            let measures = frame
                .term(at + 1)
                .is_some_and(|t| t.canon == "px" || t.is("by"))
                || at
                    .checked_sub(1)
                    .and_then(|b| frame.term(b))
                    .is_some_and(|t| t.is("by"));
            if measures {
                continue;
            }
            frame.mark(at);
            step.set("count", Value::Int(value));
            if layout.is_none() {
                // Copies on one spot would look like one: a row is the plainest reading.
                step.set("layout", Value::Text("row".into()));
            }
            return;
        }
        let skipped = !frame.is_open(at)
            || matches!(term.canon, "px" | "by" | "filler" | "new" | "size")
            || term.token.is_number();
        if !skipped {
            return;
        }
    }
}

/// Turns a gap into the distance of origins, and completes a grid's sides from its count.
pub fn finish(step: &mut Step) {
    let Some(layout) = step.text("layout").map(|l| match l {
        "row" => Layout::Row,
        "column" => Layout::Column,
        _ => Layout::Grid(None),
    }) else {
        return;
    };
    if layout != Layout::Row && layout != Layout::Column && step.int("cols").is_none() {
        let count = step.int("count").unwrap_or(1).max(1);
        let root = count.isqrt();
        let cols = if root * root < count { root + 1 } else { root };
        step.set("cols", Value::Int(cols));
        step.set("rows", Value::Int((count + cols - 1) / cols));
    }
    if let Some(gap) = step.int("dx") {
        let (w, h) = defaults::extent(step);
        step.set("dx", Value::Int(w.saturating_add(gap)));
        step.set("dy", Value::Int(h.saturating_add(gap)));
    }
    match layout {
        Layout::Row => step.unset("dy"),
        Layout::Column => step.unset("dx"),
        Layout::Grid(_) => {}
    }
}
