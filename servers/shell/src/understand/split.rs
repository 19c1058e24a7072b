//! Splitting: one line, several requests in order.
//!
//! A comma, a full stop, "and" or "then" separates two requests only if both sides name something to do or to ask about;
//! otherwise it joins phrases of one request ("radius 15, at 33 44"). A later request may leave its verb out ("restart net
//! and nvme"), and may call the server before it "it". Nothing else is carried over.

use alloc::{string::ToString, vec::Vec};

use super::{
    Context, Outcome, STEPS_MAX,
    frame::{Frame, Term},
    lexer::Kind,
    request,
    vocabulary::Class,
};

/// The outcomes of all requests in `terms`.
pub fn requests(line: &str, terms: &[Term], context: &Context<'_>) -> Vec<Outcome> {
    let mut out: Vec<Outcome> = Vec::new();
    let mut verb: Option<Term> = None;
    let mut name: Option<Term> = None;
    for segment in segments(terms) {
        if out.len() > STEPS_MAX {
            break;
        }
        let resolved = resolve(segment, name.as_ref());
        let mut outcome = request(&Frame::new(line, &resolved), context);
        if let (Some(verb), true) = (
            &verb,
            lacks_verb(&resolved) && !matches!(outcome, Outcome::Step(_)),
        ) {
            let mut whole = Vec::with_capacity(resolved.len() + 1);
            whole.push(verb.clone());
            whole.extend(resolved.iter().cloned());
            let inherited = request(&Frame::new(line, &whole), context);
            if matches!(inherited, Outcome::Step(_)) {
                outcome = inherited;
            }
        }
        if let Some(found) = resolved.iter().find(|t| t.class == Class::Verb) {
            verb = Some(found.clone());
        }
        name = resolved
            .iter()
            .find(|t| t.class == Class::Server)
            .cloned()
            .or(name);
        out.push(outcome);
    }
    out
}

/// Cuts at separators between two heads.
fn segments(terms: &[Term]) -> Vec<&[Term]> {
    // Arithmetic is never cut: in "add 3 and 4" the "and" is an operator.
    let mut depth = 0usize;
    let mut cuts: Vec<usize> = Vec::new();
    for (at, term) in terms.iter().enumerate() {
        match term.token.kind {
            Kind::Op('(') => depth += 1,
            Kind::Op(')') => depth = depth.saturating_sub(1),
            // "rgb(1, 2, 3)" holds together.
            _ if depth == 0 && is_separator(term) => cuts.push(at),
            _ => {}
        }
    }
    let mut out = Vec::new();
    let mut from = 0;
    for (i, cut) in cuts.iter().enumerate() {
        let end = cuts.get(i + 1).copied().unwrap_or(terms.len());
        let (left, right) = (&terms[from..*cut], &terms[cut + 1..end]);
        if has_head(left) && begins_request(right) {
            out.push(left);
            from = cut + 1;
        }
    }
    out.push(&terms[from..]);
    out.retain(|segment| segment.iter().any(|t| t.class != Class::Filler));
    out
}

fn is_separator(term: &Term) -> bool {
    match term.token.kind {
        Kind::Stop => true,
        Kind::Word => matches!(
            term.token.low.as_str(),
            "and" | "then" | "also" | "afterwards"
        ),
        _ => false,
    }
}

fn has_head(terms: &[Term]) -> bool {
    terms.iter().any(|t| {
        is_head(t)
            || matches!(t.token.kind, Kind::Op('*' | '+' | '/'))
            || matches!(t.canon, "plus" | "minus" | "times" | "divided")
    })
}

fn is_head(term: &Term) -> bool {
    term.is_head()
}

/// Whether `terms` ask for something of their own, rather than saying more about what stands before.
fn begins_request(terms: &[Term]) -> bool {
    let mut content = terms.iter().filter(|t| t.class != Class::Filler);
    let (first, second) = (content.next(), content.next());
    let says_more = first.is_some_and(|t| {
        matches!(
            t.canon,
            "make" | "draw" | "put" | "fill" | "set" | "time" | "measure" | "give" | "color"
        ) || t.token.low == "call"
            || t.token.low == "name"
    }) && second.is_some_and(|t| t.canon == "it");
    // "the size of the screen" and the like are described, not asked for.
    let arithmetic = first.is_some_and(|t| t.is("what") || t.is("how"))
        && terms
            .iter()
            .any(|t| t.token.is_number() || matches!(t.token.kind, Kind::Op(_)));
    !says_more && (has_head(terms) || arithmetic)
}

/// Replaces "it" by the server named before, after a verb that takes one.
fn resolve(segment: &[Term], name: Option<&Term>) -> Vec<Term> {
    let takes_name = segment.iter().any(|t| {
        matches!(
            t.canon,
            "restart"
                | "kill"
                | "stop"
                | "crash"
                | "log"
                | "caps"
                | "status"
                | "check"
                | "memory"
                | "alive"
                | "start"
        )
    });
    let named = segment.iter().any(|t| t.class == Class::Server);
    segment
        .iter()
        .map(|term| match name {
            Some(server)
                if takes_name && !named && matches!(term.token.low.as_str(), "it" | "its") =>
            {
                let mut term = term.clone();
                term.token.low = server.token.low.to_string();
                term.token.raw = server.token.raw.to_string();
                term.class = Class::Server;
                term.canon = "";
                term
            }
            _ => term.clone(),
        })
        .collect()
}

fn lacks_verb(terms: &[Term]) -> bool {
    !terms.iter().any(|t| t.class == Class::Verb)
}
