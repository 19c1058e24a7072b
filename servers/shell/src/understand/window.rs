//! Window requests: open, close, move, resize, focus.
//!
//! A target is a number ("window 2", "the second window"), a title as typed ("the Editor window", "'My Notes'"), or `all`.

use alloc::string::{String, ToString};

use super::{
    Outcome,
    frame::Frame,
    geometry,
    intent::Intent,
    lexer::Kind,
    numbers,
    step::{Step, Value},
    vocabulary::Class,
};

const LOOSE: &[&str] = &[
    "new", "point", "size", "it", "screen", "position", "corner", "can", "on", "titled", "px",
    "put",
];

/// The outcome of `frame` if it is about a window.
pub fn parse(frame: &Frame<'_>) -> Option<Outcome> {
    let named = frame.has(&["window", "windows"]);
    let intent = intent(frame, named)?;
    let mut frame = frame.clone();
    if let Some(number) = geometry::out_of_range(&frame) {
        return Some(Outcome::ask_why(
            "number",
            &alloc::format!("{number} is outside the range of coordinates"),
        ));
    }
    geometry::take_brackets(&mut frame);
    let mut step = Step::new(intent);
    if intent == Intent::WinOpen {
        if let Some(title) = title(&mut frame) {
            step.set("title", Value::Text(title));
        } else if !named {
            return None;
        }
    } else {
        match target(&mut frame, named) {
            Some(target) => step.set("target", Value::Text(target)),
            None if named => return Some(Outcome::ask("target")),
            None => return None,
        }
    }
    if let Err(outcome) = numbers_of(intent, &mut frame, &mut step) {
        return Some(outcome);
    }
    frame.take(&["window", "windows"]);
    frame.take(verbs(intent));
    match frame.left_over(LOOSE) {
        Some(term) if named || term.class != Class::Unknown => {
            Some(Outcome::stranger(&term.token.raw))
        }
        Some(_) => None,
        None => Some(Outcome::Step(step)),
    }
}

fn verbs(intent: Intent) -> &'static [&'static str] {
    match intent {
        Intent::WinOpen => &["open", "make", "show", "start", "add", "give", "put"],
        Intent::WinClose => &["close", "down"],
        Intent::WinMove => &["move", "put", "bring", "set", "over"],
        Intent::WinResize => &["resize", "make", "set", "size"],
        _ => &[
            "focus", "bring", "turn", "go", "front", "put", "on", "top", "move",
        ],
    }
}

fn intent(frame: &Frame<'_>, named: bool) -> Option<Intent> {
    let has = |words: &[&str]| frame.has(words);
    let sized = has(&["wide", "tall", "width", "height", "size", "by"]);
    // Without the word "window", only a quoted title or a capitalised name says that a window is meant.
    let titled = frame.terms().iter().skip(1).any(|t| {
        t.token.kind == Kind::Quoted
            || (t.class == Class::Unknown && t.token.raw.starts_with(char::is_uppercase))
    });
    if !named && !titled {
        return None;
    }
    Some(if has(&["focus", "front"]) {
        Intent::WinFocus
    } else if has(&["close"]) {
        Intent::WinClose
    } else if has(&["resize"])
        || (named
            && has(&["make", "set"])
            && sized
            && !has(&["new", "titled"])
            && target_number(frame))
    {
        Intent::WinResize
    } else if has(&["move"])
        || (named && has(&["put", "bring"]) && frame.find_token(|t| t.int().is_some()).is_some())
    {
        Intent::WinMove
    } else if named && has(&["turn", "go"]) {
        Intent::WinFocus
    } else if has(&["open"])
        || (named && (has(&["make", "start", "add", "give", "put"]) || has(&["new"])))
    {
        Intent::WinOpen
    } else {
        return None;
    })
}

/// "make window 2 400 wide" resizes, "make a window 400 wide" opens.
fn target_number(frame: &Frame<'_>) -> bool {
    let Some(at) = frame.find("window") else {
        return false;
    };
    let article = at
        .checked_sub(1)
        .and_then(|b| frame.term(b))
        .is_some_and(|t| t.canon == "a");
    !article
}

/// Takes a target.
fn target(frame: &mut Frame<'_>, named: bool) -> Option<String> {
    if frame.take(&["all"]) {
        return Some("all".to_string());
    }
    if let Some(at) = frame.find_any(&["window", "windows"]) {
        let mut next = at + 1;
        while frame
            .term(next)
            .is_some_and(|t| matches!(t.token.low.as_str(), "number" | "no" | "nr" | "id"))
        {
            frame.mark(next);
            next += 1;
        }
        // "the Editor window 300 wide": a number that measures is no window's.
        let measures = frame
            .term(next + 1)
            .is_some_and(|t| t.is("wide") || t.is("tall") || t.is("by") || t.is("px"));
        if let Some(number) = frame.int(next).filter(|_| !measures) {
            frame.mark(next);
            return Some(number.to_string());
        }
        let before = at.checked_sub(1).and_then(|b| frame.term(b));
        if let Some(number) = before.and_then(|t| numbers::ordinal(&t.token.low)) {
            frame.mark(at - 1);
            return Some(number.to_string());
        }
    }
    title(frame).or_else(|| if named { None } else { capitalised(frame) })
}

/// Takes a title: quoted, after "titled", or beside the word "window".
fn title(frame: &mut Frame<'_>) -> Option<String> {
    if let Some(text) = frame.take_quoted() {
        frame.take(&["titled"]);
        return Some(text);
    }
    if let Some(at) = frame
        .find_any(&["titled"])
        .or_else(|| (0..frame.len()).find(|i| frame.terms()[*i].token.low == "call"))
    {
        let mut from = at + 1;
        while frame.term(from).is_some_and(|t| {
            matches!(
                t.token.raw.as_str(),
                "the" | "of" | "is" | "as" | "it" | "to" | "a"
            )
        }) {
            from += 1;
        }
        let mut to = from;
        while to < frame.len() && !ends_title(frame, to) {
            to += 1;
        }
        let text = frame.slice(from, to).trim().to_string();
        if !text.is_empty() {
            frame.mark_range(at, to);
            return Some(text);
        }
    }
    let at = frame.find_any(&["window", "windows"])?;
    // "the Editor window", "an Editor window", "the log window".
    let mut from = at;
    while from > 0 && frame.is_open(from - 1) {
        let term = frame.term(from - 1)?;
        let stop = matches!(term.class, Class::Verb | Class::Filler)
            || matches!(term.canon, "new" | "all" | "it" | "window");
        if stop || term.token.is_number() {
            break;
        }
        from -= 1;
    }
    if from < at {
        let text = frame.slice(from, at).to_string();
        frame.mark_range(from, at);
        return Some(text);
    }
    // "window Editor".
    let next = frame.term(at + 1)?;
    let name = next.class == Class::Unknown
        || next.class == Class::Server
        || next.token.raw.starts_with(char::is_uppercase);
    if !name || !frame.is_open(at + 1) {
        return None;
    }
    let mut to = at + 2;
    while frame.term(to).is_some_and(|t| t.class == Class::Unknown) {
        to += 1;
    }
    let text = frame.slice(at + 1, to).to_string();
    frame.mark_range(at + 1, to);
    Some(text)
}

/// "close Editor": a capitalised word that is not the first.
fn capitalised(frame: &mut Frame<'_>) -> Option<String> {
    let at = (1..frame.len()).find(|at| {
        frame.is_open(*at) && frame.terms()[*at].token.raw.starts_with(char::is_uppercase)
    })?;
    let mut to = at + 1;
    while frame
        .term(to)
        .is_some_and(|t| t.token.raw.starts_with(char::is_uppercase))
    {
        to += 1;
    }
    let text = frame.slice(at, to).to_string();
    frame.mark_range(at, to);
    Some(text)
}

fn ends_title(frame: &Frame<'_>, at: usize) -> bool {
    let Some(term) = frame.term(at) else {
        return true;
    };
    let number = |i: usize| {
        frame
            .term(i)
            .is_some_and(|t| t.token.is_number() || t.is("x") || t.token.kind == Kind::Op('('))
    };
    match term.token.low.as_str() {
        "at" | "of" | "with" | "to" | "by" | "from" | "sized" | "please" | "window" | "," | ";" => {
            true
        }
        "size" | "width" => number(at + 1) || frame.term(at + 1).is_some_and(|t| t.is("of")),
        // "New Game 2" keeps its number; "Editor 300 by 200" does not.
        _ => {
            frame.int(at).is_some()
                && (number(at + 1)
                    || frame
                        .term(at + 1)
                        .is_some_and(|t| t.is("by") || t.is("wide")))
        }
    }
}

fn numbers_of(intent: Intent, frame: &mut Frame<'_>, step: &mut Step) -> Result<(), Outcome> {
    let places = intent.slots().contains(&"x");
    let sizes = intent.slots().contains(&"w");
    let (mut w, mut h) = (None, None);
    if sizes {
        if let Some((width, height)) = geometry::dimensions(frame, None) {
            (w, h) = (Some(width), Some(height));
        }
        w = w
            .or(geometry::measured(frame, &["wide"]))
            .or_else(|| geometry::labelled(frame, &["width"]));
        h = h
            .or(geometry::measured(frame, &["tall"]))
            .or_else(|| geometry::labelled(frame, &["height"]));
    }
    let (mut x, mut y) = (None, None);
    if places {
        x = geometry::labelled(frame, &["x"]);
        y = geometry::labelled(frame, &["y"]);
    }
    let size_at = frame.find("size");
    for point in geometry::points(frame) {
        let after_size = size_at.is_some_and(|at| point.term > at && point.term <= at + 3);
        if places && x.is_none() && y.is_none() && !(sizes && after_size) {
            (x, y) = (Some(point.x), Some(point.y));
        } else if sizes && w.is_none() && h.is_none() {
            (w, h) = (Some(point.x), Some(point.y));
        } else {
            return Err(Outcome::ask_why(
                "number",
                "there are more numbers than a place and a size",
            ));
        }
    }
    if frame.find_token(|t| t.is_number()).is_some() {
        return Err(Outcome::ask_why("number", "a number has no meaning here"));
    }
    for (slot, value) in [("x", x), ("y", y), ("w", w), ("h", h)] {
        if let Some(value) = value {
            if value <= 0 && matches!(slot, "w" | "h") {
                return Err(Outcome::ask_why(slot, "a size is at least 1"));
            }
            step.set(slot, Value::Int(value));
        }
    }
    let optional = intent == Intent::WinOpen;
    let halves = (x.is_some() != y.is_some()) || (w.is_some() != h.is_some());
    for (slot, value, needed) in [
        ("x", x, places),
        ("y", y, places),
        ("w", w, sizes),
        ("h", h, sizes),
    ] {
        if needed && value.is_none() && (!optional || halves && partner_given(slot, x, y, w, h)) {
            return Err(Outcome::ask(slot));
        }
    }
    Ok(())
}

fn partner_given(
    slot: &str,
    x: Option<i64>,
    y: Option<i64>,
    w: Option<i64>,
    h: Option<i64>,
) -> bool {
    match slot {
        "x" => y.is_some(),
        "y" => x.is_some(),
        "w" => h.is_some(),
        _ => w.is_some(),
    }
}
