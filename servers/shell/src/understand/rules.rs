//! The rule matcher: which intent a set of words asks for, in whatever order they stand.
//!
//! A rule is a list of items. A plain item (`restart`, or `kill|stop`) must occur once; `?item` may occur any number of
//! times; `@slot` must be filled by a token of that form, `?@slot` may be. Order is free, fillers are skipped, and
//! anything else left over means that the rule does not match. The rule that accounts for the most terms wins; between
//! equals the earlier one. The table is in [`super::rule_table`].

use alloc::string::ToString;

use super::{
    Outcome,
    frame::{Frame, Term},
    intent::{Effect, Intent},
    lexer::Kind,
    rule_table::RULES,
    step::{Step, Value},
    vocabulary::Class,
};

/// Question words that a request for information may contain anywhere.
const QUESTION: &[&str] = &["what", "how", "do", "can", "much"];

/// The step that the rules make of `frame`, if one rule accounts for all of it.
pub fn complete(frame: &Frame<'_>) -> Option<Step> {
    let mut best: Option<(usize, Step)> = None;
    for (intent, rule) in RULES {
        if let Some((score, Ok(step))) = attempt(*intent, rule, frame, 0)
            && best.as_ref().is_none_or(|(most, _)| score > *most)
        {
            best = Some((score, step));
        }
    }
    best.map(|(_, step)| step)
}

/// What a rule would need to match `frame`: the words are there and one slot is not. Up to `strangers` unknown words
/// are tolerated, because the thing in the slot's place may be one of them.
pub fn incomplete(frame: &Frame<'_>, strangers: usize) -> Option<Outcome> {
    // "tell me a joke" has nothing but a word for showing: that is no near miss of anything.
    if !frame
        .terms()
        .iter()
        .any(|t| t.is_head() && t.canon != "show")
    {
        return None;
    }
    let mut best: Option<(usize, Intent, &'static str)> = None;
    for (intent, rule) in RULES {
        // Words that every question has say nothing about which one it is.
        if matches!(
            rule.split(' ').next(),
            Some("show" | "how" | "what" | "can")
        ) {
            continue;
        }
        if let Some((score, Err(slot))) = attempt(*intent, rule, frame, strangers)
            && score > 0
            && best.is_none_or(|(most, ..)| score > most)
        {
            best = Some((score, *intent, slot));
        }
    }
    let (_, intent, slot) = best?;
    let stranger = frame
        .terms()
        .iter()
        .find(|t| t.class == Class::Unknown)
        .map(|t| t.token.raw.clone());
    Some(Outcome::missing(intent, slot, stranger))
}

type Attempt = (usize, Result<Step, &'static str>);

/// Tries one rule: how many terms it accounts for, and the step or the slot that is missing.
fn attempt(
    intent: Intent,
    rule: &'static str,
    frame: &Frame<'_>,
    strangers: usize,
) -> Option<Attempt> {
    let mut frame = frame.clone();
    let mut step = Step::new(intent);
    let mut missing = None;
    let mut score = 0;
    let items = || rule.split(' ');
    for item in items().filter(|item| !item.starts_with('?')) {
        if let Some(slot) = item.strip_prefix('@') {
            match fill(slot, &mut frame) {
                Some(value) => {
                    step.set(slot, value);
                    score += 1;
                }
                None => missing = Some(slot),
            }
        } else {
            let at = find(&frame, item)?;
            frame.mark(at);
            score += 1;
        }
    }
    // A word of the rule may be said twice: "ipc traffic", "is net up and running".
    for item in items().map(|item| item.strip_prefix('?').unwrap_or(item)) {
        if let Some(slot) = item.strip_prefix('@') {
            if step.get(slot).is_some() || missing == Some(slot) {
                continue;
            }
            if let Some(value) = fill(slot, &mut frame) {
                step.set(slot, value);
                score += 1;
            }
            continue;
        }
        while let Some(at) = find(&frame, item) {
            frame.mark(at);
            score += 1;
        }
    }
    let allowed = if intent.effect() == Effect::Reads {
        QUESTION
    } else {
        &[]
    };
    let left = |t: &&Term| t.class != Class::Filler && !allowed.contains(&t.canon);
    let open = (0..frame.len())
        .filter(|at| frame.is_open(*at))
        .filter_map(|at| frame.term(at))
        .filter(left);
    match missing {
        None => {
            if open.count() > 0 {
                return None;
            }
            Some((score, Ok(step)))
        }
        Some(slot) => {
            let mut tolerated = 0;
            for term in open {
                if !(term.class == Class::Unknown || term.canon == "it" || term.canon == "all") {
                    return None;
                }
                tolerated += 1;
            }
            if tolerated > strangers {
                None
            } else {
                Some((score, Err(slot)))
            }
        }
    }
}

fn find(frame: &Frame<'_>, item: &str) -> Option<usize> {
    item.split('|').find_map(|word| frame.find(word))
}

/// Fills `slot` with the first open token of its form.
fn fill(slot: &str, frame: &mut Frame<'_>) -> Option<Value> {
    let test = |term: &Term| -> Option<Value> {
        let text = |raw: &str| Some(Value::Text(raw.to_string()));
        match slot {
            "name" if term.class == Class::Server => text(&term.token.low),
            "core" => term
                .token
                .int()
                .filter(|core| (0..1024).contains(core))
                .map(Value::Int),
            "hash" if is_hash(term) => text(&term.token.low),
            "addr" if term.token.kind == Kind::Addr => text(&term.token.raw),
            "fault" => fault(term).and_then(text),
            _ => None,
        }
    };
    let (at, value) = (0..frame.len())
        .filter(|at| frame.is_open(*at))
        .find_map(|at| Some((at, test(frame.term(at)?)?)))?;
    frame.mark(at);
    Some(value)
}

/// The fewest characters of a word or number that is read as a hash where a hash is wanted.
const BARE_HASH_MIN: usize = 6;

/// Whether `term` can be a hash: by its form, or because all its characters are hexadecimal digits.
pub fn is_hash(term: &Term) -> bool {
    let token = &term.token;
    match token.kind {
        Kind::Hash => true,
        Kind::Int(_) | Kind::Huge | Kind::Word => {
            token.raw.len() >= BARE_HASH_MIN && token.raw.bytes().all(|b| b.is_ascii_hexdigit())
        }
        _ => false,
    }
}

/// The fault that a word names.
fn fault(term: &Term) -> Option<&'static str> {
    if term.token.kind != Kind::Word {
        return None;
    }
    Some(match term.token.low.as_str() {
        "null" => "null",
        "ud2" | "undefined" | "illegal" | "invalid" => "ud2",
        "loop" | "infinite" | "endless" => "loop",
        "stack" => "stack",
        "garbage" => "garbage",
        _ => return None,
    })
}
