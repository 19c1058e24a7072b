//! A frame: the terms of one request, and which of them a parser has accounted for.
//!
//! Every parser takes the terms it understands and then asks for what is [`left_over`](Frame::left_over). A request is
//! only understood if nothing meaningful is left: this one rule is what keeps "kill all hopes of net" from killing `net`.

use alloc::{string::String, vec, vec::Vec};

use super::{
    Context,
    lexer::{Kind, Token},
    vocabulary::{self, Class},
};

/// A token with its place in the vocabulary.
#[derive(Clone, Debug)]
pub struct Term {
    /// The token.
    pub token: Token,
    /// The canonical word, or `""` where there is none.
    pub canon: &'static str,
    /// The part it plays.
    pub class: Class,
}

impl Term {
    /// Whether it is `word`, canonically or as typed.
    pub fn is(&self, word: &str) -> bool {
        self.canon == word || (self.token.kind == Kind::Word && self.token.low == word)
    }

    /// Whether it may begin or name a request.
    pub fn is_head(&self) -> bool {
        matches!(
            self.class,
            Class::Verb | Class::Topic | Class::Shape | Class::Server
        )
    }
}

/// Looks every token up.
pub fn terms(tokens: Vec<Token>, context: &Context<'_>) -> Vec<Term> {
    let mut out: Vec<Term> = Vec::with_capacity(tokens.len());
    for mut token in tokens {
        if token.kind == Kind::Word && context.servers.contains(&token.low.as_str()) {
            out.push(Term {
                token,
                canon: "",
                class: Class::Server,
            });
            continue;
        }
        if token.kind != Kind::Word {
            let class = if token.kind == Kind::Stop {
                Class::Filler
            } else {
                Class::Form
            };
            out.push(Term {
                token,
                canon: "",
                class,
            });
            continue;
        }
        // "the compositor's log" names the compositor.
        if let Some(owner) = token
            .low
            .strip_suffix("'s")
            .or(token.low.strip_suffix("’s"))
            && context.servers.contains(&owner)
        {
            token.low = owner.into();
            out.push(Term {
                token,
                canon: "",
                class: Class::Server,
            });
            continue;
        }
        match vocabulary::look_up(&token.low) {
            Some((canon, class)) => out.push(Term {
                token,
                canon,
                class,
            }),
            None => hyphenated(token, &mut out),
        }
    }
    name_by_duty(&mut out, context);
    soften(&mut out);
    out
}

/// "bottom-right" is two words; "llama-1b" is a name.
fn hyphenated(token: Token, out: &mut Vec<Term>) {
    let parts = token
        .low
        .split('-')
        .map(vocabulary::look_up)
        .collect::<Option<Vec<_>>>();
    match parts {
        Some(parts) if parts.len() > 1 => {
            for ((canon, class), word) in parts.into_iter().zip(token.low.split('-')) {
                let mut part = token.clone();
                part.low = word.into();
                out.push(Term {
                    token: part,
                    canon,
                    class,
                });
            }
        }
        _ => out.push(Term {
            token,
            canon: "",
            class: Class::Unknown,
        }),
    }
}

/// "the disk driver" is `nvme`: a server may be called by what it does, if the word "server" or "driver" follows.
fn name_by_duty(terms: &mut [Term], context: &Context<'_>) {
    const DUTIES: &[(&str, &str)] = &[
        ("disk", "nvme"),
        ("drive", "nvme"),
        ("storage", "nvme"),
        ("network", "net"),
        ("keyboard", "input"),
        ("mouse", "input"),
        ("display", "compositor"),
        ("graphics", "compositor"),
        ("terminal", "shell"),
        ("serial", "console"),
        ("model", "inference"),
        ("ai", "inference"),
        ("module", "biosphere"),
        ("acpi", "platform"),
    ];
    for at in 1..terms.len() {
        if terms[at].canon != "server" {
            continue;
        }
        let before = terms[at - 1].token.low.clone();
        let name = DUTIES
            .iter()
            .find(|(duty, _)| *duty == before)
            .map(|(_, name)| *name);
        if let Some(name) = name.filter(|name| context.servers.contains(name)) {
            terms[at - 1].token.low = name.into();
            terms[at - 1].canon = "";
            terms[at - 1].class = Class::Server;
        }
    }
}

/// Makes fillers of words that mean something elsewhere but not here: "can you", and "pixels" as a unit.
fn soften(terms: &mut [Term]) {
    let measured = terms.iter().any(|t| {
        (t.class == Class::Shape && t.canon != "pixel")
            || matches!(
                t.canon,
                "window" | "wide" | "tall" | "width" | "height" | "apart" | "spacing"
            )
    });
    for at in 0..terms.len() {
        let next = terms
            .get(at + 1)
            .map(|t| t.token.low.clone())
            .unwrap_or_default();
        let after_number = at > 0 && terms[at - 1].token.is_number();
        let lists = terms
            .iter()
            .any(|t| t.token.low == "list" || t.token.low == "see");
        let next_is_verb = terms.get(at + 1).is_some_and(|t| t.class == Class::Verb);
        let after_i = at > 0 && terms[at - 1].token.low == "i";
        let term = &mut terms[at];
        let softened = match term.canon {
            "can" => matches!(next.as_str(), "you" | "we"),
            "pixel" => after_number && measured,
            // "have a look at", "go ahead and".
            "go" => next == "ahead",
            "do" => next == "me",
            // "give me a list of servers", "I need a square", "a square that is 40 wide".
            "give" => next == "me" && lists,
            "usage" => after_i,
            "it" => term.token.low == "that" && matches!(next.as_str(), "is" | "should" | "are"),
            "" => matches!(term.token.low.as_str(), "first" | "firstly") && next_is_verb,
            _ => false,
        };
        if softened {
            term.class = Class::Filler;
            term.canon = if term.canon == "pixel" {
                "px"
            } else {
                "filler"
            };
        }
    }
}

/// The terms of one request under reading.
#[derive(Clone, Debug)]
pub struct Frame<'a> {
    /// The whole line, for slices of text as typed.
    pub line: &'a str,
    terms: &'a [Term],
    used: Vec<bool>,
}

impl<'a> Frame<'a> {
    /// Opens a frame in which nothing is accounted for.
    pub fn new(line: &'a str, terms: &'a [Term]) -> Frame<'a> {
        Frame {
            line,
            terms,
            used: vec![false; terms.len()],
        }
    }

    /// Number of terms.
    pub fn len(&self) -> usize {
        self.terms.len()
    }

    /// The term at `at`.
    pub fn term(&self, at: usize) -> Option<&'a Term> {
        self.terms.get(at)
    }

    /// All terms.
    pub fn terms(&self) -> &'a [Term] {
        self.terms
    }

    /// Marks the term at `at` as accounted for.
    pub fn mark(&mut self, at: usize) {
        if let Some(used) = self.used.get_mut(at) {
            *used = true;
        }
    }

    /// Marks `from..to`.
    pub fn mark_range(&mut self, from: usize, to: usize) {
        for at in from..to.min(self.len()) {
            self.mark(at);
        }
    }

    /// Whether the term at `at` is still to be accounted for.
    pub fn is_open(&self, at: usize) -> bool {
        self.used.get(at) == Some(&false)
    }

    /// The first open term that is `word`.
    pub fn find(&self, word: &str) -> Option<usize> {
        (0..self.len()).find(|at| self.is_open(*at) && self.terms[*at].is(word))
    }

    /// The first open term that is one of `words`.
    pub fn find_any(&self, words: &[&str]) -> Option<usize> {
        (0..self.len())
            .find(|at| self.is_open(*at) && words.iter().any(|word| self.terms[*at].is(word)))
    }

    /// Whether an open term is one of `words`.
    pub fn has(&self, words: &[&str]) -> bool {
        self.find_any(words).is_some()
    }

    /// Marks every open term that is one of `words`; whether there was one.
    pub fn take(&mut self, words: &[&str]) -> bool {
        let mut found = false;
        while let Some(at) = self.find_any(words) {
            self.mark(at);
            found = true;
        }
        found
    }

    /// The first open term whose token satisfies `test`.
    pub fn find_token(&self, test: impl Fn(&Token) -> bool) -> Option<usize> {
        (0..self.len()).find(|at| self.is_open(*at) && test(&self.terms[*at].token))
    }

    /// The open whole number at `at`.
    pub fn int(&self, at: usize) -> Option<i64> {
        if self.is_open(at) {
            self.terms[at].token.int()
        } else {
            None
        }
    }

    /// Takes the first quoted string.
    pub fn take_quoted(&mut self) -> Option<String> {
        let at = self.find_token(|t| t.kind == Kind::Quoted)?;
        self.mark(at);
        Some(self.terms[at].token.raw.clone())
    }

    /// The line as typed from term `from` up to, not with, term `to`.
    pub fn slice(&self, from: usize, to: usize) -> &'a str {
        match (
            self.terms.get(from),
            to.checked_sub(1).and_then(|last| self.terms.get(last)),
        ) {
            (Some(first), Some(last)) if from < to => self
                .line
                .get(first.token.start..last.token.end)
                .unwrap_or(""),
            _ => "",
        }
    }

    /// The first open term that carries meaning and is none of `allowed`.
    pub fn left_over(&self, allowed: &[&str]) -> Option<&'a Term> {
        (0..self.len())
            .filter(|at| self.is_open(*at))
            .map(|at| &self.terms[at])
            .find(|term| term.class != Class::Filler && !allowed.contains(&term.canon))
    }
}
