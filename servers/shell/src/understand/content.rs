//! Requests whose slots are names the user made up: run a module, store a text or file, attach or ask the model, help
//! about a topic.
//!
//! The vocabulary cannot list such names, so they are found by position: after the verb, or beside the noun.

use alloc::{
    string::{String, ToString},
    vec::Vec,
};

use super::{
    Outcome,
    frame::Frame,
    intent::Intent,
    lexer::Kind,
    rules,
    step::{Step, Value},
    vocabulary::Class,
};

/// Most arguments of a program run from a line.
const ARGS_MAX: usize = 32;

/// The outcome of `frame` if it is one of these.
pub fn parse(frame: &Frame<'_>) -> Option<Outcome> {
    attach(frame)
        .or_else(|| store(frame))
        .or_else(|| run(frame))
        .or_else(|| help(frame))
        .or_else(|| add_peer(frame))
}

/// "ask the model why the sky is blue": the whole rest of the line is the question, so this is looked for before the
/// line is cut into requests.
pub fn question(frame: &Frame<'_>) -> Option<Outcome> {
    let ask = frame.find("ask")?;
    let polite =
        (0..ask).all(|at| frame.terms()[at].class == Class::Filler || frame.terms()[at].is("can"));
    if !polite {
        return None;
    }
    let mut from = ask + 1;
    let mut names_model = false;
    while let Some(term) = frame.term(from) {
        let low = term.token.low.as_str();
        let model = matches!(term.canon, "model" | "infer") || low == "inference";
        names_model |= model;
        let lead = matches!(
            low,
            "the" | "my" | "your" | "server" | "service" | "language" | ":" | "," | "built-in"
        ) || model;
        if !lead {
            break;
        }
        from += 1;
    }
    let quoted = frame
        .term(from)
        .filter(|t| t.token.kind == Kind::Quoted && from + 1 == frame.len());
    if !names_model && quoted.is_none() {
        return None;
    }
    let text = match quoted {
        Some(term) => term.token.raw.clone(),
        None => {
            let rest = frame
                .term(from)
                .map_or("", |t| frame.line.get(t.token.start..).unwrap_or(""));
            let low = frame.term(from).map_or("", |t| t.token.low.as_str());
            // "ask the model to write a poem", "ask the model about rain", "ask the model: …".
            let skip = if matches!(low, "to" | "about" | "for") {
                low.len()
            } else {
                0
            };
            rest.get(skip..)
                .unwrap_or("")
                .trim()
                .trim_matches(['"', '\''])
                .to_string()
        }
    };
    if text.is_empty() {
        return Some(Outcome::ask("text"));
    }
    Some(Outcome::Step(
        Step::new(Intent::AiAsk).with("text", Value::Text(text)),
    ))
}

/// "attach model tiny.gguf", "load the model llama-1b".
fn attach(frame: &Frame<'_>) -> Option<Outcome> {
    let verb = frame.find_any(&["attach"]).or_else(|| {
        let at = (0..frame.len()).find(|at| {
            matches!(
                frame.terms()[*at].token.low.as_str(),
                "load" | "use" | "switch" | "change" | "fetch" | "set" | "add" | "connect"
            )
        })?;
        if frame.has(&["model", "models"]) || has_model_file(frame) {
            Some(at)
        } else {
            None
        }
    })?;
    let mut frame = frame.clone();
    frame.mark(verb);
    if (0..verb).any(|at| frame.terms()[at].class != Class::Filler && !frame.terms()[at].is("can"))
    {
        return None;
    }
    frame.take(&["model", "models", "file", "called", "titled", "new"]);
    let Some(at) = (0..frame.len()).find(|at| {
        let term = &frame.terms()[*at];
        frame.is_open(*at)
            && (matches!(term.token.kind, Kind::File | Kind::Quoted | Kind::Hash)
                || term.class == Class::Unknown)
    }) else {
        return Some(Outcome::ask("model"));
    };
    frame.mark(at);
    let model = frame.terms()[at].token.raw.clone();
    finish(
        &frame,
        &["infer"],
        Step::new(Intent::AiAttach).with("model", Value::Text(model)),
    )
}

fn has_model_file(frame: &Frame<'_>) -> bool {
    frame
        .terms()
        .iter()
        .any(|t| t.token.kind == Kind::File && t.token.low.ends_with(".gguf"))
}

/// "store 'hello'", "save the file notes.txt".
fn store(frame: &Frame<'_>) -> Option<Outcome> {
    frame.find("store").or_else(|| {
        let put = frame.find_any(&["put", "add", "write"])?;
        let into = (0..frame.len())
            .any(|at| frame.terms()[at].is("biosphere") || frame.terms()[at].token.low == "store");
        if into { Some(put) } else { None }
    })?;
    let mut frame = frame.clone();
    let quoted = frame.take_quoted();
    let file = frame.find_token(|t| t.kind == Kind::File);
    let step = match (quoted, file) {
        (Some(text), None) => Step::new(Intent::ModStore).with("text", Value::Text(text)),
        (None, Some(at)) => {
            frame.mark(at);
            Step::new(Intent::ModStore)
                .with("file", Value::Text(frame.terms()[at].token.raw.clone()))
        }
        (Some(_), Some(_)) => return Some(Outcome::ask_why("text", "a text and a file are given")),
        (None, None) => return bare_store(&frame),
    };
    for at in 0..frame.len() {
        if frame.terms()[at].is("biosphere") {
            frame.mark(at);
        }
    }
    finish(
        &frame,
        &[
            "store", "put", "add", "write", "text", "words", "file", "hash", "it",
        ],
        step,
    )
}

/// "store the text hello there" has no quotes; "store it" and "store hello" are questions.
fn bare_store(frame: &Frame<'_>) -> Option<Outcome> {
    let text =
        (0..frame.len()).find(|at| frame.terms()[*at].is("text") || frame.terms()[*at].is("word"));
    if let Some(at) = text.filter(|at| at + 1 < frame.len()) {
        let text = frame.slice(at + 1, frame.len()).trim().to_string();
        return Some(Outcome::Step(
            Step::new(Intent::ModStore).with("text", Value::Text(text)),
        ));
    }
    let strangers = frame
        .terms()
        .iter()
        .filter(|t| t.class == Class::Unknown)
        .count();
    if strangers > 1 {
        return None;
    }
    Some(Outcome::ask_why(
        "text",
        "what to store: a text in quotes or a file name",
    ))
}

/// "run 9f86d081884c with 3", "time the program sort", "how long does sort take with 5".
fn run(frame: &Frame<'_>) -> Option<Outcome> {
    let mut frame = frame.clone();
    let timed_by = how_long(&mut frame);
    let verb = if timed_by {
        Some(0)
    } else {
        frame
            .find_any(&["run"])
            .or_else(|| frame.find_any(&["time", "measure"]))
            .or_else(|| {
                let at = frame.find_any(&["start"])?;
                if frame.has(&["module", "hash"])
                    || frame.find_token(|t| t.kind == Kind::Hash).is_some()
                {
                    Some(at)
                } else {
                    None
                }
            })
    }?;
    if !timed_by
        && (0..verb)
            .any(|at| frame.terms()[at].class != Class::Filler && !frame.terms()[at].is("can"))
    {
        return None;
    }
    let mut timed = timed_by || frame.terms()[verb].is("time") || frame.terms()[verb].is("measure");
    frame.mark(verb);
    // "… and time it", "… and measure it".
    if let Some(at) = frame.find_any(&["time", "measure", "timed"]) {
        timed = true;
        frame.mark(at);
        if frame.term(at + 1).is_some_and(|t| t.canon == "it") {
            frame.mark(at + 1);
        }
        if at > 0 && frame.term(at - 1).is_some_and(|t| t.canon == "run") {
            frame.mark(at - 1);
        }
    }
    frame.take(&["run"]);
    let mut from = if timed_by { 0 } else { verb + 1 };
    while let Some(term) = frame.term(from) {
        let lead = term.class == Class::Filler
            || !frame.is_open(from)
            || matches!(
                term.canon,
                "module" | "modules" | "hash" | "file" | "titled" | "stored" | "code"
            );
        if !lead {
            break;
        }
        frame.mark(from);
        from += 1;
    }
    let Some(term) = frame.term(from) else {
        return Some(Outcome::ask("target"));
    };
    if matches!(term.canon, "it" | "something" | "all" | "again") {
        return Some(Outcome::ask("target"));
    }
    let nameable = matches!(
        term.token.kind,
        Kind::Word | Kind::Hash | Kind::File | Kind::Quoted
    ) || rules::is_hash(term);
    if !nameable || (term.class == Class::Verb && term.canon != "store") {
        return None;
    }
    let target = if term.token.kind == Kind::Hash {
        term.token.low.clone()
    } else {
        term.token.raw.clone()
    };
    frame.mark(from);
    let mut step = Step::new(Intent::ModRun).with("target", Value::Text(target));
    if let Some(outcome) = arguments(&mut frame, from + 1, &mut step) {
        return Some(outcome);
    }
    if timed {
        step.set("timed", Value::Bool(true));
    }
    finish(&frame, &["module", "take"], step)
}

/// Takes the words of "how long does … take".
fn how_long(frame: &mut Frame<'_>) -> bool {
    let low = |i: usize| frame.term(i).map_or("", |t| t.token.low.as_str());
    if !(low(0) == "how" && low(1) == "long") {
        return false;
    }
    let tail = |word: &str| {
        matches!(
            word,
            "does" | "do" | "did" | "take" | "takes" | "run" | "need" | "needs" | "to" | "it"
        )
    };
    let marks: Vec<usize> = (0..frame.len())
        .filter(|i| *i < 2 || tail(low(*i)))
        .collect();
    for at in marks {
        frame.mark(at);
    }
    true
}

/// Takes the arguments: everything after "with", or bare numbers and strings.
fn arguments(frame: &mut Frame<'_>, from: usize, step: &mut Step) -> Option<Outcome> {
    let mut at = from;
    while frame
        .term(at)
        .is_some_and(|t| matches!(t.canon, "module" | "server") || !frame.is_open(at))
    {
        frame.mark(at);
        at += 1;
    }
    let introduced = frame.term(at).is_some_and(|t| {
        t.canon == "args"
            || matches!(
                t.token.low.as_str(),
                "with" | "on" | "using" | "for" | "passing" | "given" | "and" | "over"
            )
    });
    let explicit = introduced && frame.term(at).is_none_or(|t| t.token.low != "and");
    if introduced {
        frame.mark(at);
        at += 1;
    }
    while frame.term(at).is_some_and(|t| {
        matches!(
            t.token.low.as_str(),
            "the" | "numbers" | "number" | "values" | "value" | "list" | "input" | "of" | "as"
        ) || t.canon == "args"
    }) {
        frame.mark(at);
        at += 1;
    }
    let mut args: Vec<String> = Vec::new();
    for i in at..frame.len() {
        let Some(term) = frame.term(i) else { break };
        if !frame.is_open(i) {
            continue;
        }
        let value = term.token.is_number()
            || matches!(
                term.token.kind,
                Kind::Quoted | Kind::File | Kind::Hash | Kind::HexColor(_)
            );
        let word =
            explicit && term.token.kind == Kind::Word && !matches!(term.class, Class::Filler);
        if value || word {
            args.push(term.token.raw.clone());
            frame.mark(i);
        }
    }
    if args.len() > ARGS_MAX {
        return Some(Outcome::refuse("a program takes at most 32 arguments"));
    }
    if !args.is_empty() {
        step.set("args", Value::List(args));
    } else if explicit {
        return Some(Outcome::ask("args"));
    }
    None
}

/// "help with drawing", "help about windows", "how do I draw a circle".
fn help(frame: &Frame<'_>) -> Option<Outcome> {
    if let Some(topic) = how_to(frame) {
        return Some(Outcome::Step(
            Step::new(Intent::SysHelp).with("topic", Value::Text(topic)),
        ));
    }
    let at = (0..frame.len())
        .find(|at| matches!(frame.terms()[*at].token.low.as_str(), "help" | "manual"))?;
    if (0..at).any(|before| {
        frame.terms()[before].class != Class::Filler
            && !frame.terms()[before].is("show")
            && !frame.terms()[before].is("can")
    }) {
        return None;
    }
    let mut from = at + 1;
    while frame.term(from).is_some_and(|t| {
        t.class == Class::Filler
            || matches!(
                t.token.low.as_str(),
                "on" | "me" | "using" | "regarding" | "understanding" | "command" | "commands"
            )
    }) {
        from += 1;
    }
    let end = (from..frame.len())
        .find(|i| frame.terms()[*i].token.kind == Kind::Stop || frame.terms()[*i].is("please"))
        .unwrap_or(frame.len());
    if end == from || end > from + 3 {
        return None;
    }
    let topic = (from..end)
        .map(|i| &frame.terms()[i])
        .map(|t| {
            if t.class == Class::Unknown || t.token.kind != Kind::Word {
                t.token.raw.as_str()
            } else {
                t.token.low.as_str()
            }
        })
        .collect::<Vec<_>>()
        .join(" ");
    Some(Outcome::Step(
        Step::new(Intent::SysHelp).with("topic", Value::Text(topic)),
    ))
}

/// What follows "how do I" or "how to".
fn how_to(frame: &Frame<'_>) -> Option<String> {
    let low = |i: usize| frame.term(i).map_or("", |t| t.token.low.as_str());
    let from = match (low(0), low(1), low(2)) {
        ("how", "do" | "can" | "would" | "should", "i" | "we" | "you") => 3,
        ("how", "to", _) => 2,
        _ => return None,
    };
    let end = (from..frame.len())
        .find(|i| frame.terms()[*i].token.kind == Kind::Stop)
        .unwrap_or(frame.len());
    let topic = frame.slice(from, end);
    let known = (from..end).any(|i| frame.terms()[i].is_head());
    if known { Some(topic.to_string()) } else { None }
}

/// "add peer node2.local": a host without a port is no address by form, but here it is one by place.
fn add_peer(frame: &Frame<'_>) -> Option<Outcome> {
    let mut frame = frame.clone();
    if !frame.has(&["peer"]) || !frame.has(&["add", "connect"]) {
        return None;
    }
    frame.take(&["add", "connect", "peer", "new"]);
    let at = frame.find_token(|t| t.kind == Kind::File)?;
    frame.mark(at);
    let addr = frame.terms()[at].token.raw.clone();
    finish(
        &frame,
        &["at", "as"],
        Step::new(Intent::NetPeerAdd).with("addr", Value::Text(addr)),
    )
}

fn finish(frame: &Frame<'_>, allowed: &[&str], step: Step) -> Option<Outcome> {
    match frame.left_over(allowed) {
        Some(term) => Some(Outcome::stranger(&term.token.raw)),
        None => Some(Outcome::Step(step)),
    }
}
