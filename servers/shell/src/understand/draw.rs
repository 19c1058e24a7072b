//! Drawing requests: a shape, its place, its size, its colour, and how often.
//!
//! The shape's noun decides the intent; verbs only help where there is no noun ("write", "clear"). Slots are taken from
//! phrases in any order (see [`super::geometry`]); bare numbers that remain are given the meaning their count suggests.
//! A shape without a place is a question back, because a wrong guess draws over something.

use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};

use super::{
    Outcome, colors,
    frame::Frame,
    geometry::{self, Point},
    intent::Intent,
    lexer::Kind,
    repeat,
    step::{Step, Value},
    text,
    vocabulary::Class,
};

/// Verbs that can ask for a drawing.
const VERBS: &[&str] = &[
    "draw", "put", "make", "give", "add", "set", "write", "show", "fill", "color", "turn", "clear",
];
/// Words of description that carry no slot once the shape is known.
const LOOSE: &[&str] = &[
    "color", "point", "corner", "size", "each", "new", "on", "starting", "it", "side", "can", "px",
    "spacing", "beside", "words", "position", "put", "again",
];

/// The outcome of `frame` if it is about drawing.
pub fn parse(frame: &Frame<'_>) -> Option<Outcome> {
    let mut frame = frame.clone();
    let has_verb = frame.has(VERBS);
    let quoted = frame.find_token(|t| t.kind == Kind::Quoted).is_some();
    let layout = repeat::layout(&mut frame);
    let shape = shape(&frame);
    let writes = frame.has(&["write", "text"])
        || (quoted && frame.has(&["draw", "put", "show", "words", "add", "set"]));
    // "print hello at the bottom": without quotes only a place or colour tells a text from a wish to see something.
    let prints = shape.is_none()
        && frame
            .term(0)
            .is_some_and(|t| matches!(t.token.low.as_str(), "print" | "display"))
        && !frame.terms().iter().any(|t| t.class == Class::Topic)
        && (frame.has(&["center", "top", "bottom", "left", "right"])
            || !geometry::points(&mut frame.clone()).is_empty());
    if prints {
        return text::parse(&frame);
    }
    if writes && shape.is_none_or(|(_, name)| name == "line" || quoted) {
        return text::parse(&frame);
    }
    if let Some((at, name)) = shape {
        if let Some(number) = geometry::out_of_range(&frame) {
            return Some(Outcome::ask_why(
                "number",
                &format!("{number} is outside the range of coordinates"),
            ));
        }
        if geometry::has_fraction(&frame) {
            return Some(Outcome::ask_why(
                "number",
                "coordinates and sizes are whole pixels",
            ));
        }
        if name == "othershape" {
            let word = &frame.term(at)?.token.raw;
            return Some(Outcome::refuse(&format!(
                "`{word}` is no shape here: there are rectangles, squares, circles, lines, triangles, pixels and text"
            )));
        }
        return shape_request(&mut frame, at, name, layout);
    }
    clear(&mut frame).or_else(|| vague(&frame, has_verb))
}

/// The noun that names the shape. A pixel is only one if no other shape is named, since pixels are also a unit.
fn shape(frame: &Frame<'_>) -> Option<(usize, &'static str)> {
    let shapes = || {
        (0..frame.len())
            .filter(|at| frame.is_open(*at))
            .filter_map(|at| frame.term(at).map(|t| (at, t)))
            // "a yellow disk at 5 5" means the shape, "how full is the disk" does not; the rules have had their turn.
            .filter(|(_, t)| {
                t.class == Class::Shape || (t.is("disk") && frame.has(&["draw", "put", "make"]))
            })
            .map(|(at, t)| (at, if t.is("disk") { "circle" } else { t.canon }))
    };
    let pixel = || shapes().next();
    shapes()
        .find(|(_, name)| *name != "pixel" && *name != "othershape")
        .or_else(pixel)
        .or_else(|| {
            // "a point at 5 5", where no coordinates are called so.
            let at = frame.find_any(&["point"])?;
            if frame.has(&["draw", "put", "make", "set", "color"]) {
                Some((at, "pixel"))
            } else {
                None
            }
        })
}

fn shape_request(
    frame: &mut Frame<'_>,
    noun: usize,
    name: &'static str,
    layout: Option<repeat::Layout>,
) -> Option<Outcome> {
    frame.mark(noun);
    frame.take(VERBS);
    geometry::take_brackets(frame);
    let colors = geometry::colors(frame);
    if colors.len() > 1 {
        return Some(Outcome::ask_why(
            "color",
            &format!("which colour: {}", colors.join(" or ")),
        ));
    }
    let mut step = Step::new(intent_of(name));
    if let Some(color) = colors.first() {
        step.set("color", Value::Text(color.clone()));
    }
    // "a solid red square" is filled, "the outline of" is not; lines and pixels have no inside.
    let (filled, hollow) = (frame.take(&["filled"]), frame.take(&["hollow"]));
    if (filled || hollow)
        && step.intent().slots().contains(&"fill")
        && !(filled && name == "triangle")
    {
        step.set("fill", Value::Bool(!hollow));
    }
    if let Some(layout) = layout {
        repeat::spacing(frame, layout, &mut step);
    }
    repeat::count(frame, noun, layout, &mut step);
    let placed = match name {
        "square" | "rect" => rect(frame, noun, name == "square", &mut step),
        "circle" => circle(frame, noun, &mut step),
        "line" => line(frame, &mut step),
        "triangle" => corners(frame, &["x1", "y1", "x2", "y2", "x3", "y3"], &mut step),
        _ => corners(frame, &["x", "y"], &mut step),
    };
    if let Err(outcome) = placed {
        // "remove the red square" has no place, but that is not what is wrong with it.
        let stranger = frame.left_over(LOOSE).filter(|t| t.class == Class::Unknown);
        return Some(stranger.map_or(outcome, |t| Outcome::stranger(&t.token.raw)));
    }
    repeat::finish(&mut step);
    // The screen may be named as the place: "in the middle of the screen".
    frame.take(&["screen", "machine", "window-less"]);
    if let Some(term) = frame.left_over(LOOSE) {
        return Some(Outcome::stranger(&term.token.raw));
    }
    Some(Outcome::Step(step))
}

fn intent_of(shape: &str) -> Intent {
    match shape {
        "circle" => Intent::DrawCircle,
        "line" => Intent::DrawLine,
        "triangle" => Intent::DrawTriangle,
        "pixel" => Intent::DrawPixel,
        _ => Intent::DrawRect,
    }
}

/// A place: a point, or an anchor of the screen.
enum Place {
    Point(Point),
    /// "centred at 10 10".
    Centered(Point),
    Anchor(&'static str),
}

/// Takes the place of a rectangle or circle. `sizes` are bare numbers that were left over, for the caller to give a meaning.
fn place(frame: &mut Frame<'_>, sizes: &mut Vec<i64>) -> Result<Option<Place>, Outcome> {
    let x = geometry::labelled(frame, &["x"]);
    let y = geometry::labelled(frame, &["y"]);
    let mut points = geometry::points(frame);
    let mut rest: Vec<i64> = Vec::new();
    while let Some(at) = frame.find_token(|t| t.int().is_some()) {
        rest.extend(frame.int(at));
        frame.mark(at);
    }
    let anchored = frame.has(&["center", "top", "bottom", "left", "right"]);
    let centered = frame.find("center").is_some();
    let anchor = geometry::anchor(frame);
    let explicit = match (x, y) {
        (Some(x), Some(y)) => Some(Point { x, y, term: 0 }),
        (Some(_), None) => return Err(Outcome::ask("y")),
        (None, Some(_)) => return Err(Outcome::ask("x")),
        (None, None) => None,
    };
    if let Some(point) = explicit {
        if !points.is_empty() {
            return Err(Outcome::ask_why("x", "more than one place is given"));
        }
        sizes.extend(rest);
        return Ok(Some(if centered {
            Place::Centered(point)
        } else {
            Place::Point(point)
        }));
    }
    match (points.len(), anchor) {
        (0, Some(anchor)) => {
            sizes.extend(rest);
            Ok(Some(Place::Anchor(anchor)))
        }
        (0, None) if anchored => Err(Outcome::ask_why("at", "the place contradicts itself")),
        (0, None) => {
            sizes.extend(rest);
            Ok(None)
        }
        (1, None | Some("center" | "top-left")) => {
            sizes.extend(rest);
            let point = points.remove(0);
            Ok(Some(if centered {
                Place::Centered(point)
            } else {
                Place::Point(point)
            }))
        }
        (2, None) => {
            let second = points.remove(1);
            sizes.extend([second.x, second.y]);
            sizes.extend(rest);
            Ok(Some(Place::Point(points.remove(0))))
        }
        _ => Err(Outcome::ask_why("at", "more than one place is given")),
    }
}

fn rect(frame: &mut Frame<'_>, noun: usize, square: bool, step: &mut Step) -> Result<(), Outcome> {
    let (mut w, mut h) = (None, None);
    if let Some((x1, y1, x2, y2)) = from_to(frame) {
        step.set("x", Value::Int(x1.min(x2)));
        step.set("y", Value::Int(y1.min(y2)));
        step.set("w", Value::Int((x2 - x1).abs()));
        step.set("h", Value::Int((y2 - y1).abs()));
        return Ok(());
    }
    if let Some((width, height)) = geometry::dimensions(frame, None) {
        (w, h) = (Some(width), Some(height));
    }
    w = w
        .or(geometry::measured(frame, &["wide"]))
        .or_else(|| geometry::labelled(frame, &["width"]));
    h = h
        .or(geometry::measured(frame, &["tall"]))
        .or_else(|| geometry::labelled(frame, &["height"]));
    w = w.or(geometry::measured(frame, &["width"]));
    h = h.or(geometry::measured(frame, &["height"]));
    let side = size_phrase(frame, noun, &["size", "side", "length"]);
    if let Some((width, height)) = side_pair(frame, side) {
        (w, h) = (
            w.or(Some(width)),
            h.or(height.or(if square { Some(width) } else { None })),
        );
    }
    let mut bare = Vec::new();
    let place = place(frame, &mut bare)?;
    match (bare.as_slice(), w, h) {
        ([], ..) => {}
        ([size], None, None) => (w, h) = (Some(*size), Some(*size)),
        ([width, height], None, None) => (w, h) = (Some(*width), Some(*height)),
        _ => {
            return Err(Outcome::ask_why(
                "size",
                "there are more numbers than a place and a size",
            ));
        }
    }
    if square || h.is_none() && side.is_some() {
        (w, h) = (w.or(h), h.or(w));
    }
    if square && w != h {
        return Err(Outcome::ask_why(
            "size",
            "a square is as wide as it is tall",
        ));
    }
    for (slot, value) in [("w", w), ("h", h)] {
        if let Some(value) = value {
            if value <= 0 {
                return Err(Outcome::ask_why(slot, "a size is at least 1"));
            }
            step.set(slot, Value::Int(value));
        }
    }
    match place.ok_or_else(|| Outcome::ask("at"))? {
        Place::Point(point) => set_point(step, point),
        Place::Anchor(anchor) => step.set("at", Value::Text(anchor.to_string())),
        Place::Centered(point) => {
            // A centre needs the size now; the default is written out so that the numbers agree.
            let (width, height) = (
                w.unwrap_or(super::defaults::SIZE),
                h.unwrap_or(super::defaults::SIZE),
            );
            step.set("w", Value::Int(width));
            step.set("h", Value::Int(height));
            set_point(
                step,
                Point {
                    x: point.x - width / 2,
                    y: point.y - height / 2,
                    term: 0,
                },
            );
        }
    }
    Ok(())
}

/// "of size 20", "with sides of 20", "a square of 40", "a 40 square".
fn size_phrase(frame: &mut Frame<'_>, noun: usize, labels: &[&str]) -> Option<i64> {
    if let Some(value) = geometry::labelled(frame, labels) {
        return Some(value);
    }
    // "a square of 40": the "of" must follow the noun at once.
    if frame.term(noun + 1).is_some_and(|t| t.is("of"))
        && let Some(value) = frame.int(noun + 2)
        && !is_pair(frame, noun + 2)
    {
        frame.mark(noun + 2);
        return Some(value);
    }
    // "a square 40 at 10 10".
    if let Some(value) = frame.int(noun + 1)
        && !is_pair(frame, noun + 1)
    {
        frame.mark(noun + 1);
        return Some(value);
    }
    // "a 40 pixel red square": back over what is accounted for.
    let mut at = noun;
    while at > 0 {
        at -= 1;
        let term = frame.term(at)?;
        if let Some(value) = frame.int(at) {
            let previous = at.checked_sub(1).and_then(|before| frame.int(before));
            if previous.is_some() {
                return None;
            }
            frame.mark(at);
            return Some(value);
        }
        let adjective = !frame.is_open(at) || matches!(term.canon, "px" | "by" | "size" | "filler");
        if !adjective || term.token.is_number() || VERBS.contains(&term.canon) {
            return None;
        }
    }
    None
}

/// Whether another number stands right after the one at `at`.
fn is_pair(frame: &Frame<'_>, at: usize) -> bool {
    let mut next = at + 1;
    while frame
        .term(next)
        .is_some_and(|t| t.token.kind == Kind::Stop && t.token.raw == "," || t.canon == "and")
    {
        next += 1;
    }
    // "a square of 40, 10 10": a pair after the comma is the place.
    frame.int(next).is_some() && (next == at + 1 || frame.int(next + 1).is_none())
}

/// "size 30 40" gives two sides.
fn side_pair(frame: &mut Frame<'_>, side: Option<i64>) -> Option<(i64, Option<i64>)> {
    let side = side?;
    let Some(at) = (0..frame.len()).find(|at| frame.terms()[*at].is("size")) else {
        return Some((side, None));
    };
    let number = (at..frame.len()).find(|i| frame.terms()[*i].token.int() == Some(side))?;
    if let Some(height) = frame.int(number + 1)
        && frame.int(number + 2).is_none()
    {
        frame.mark(number + 1);
        return Some((side, Some(height)));
    }
    Some((side, None))
}

fn circle(frame: &mut Frame<'_>, noun: usize, step: &mut Step) -> Result<(), Outcome> {
    let mut r = geometry::labelled(frame, &["radius"]);
    let extent = geometry::labelled(frame, &["diameter", "width", "height"])
        .or_else(|| geometry::measured(frame, &["diameter", "wide", "tall"]))
        .or_else(|| geometry::labelled(frame, &["size"]));
    r = r
        .or(extent.map(|d| d / 2))
        .or_else(|| geometry::measured(frame, &["radius"]));
    if r.is_none() {
        r = size_phrase(frame, noun, &[]);
    }
    let mut bare = Vec::new();
    let place = place(frame, &mut bare)?;
    match (bare.as_slice(), r) {
        ([], _) => {}
        ([radius], None) => r = Some(*radius),
        _ => {
            return Err(Outcome::ask_why(
                "r",
                "there are more numbers than a centre and a radius",
            ));
        }
    }
    if let Some(r) = r {
        if r <= 0 {
            return Err(Outcome::ask_why("r", "a radius is at least 1"));
        }
        step.set("r", Value::Int(r));
    }
    match place.ok_or_else(|| Outcome::ask("at"))? {
        Place::Point(point) | Place::Centered(point) => set_point(step, point),
        Place::Anchor(anchor) => step.set("at", Value::Text(anchor.to_string())),
    }
    Ok(())
}

fn set_point(step: &mut Step, point: Point) {
    step.set("x", Value::Int(point.x));
    step.set("y", Value::Int(point.y));
}

/// "from 10 10 to 60 40", in either order, or "between".
fn from_to(frame: &mut Frame<'_>) -> Option<(i64, i64, i64, i64)> {
    if !(frame.has(&["from"]) && frame.has(&["to"]) || frame.has(&["between"])) {
        return None;
    }
    let mut trial = frame.clone();
    let points = geometry::points(&mut trial);
    let [first, second] = points.as_slice() else {
        return None;
    };
    let to = frame.find("to").unwrap_or(usize::MAX);
    let from = frame.find("from").unwrap_or(0);
    let (start, end) = if to < first.term && from > first.term {
        (second, first)
    } else {
        (first, second)
    };
    let ends = (start.x, start.y, end.x, end.y);
    *frame = trial;
    Some(ends)
}

fn line(frame: &mut Frame<'_>, step: &mut Step) -> Result<(), Outcome> {
    let width = geometry::labelled(frame, &["width", "thickness"])
        .or_else(|| geometry::measured(frame, &["thickness", "wide", "width"]));
    if let Some(width) = width {
        if width <= 0 {
            return Err(Outcome::ask_why("width", "a width is at least 1"));
        }
        step.set("width", Value::Int(width));
    }
    let (horizontal, vertical) = (frame.take(&["horizontal"]), frame.take(&["vertical"]));
    let length =
        geometry::labelled(frame, &["length"]).or_else(|| geometry::measured(frame, &["length"]));
    if let Some((x1, y1, x2, y2)) = from_to(frame) {
        for (slot, value) in [("x1", x1), ("y1", y1), ("x2", x2), ("y2", y2)] {
            step.set(slot, Value::Int(value));
        }
        return Ok(());
    }
    if let Some(length) = length {
        let points = geometry::points(frame);
        let ([start], true) = (points.as_slice(), horizontal != vertical) else {
            return Err(Outcome::ask_why(
                "x2",
                "a length needs a start and a direction, horizontal or vertical",
            ));
        };
        let (dx, dy) = if horizontal { (length, 0) } else { (0, length) };
        for (slot, value) in [
            ("x1", start.x),
            ("y1", start.y),
            ("x2", start.x + dx),
            ("y2", start.y + dy),
        ] {
            step.set(slot, Value::Int(value));
        }
        return Ok(());
    }
    corners(frame, &["x1", "y1", "x2", "y2"], step)
}

/// Takes exactly the coordinates `slots`, labelled or in order.
fn corners(
    frame: &mut Frame<'_>,
    slots: &'static [&'static str],
    step: &mut Step,
) -> Result<(), Outcome> {
    let mut missing: Vec<&'static str> = Vec::new();
    for slot in slots {
        match geometry::labelled(frame, &[slot]) {
            Some(value) => step.set(slot, Value::Int(value)),
            None => missing.push(slot),
        }
    }
    let mut numbers = Vec::new();
    while let Some(at) = frame.find_token(|t| t.int().is_some()) {
        numbers.extend(frame.int(at));
        frame.mark(at);
    }
    if numbers.len() > missing.len() {
        return Err(Outcome::ask_why(
            slots[0],
            &format!(
                "{} numbers are given, {} are needed",
                numbers.len(),
                missing.len()
            ),
        ));
    }
    for (slot, value) in missing.iter().zip(&numbers) {
        step.set(slot, Value::Int(*value));
    }
    match missing.get(numbers.len()) {
        Some(slot) => Err(Outcome::ask(slot)),
        None => Ok(()),
    }
}

/// "clear the screen", "make the canvas white", "fill everything with dark green".
fn clear(frame: &mut Frame<'_>) -> Option<Outcome> {
    let verb = frame.has(VERBS);
    let wipes = frame.has(&["clear"]);
    let area = frame.has(&["screen"])
        || (frame.has(&["all"]) && frame.has(&["fill", "draw", "clear", "make", "color", "turn"]));
    let colors = geometry::colors(frame);
    if !(area && (verb || !colors.is_empty()) || wipes && frame.len() <= 2) {
        return None;
    }
    if !wipes && colors.is_empty() {
        if !frame.has(&["screen"]) {
            return None;
        }
        return Some(Outcome::ask("color"));
    }
    let mut step = Step::new(Intent::DrawClear);
    match colors.as_slice() {
        [] => {}
        [color] => step.set("color", Value::Text(color.clone())),
        _ => {
            return Some(Outcome::ask_why(
                "color",
                &format!("which colour: {}", colors.join(" or ")),
            ));
        }
    }
    frame.take(VERBS);
    frame.take(&["screen", "all", "color", "it", "on", "filled"]);
    match frame.left_over(&[]) {
        Some(term) => Some(Outcome::stranger(&term.token.raw)),
        None => Some(Outcome::Step(step)),
    }
}

/// "draw something", "draw it again": a wish without a shape.
fn vague(frame: &Frame<'_>, has_verb: bool) -> Option<Outcome> {
    let draws = frame.has(&["draw"]) || (has_verb && frame.has(&["something"]));
    if !draws {
        // "a red one at 5 5": a colour and a place, but nothing to colour.
        let mut trial = frame.clone();
        let described =
            !geometry::colors(&mut trial).is_empty() && !geometry::points(&mut trial).is_empty();
        return if described {
            Some(Outcome::ask("what"))
        } else {
            None
        };
    }
    let stranger = frame
        .terms()
        .iter()
        .find(|t| t.class == Class::Unknown && !colors::is_name(&t.token.low));
    Some(match stranger {
        None => Outcome::ask_why(
            "what",
            "what to draw: a rectangle, square, circle, line, triangle, pixel or text",
        ),
        Some(term) => {
            let raw: String = term.token.raw.chars().take(40).collect();
            Outcome::refuse(&format!(
                "`{raw}` is nothing that can be drawn here: there are rectangles, squares, circles, lines, triangles, pixels and text"
            ))
        }
    })
}
