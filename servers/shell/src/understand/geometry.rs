//! Numbers of a request that measure or place something: labelled values, dimensions, points, anchors and colours.
//!
//! Shapes and windows are described with the same phrases, in any order. Each function takes one kind of phrase from the
//! frame. They run from the most to the least explicit, so that a bare number is only a coordinate if nothing else claims
//! it.

use alloc::{
    string::{String, ToString},
    vec::Vec,
};

use super::{colors, frame::Frame, lexer::Kind};

/// Takes the value after a label: "radius 40", "width of 3", "x = 10".
pub fn labelled(frame: &mut Frame<'_>, labels: &[&str]) -> Option<i64> {
    let spots = (0..frame.len())
        .filter(|at| frame.is_open(*at) && labels.iter().any(|l| frame.terms()[*at].is(l)));
    for at in spots.collect::<Vec<_>>() {
        let mut next = at + 1;
        while next <= at + 3 && frame.term(next).is_some_and(|t| is_glue(&t.token.low)) {
            next += 1;
        }
        if let Some(value) = frame.int(next) {
            frame.mark_range(at, next + 1);
            return Some(value);
        }
    }
    None
}

/// Takes the value before a label: "40 px wide", "10 apart", "20 in diameter".
pub fn measured(frame: &mut Frame<'_>, labels: &[&str]) -> Option<i64> {
    let spots = (0..frame.len())
        .filter(|at| frame.is_open(*at) && labels.iter().any(|l| frame.terms()[*at].is(l)));
    for at in spots.collect::<Vec<_>>() {
        let mut before = at;
        while before > 0
            && frame
                .term(before - 1)
                .is_some_and(|t| t.canon == "px" || t.canon == "in")
        {
            before -= 1;
        }
        if let Some(value) = before.checked_sub(1).and_then(|number| frame.int(number)) {
            frame.mark_range(before - 1, at + 1);
            return Some(value);
        }
    }
    None
}

fn is_glue(word: &str) -> bool {
    matches!(
        word,
        "of" | "is" | "to" | "a" | "the" | "be" | "about" | "exactly" | "by" | "("
    )
}

/// Takes "60 by 20" or "60x20"; of several, the one nearest to `anchor` if given.
pub fn dimensions(frame: &mut Frame<'_>, anchor: Option<usize>) -> Option<(i64, i64)> {
    let find = |frame: &Frame<'_>, at: usize| -> Option<(usize, i64, i64)> {
        let width = frame.int(at)?;
        let mut next = at + 1;
        while frame.term(next).is_some_and(|t| t.canon == "px") {
            next += 1;
        }
        if !frame
            .term(next)
            .is_some_and(|t| t.is("by") || t.is("x") || t.token.kind == Kind::Op('*'))
        {
            return None;
        }
        Some((next + 1, width, frame.int(next + 1)?))
    };
    let all = (0..frame.len()).filter_map(|at| find(frame, at).map(|(end, w, h)| (at, end, w, h)));
    let (at, end, w, h) = match anchor {
        Some(near) => all.min_by_key(|(at, end, ..)| {
            if *at > near {
                at - near
            } else {
                near.saturating_sub(*end)
            }
        })?,
        None => {
            let mut all = all;
            all.next()?
        }
    };
    frame.mark_range(at, end + 1);
    Some((w, h))
}

/// A point as the line gives it, with the term index where it starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Point {
    /// Pixels from the left.
    pub x: i64,
    /// Pixels from the top.
    pub y: i64,
    /// Where its first number stands.
    pub term: usize,
}

/// Takes every pair of neighbouring open numbers: "(10, 20)", "10 20", "10 and 20".
pub fn points(frame: &mut Frame<'_>) -> Vec<Point> {
    let mut out = Vec::new();
    let mut at = 0;
    while at < frame.len() {
        let Some(x) = frame.int(at) else {
            at += 1;
            continue;
        };
        let mut next = at + 1;
        while frame.term(next).is_some_and(|t| {
            t.canon == "px" || t.canon == "and" || matches!(t.token.kind, Kind::Stop) || t.is("by")
        }) {
            next += 1;
        }
        match frame.int(next) {
            Some(y) => {
                frame.mark_range(at, next + 1);
                out.push(Point { x, y, term: at });
                at = next + 1;
            }
            None => at += 1,
        }
    }
    out
}

/// Marks brackets, which only group coordinates here.
pub fn take_brackets(frame: &mut Frame<'_>) {
    for at in 0..frame.len() {
        if frame.terms()[at].token.kind == Kind::Op('(')
            || frame.terms()[at].token.kind == Kind::Op(')')
        {
            frame.mark(at);
        }
    }
}

/// Takes an anchor: "in the top right corner", "centre", "bottom-left".
pub fn anchor(frame: &mut Frame<'_>) -> Option<&'static str> {
    let center = frame.take(&["center"]);
    let (top, bottom) = (frame.take(&["top"]), frame.take(&["bottom"]));
    let (left, right) = (frame.take(&["left"]), frame.take(&["right"]));
    Some(match (top, bottom, left, right) {
        (true, false, false, false) => "top",
        (false, true, false, false) => "bottom",
        (false, false, true, false) => "left",
        (false, false, false, true) => "right",
        (true, false, true, false) => "top-left",
        (true, false, false, true) => "top-right",
        (false, true, true, false) => "bottom-left",
        (false, true, false, true) => "bottom-right",
        (false, false, false, false) if center => "center",
        _ => return None,
    })
}

/// Takes every colour, in order: names of up to four words, shades, `#rrggbb`, `rgb(255, 0, 0)`.
pub fn colors(frame: &mut Frame<'_>) -> Vec<String> {
    let mut out = Vec::new();
    let mut at = 0;
    while at < frame.len() {
        match color_at(frame, at) {
            Some((name, end)) => {
                frame.mark_range(at, end);
                out.push(name);
                at = end;
            }
            None => at += 1,
        }
    }
    out
}

fn color_at(frame: &Frame<'_>, at: usize) -> Option<(String, usize)> {
    if !frame.is_open(at) {
        return None;
    }
    let term = frame.term(at)?;
    if let Kind::HexColor(value) = term.token.kind {
        return Some((colors::hex(value), at + 1));
    }
    // Six digits after "#" that are all decimal are a colour too; the lexer has taken care of that.
    if term.token.kind != Kind::Word {
        return None;
    }
    if term.token.low == "rgb" {
        return rgb_at(frame, at);
    }
    let word = |i: usize| {
        frame
            .term(i)
            .filter(|t| t.token.kind == Kind::Word && frame.is_open(i))
            .map(|t| t.token.low.as_str())
    };
    for count in (1..=colors::NAME_WORDS_MAX).rev() {
        let joined: Option<String> = (at..at + count)
            .map(|i| word(i).map(|w| w.replace('-', "")))
            .collect();
        if let Some(name) = joined.filter(|name| colors::is_name(name)) {
            return Some((name, at + count));
        }
    }
    let shade = colors::Shade::of(word(at)?)?;
    let (base, end) = color_at(frame, at + 1)?;
    if shade == colors::Shade::Plain {
        return Some((base, end));
    }
    let value = colors::rgb(&base)?;
    Some((colors::hex(shade.apply(value)), end))
}

/// `rgb(255, 128, 0)` or `rgb 255 128 0`.
fn rgb_at(frame: &Frame<'_>, at: usize) -> Option<(String, usize)> {
    let mut value = 0u32;
    let mut next = at + 1;
    for _ in 0..3 {
        while frame
            .term(next)
            .is_some_and(|t| matches!(t.token.kind, Kind::Stop | Kind::Op('(')))
        {
            next += 1;
        }
        value = value << 8 | u32::from(u8::try_from(frame.int(next)?).ok()?);
        next += 1;
    }
    if frame
        .term(next)
        .is_some_and(|t| t.token.kind == Kind::Op(')'))
    {
        next += 1;
    }
    Some((colors::hex(value), next))
}

/// The number in the frame that does not fit a coordinate, if there is one.
pub fn out_of_range(frame: &Frame<'_>) -> Option<String> {
    frame
        .terms()
        .iter()
        .find(|t| match t.token.kind {
            Kind::Huge => true,
            Kind::Int(value) => i32::try_from(value).is_err(),
            _ => false,
        })
        .map(|t| t.token.raw.chars().take(24).collect::<String>().to_string())
}

/// Whether a number with a fraction stands in the frame.
pub fn has_fraction(frame: &Frame<'_>) -> bool {
    frame
        .terms()
        .iter()
        .any(|t| matches!(t.token.kind, Kind::Decimal(..)))
}
