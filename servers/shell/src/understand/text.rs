//! Text requests: "write 'good morning' in white at the top", "write hello world at 5 5".
//!
//! The text is the quoted string, or, without quotes, the words as typed from the verb to the first phrase of place or
//! colour.

use alloc::string::{String, ToString};

use super::{
    Outcome, colors,
    frame::Frame,
    geometry,
    intent::Intent,
    lexer::Kind,
    step::{Step, Value},
};

/// Longest text of one step, in bytes: more than a screen's width in any font.
pub const TEXT_MAX: usize = 512;

const LOOSE: &[&str] = &[
    "words", "screen", "color", "point", "corner", "side", "it", "on", "text", "line", "starting",
    "size",
];

/// The outcome of `frame`, which asks for text.
pub fn parse(frame: &Frame<'_>) -> Option<Outcome> {
    let mut frame = frame.clone();
    let text = match frame.take_quoted() {
        Some(text) => text,
        None => match unquoted(&mut frame) {
            Some(text) => text,
            None => return Some(Outcome::ask("text")),
        },
    };
    if frame.find_token(|t| t.kind == Kind::Quoted).is_some() {
        return Some(Outcome::ask_why("text", "more than one text is given"));
    }
    if text.len() > TEXT_MAX {
        return Some(Outcome::ask_why(
            "text",
            "the text is longer than 512 bytes",
        ));
    }
    if text.trim().is_empty() {
        return Some(Outcome::ask("text"));
    }
    if let Some(number) = geometry::out_of_range(&frame) {
        return Some(Outcome::ask_why(
            "number",
            &alloc::format!("{number} is outside the range of coordinates"),
        ));
    }
    let mut step = Step::new(Intent::DrawText).with("text", Value::Text(text));
    frame.take(&[
        "draw", "put", "make", "add", "set", "write", "show", "text", "color", "give",
    ]);
    geometry::take_brackets(&mut frame);
    let colors = geometry::colors(&mut frame);
    match colors.as_slice() {
        [] => {}
        [color] => step.set("color", Value::Text(color.clone())),
        _ => return Some(Outcome::ask_why("color", "more than one colour is given")),
    }
    let (x, y) = (
        geometry::labelled(&mut frame, &["x"]),
        geometry::labelled(&mut frame, &["y"]),
    );
    let points = geometry::points(&mut frame);
    let anchor = geometry::anchor(&mut frame);
    match (x, y, points.as_slice(), anchor) {
        (Some(x), Some(y), [], _) => set(&mut step, x, y),
        (None, None, [point], None | Some("center" | "top-left")) => {
            set(&mut step, point.x, point.y)
        }
        (None, None, [], Some(anchor)) => step.set("at", Value::Text(anchor.to_string())),
        (None, None, [], None) => {}
        _ => return Some(Outcome::ask_why("at", "the place is ambiguous")),
    }
    match frame.left_over(LOOSE) {
        Some(term) => Some(Outcome::stranger(&term.token.raw)),
        None => Some(Outcome::Step(step)),
    }
}

fn set(step: &mut Step, x: i64, y: i64) {
    step.set("x", Value::Int(x));
    step.set("y", Value::Int(y));
}

/// Takes the words after "write" or "text" up to a phrase that is not text.
fn unquoted(frame: &mut Frame<'_>) -> Option<String> {
    let verb = frame.find_any(&["write", "text", "print", "display"])?;
    let mut from = verb + 1;
    while frame.term(from).is_some_and(|t| {
        matches!(
            t.token.low.as_str(),
            "the" | "a" | "text" | "word" | "words" | "out" | "me"
        )
    }) {
        from += 1;
    }
    let mut to = from;
    while to < frame.len() && !ends_text(frame, to) {
        to += 1;
    }
    let text = frame.slice(from, to).trim();
    // "write a poem" asks for an author; "write something" says nothing.
    let article = (verb + 1..from).any(|at| frame.terms()[at].token.low == "a");
    let vague =
        to == frame.len() && (article || matches!(text, "something" | "it" | "anything" | "stuff"));
    if text.is_empty() || vague {
        return None;
    }
    frame.mark_range(verb, to);
    Some(text.to_string())
}

fn ends_text(frame: &Frame<'_>, at: usize) -> bool {
    let low = |i: usize| frame.term(i).map_or("", |t| t.token.low.as_str());
    let place = |i: usize| {
        frame.term(i).is_some_and(|t| {
            matches!(
                t.canon,
                "center" | "top" | "bottom" | "left" | "right" | "screen"
            )
        })
    };
    let number = |i: usize| frame.term(i).is_some_and(|t| t.token.is_number());
    match low(at) {
        "at" | "in" | "on" | "to" | "near" => {
            let next = if matches!(low(at + 1), "the" | "(") {
                at + 2
            } else {
                at + 1
            };
            place(next)
                || number(next)
                || matches!(low(next), "x" | "position" | "point" | "coordinates")
                || colors::is_name(low(next))
                || colors::Shade::of(low(next)).is_some()
                || frame
                    .term(next)
                    .is_some_and(|t| matches!(t.token.kind, Kind::HexColor(_)))
        }
        "please" => at + 1 == frame.len(),
        _ => false,
    }
}
