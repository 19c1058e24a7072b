//! Understanding: a line of plain language becomes steps, or a reason why not.
//!
//! The stages, each a file: [`lexer`] (typed tokens) → `typo` and `numbers` (repair, number words) → `frame` (places
//! in the [`vocabulary`]) → `refusal` (negation, harm) → `split` (one frame a request) → the parsers
//! (`calc`, `rules`, `window`, `content`, `draw`) → one [`Reaction`] for the whole line.
//!
//! The grammar is compositional: no line is looked up. A request is understood only if every meaningful word of it is
//! accounted for, and a line only if every request in it is; otherwise nothing is done. The same line always gives the
//! same answer. Cost is bounded by [`LINE_MAX`], [`TOKENS_MAX`] and [`STEPS_MAX`].

pub mod intent;
pub mod step;

pub mod colors;
mod frame;
pub mod lexer;
mod numbers;
mod refusal;
mod split;
mod typo;
pub mod vocabulary;

mod calc;
mod content;
pub mod defaults;
mod draw;
mod geometry;
mod repeat;
mod rule_table;
mod rules;
mod text;
mod window;

use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};

use frame::{Frame, Term};
pub use intent::{Effect, Intent};
pub use step::{Step, Value};

/// Longest line that is read, in bytes: ten screen lines. A longer one is refused whole, never cut.
pub const LINE_MAX: usize = 2000;
/// Most tokens of a line.
pub const TOKENS_MAX: usize = 256;
/// Most steps of a line.
pub const STEPS_MAX: usize = 16;

/// What the grammar may know about the machine.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// Names of the servers that can be spoken of, in lower case.
    pub servers: &'a [&'a str],
}

impl Default for Context<'_> {
    /// The servers of the standard manifest.
    fn default() -> Self {
        Context {
            servers: &[
                "init",
                "platform",
                "console",
                "input",
                "nvme",
                "biosphere",
                "net",
                "compositor",
                "evolution",
                "healing",
                "inference",
                "shell",
                "hello",
            ],
        }
    }
}

/// What is to be done with a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reaction {
    /// Do it now.
    Do,
    /// Understood, but it destroys something: do it after a `yes`.
    Confirm,
    /// Something needed is missing or ambiguous.
    Ask,
    /// Out of scope, not permitted, harmful or not language.
    Refuse,
}

impl Reaction {
    /// The word in JSON and at the prompt.
    pub const fn name(self) -> &'static str {
        match self {
            Reaction::Do => "do",
            Reaction::Confirm => "confirm",
            Reaction::Ask => "ask",
            Reaction::Refuse => "refuse",
        }
    }
}

/// Who understood the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// The inference service's model.
    Model,
    /// This grammar.
    Grammar,
}

impl By {
    /// The word in JSON and at the prompt.
    pub const fn name(self) -> &'static str {
        match self {
            By::Model => "model",
            By::Grammar => "grammar",
        }
    }
}

/// A line and what it means.
#[derive(Clone, Debug, PartialEq)]
pub struct Understanding {
    /// The line.
    pub text: String,
    /// What is to be done with it.
    pub reaction: Reaction,
    /// Who understood it.
    pub by: By,
    /// The steps in order; empty for [`Reaction::Ask`] and [`Reaction::Refuse`].
    pub steps: Vec<Step>,
    /// The slot that is missing or ambiguous, for [`Reaction::Ask`].
    pub missing: Option<String>,
    /// Why the line is not simply done.
    pub why: Option<String>,
}

impl Understanding {
    /// The JSON object of `cargo xtask understand`, without a newline.
    pub fn to_json(&self) -> String {
        let mut out = String::from("{\"text\":");
        step::write_json_string(&self.text, &mut out);
        out.push_str(&format!(
            ",\"reaction\":\"{}\",\"by\":\"{}\",\"steps\":[",
            self.reaction.name(),
            self.by.name()
        ));
        for (i, step) in self.steps.iter().enumerate() {
            if i > 0 {
                out.push(',');
            }
            step.write_json(&mut out);
        }
        out.push(']');
        for (name, value) in [("missing", &self.missing), ("why", &self.why)] {
            if let Some(value) = value {
                out.push_str(&format!(",\"{name}\":"));
                step::write_json_string(value, &mut out);
            }
        }
        out.push('}');
        out
    }

    /// The lines that the shell prints before it does anything: an `intent` or `confirm` line a step, with the defaults
    /// of drawing written out, or one `ask` or `refuse` line.
    pub fn to_lines(&self) -> Vec<String> {
        let tag = match self.reaction {
            Reaction::Do => "intent",
            Reaction::Confirm => "confirm",
            Reaction::Ask | Reaction::Refuse => return alloc::vec![self.reason_line()],
        };
        let line = |step: &Step| {
            let mut out = format!("{tag} ");
            defaults::complete(step).write_words(&mut out);
            out.push_str(&format!(" by={}", self.by.name()));
            if let (Reaction::Confirm, Some(why)) = (self.reaction, &self.why) {
                out.push_str(" why=");
                step::write_word(why, &mut out);
            }
            out
        };
        self.steps.iter().map(line).collect()
    }

    fn reason_line(&self) -> String {
        let mut out = String::from(self.reaction.name());
        for (name, value) in [("missing", &self.missing), ("why", &self.why)] {
            if let Some(value) = value {
                out.push_str(&format!(" {name}="));
                step::write_word(value, &mut out);
            }
        }
        out.push_str(&format!(" by={}", self.by.name()));
        out
    }
}

/// What one parser makes of one request.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Outcome {
    /// Understood.
    Step(Step),
    /// A slot is missing or ambiguous.
    Ask { missing: String, why: String },
    /// It cannot be done.
    Refuse(String),
}

impl Outcome {
    pub(crate) fn ask(slot: &str) -> Outcome {
        Outcome::Ask {
            missing: slot.to_string(),
            why: format!("{} is missing", describe(slot)),
        }
    }

    pub(crate) fn ask_why(slot: &str, why: &str) -> Outcome {
        Outcome::Ask {
            missing: slot.to_string(),
            why: why.to_string(),
        }
    }

    pub(crate) fn refuse(why: &str) -> Outcome {
        Outcome::Refuse(why.to_string())
    }

    /// A word that no part of the request accounts for.
    pub(crate) fn stranger(word: &str) -> Outcome {
        let word: String = word.chars().take(40).collect();
        Outcome::Refuse(format!("`{word}` is not understood here"))
    }

    pub(crate) fn missing(intent: Intent, slot: &str, stranger: Option<String>) -> Outcome {
        let mut why = format!("{} needs {}", intent.name(), describe(slot));
        if let Some(word) = stranger {
            let word: String = word.chars().take(40).collect();
            why.push_str(&format!("; `{word}` is none"));
        }
        Outcome::Ask {
            missing: slot.to_string(),
            why,
        }
    }
}

fn describe(slot: &str) -> &str {
    match slot {
        "name" => "the name of a server",
        "target" => "which window or module is meant",
        "hash" => "a content hash",
        "addr" => "an address",
        "at" => "the place, as two numbers or a side of the screen,",
        "fault" => "the kind of fault: null, ud2, loop, stack or garbage",
        "text" => "the text",
        "model" => "the model's name or file",
        "what" => "what to draw",
        "color" => "the colour",
        other => other,
    }
}

/// Understands one line, given as raw bytes.
pub fn understand_bytes(bytes: &[u8], context: &Context<'_>) -> Understanding {
    match core::str::from_utf8(bytes) {
        Ok(line) => understand(line, context),
        Err(error) => {
            let text: String = String::from_utf8_lossy(&bytes[..bytes.len().min(80)]).into_owned();
            refuse(
                &text,
                format!("not text: byte {} is not UTF-8", error.valid_up_to() + 1),
            )
        }
    }
}

/// Understands one line.
pub fn understand(line: &str, context: &Context<'_>) -> Understanding {
    if line.len() > LINE_MAX {
        let shown: String = line.chars().take(80).collect();
        return refuse(
            &shown,
            format!(
                "the line has {} bytes, and {LINE_MAX} is the most that is read",
                line.len()
            ),
        );
    }
    if let Some(at) = line.chars().position(|c| c.is_control() && c != '\t') {
        return refuse(line, format!("character {} is a control character", at + 1));
    }
    let mut tokens = lexer::tokens(line);
    if tokens.len() > TOKENS_MAX {
        return refuse(line, format!("the line has more than {TOKENS_MAX} words"));
    }
    typo::repair(&mut tokens, context.servers);
    let terms = frame::terms(numbers::join(tokens), context);
    if terms.iter().all(|t| t.token.kind == lexer::Kind::Stop) {
        return refuse(line, "there is nothing to understand".to_string());
    }
    let whole = Frame::new(line, &terms);
    // A question to the model may say anything, so it is not judged by its words.
    if let Some(outcome) = content::question(&whole) {
        return conclude(line, alloc::vec![outcome]);
    }
    if let Some(why) = refusal::reason(&terms) {
        return refuse(line, why.to_string());
    }
    let outcomes = split::requests(line, &terms, context);
    if outcomes.len() > STEPS_MAX {
        return refuse(line, format!("a line has at most {STEPS_MAX} steps"));
    }
    conclude(line, outcomes)
}

/// What one frame means, or why it means nothing. Full readings come before partial ones.
pub(crate) fn request(frame: &Frame<'_>, context: &Context<'_>) -> Outcome {
    if let Some(outcome) = calc::parse(frame) {
        return outcome;
    }
    if let Some(step) = rules::complete(frame) {
        return Outcome::Step(step);
    }
    let parsers: [fn(&Frame<'_>) -> Option<Outcome>; 3] =
        [content::parse, window::parse, draw::parse];
    let mut first: Option<Outcome> = None;
    for parser in parsers {
        match parser(frame) {
            Some(Outcome::Step(step)) => return Outcome::Step(step),
            Some(other) => first = first.or(Some(other)),
            None => {}
        }
    }
    first
        .or_else(|| rules::incomplete(frame, 1))
        .unwrap_or_else(|| unknown(frame, context))
}

/// The refusal of a request in which nothing was recognised, with the nearest word that is.
fn unknown(frame: &Frame<'_>, context: &Context<'_>) -> Outcome {
    if calc::is_attempt(frame) {
        return Outcome::refuse("this is no complete expression");
    }
    if frame
        .terms()
        .iter()
        .any(|t| t.token.kind == lexer::Kind::Op('('))
        && frame.len() > 32
    {
        return Outcome::refuse("this is no request that is understood");
    }
    let shown: String = frame.slice(0, frame.len()).chars().take(60).collect();
    let heads: Vec<&Term> = frame.terms().iter().filter(|t| t.is_head()).collect();
    let stranger = frame
        .terms()
        .iter()
        .find(|t| t.class == vocabulary::Class::Unknown);
    let near = stranger.and_then(|t| typo::nearest(&t.token.low, context.servers));
    Outcome::Refuse(match (heads.first(), near) {
        (Some(head), _) => format!(
            "out of scope: `{shown}` is no request that is known; `help {}` shows what is near",
            head.token.low
        ),
        (None, Some(near)) => {
            format!("out of scope: `{shown}`; the nearest known word is `{near}`")
        }
        (None, None) => {
            format!("out of scope: nothing in `{shown}` is known; `help` shows what is")
        }
    })
}

fn conclude(line: &str, outcomes: Vec<Outcome>) -> Understanding {
    let mut steps = Vec::new();
    let mut question = None;
    for outcome in outcomes {
        match outcome {
            Outcome::Step(step) => steps.push(step),
            // One request that must not be done stops the whole line: half a line done is worse than none.
            Outcome::Refuse(why) => return refuse(line, why),
            Outcome::Ask { missing, why } => question = question.or(Some((missing, why))),
        }
    }
    if steps.is_empty() && question.is_none() {
        return refuse(line, "there is nothing to understand".to_string());
    }
    let by = By::Grammar;
    let text = line.to_string();
    if let Some((missing, why)) = question {
        return Understanding {
            text,
            reaction: Reaction::Ask,
            by,
            steps: Vec::new(),
            missing: Some(missing),
            why: Some(why),
        };
    }
    if let Some(step) = steps.iter().find(|s| {
        s.int("count")
            .is_some_and(|c| !(1..=defaults::COUNT_MAX).contains(&c))
    }) {
        let why = format!(
            "{} copies of a shape; 1 to {} are drawn",
            step.int("count").unwrap_or(0),
            defaults::COUNT_MAX
        );
        return Understanding {
            text,
            reaction: Reaction::Ask,
            by,
            steps: Vec::new(),
            missing: Some("count".to_string()),
            why: Some(why),
        };
    }
    let why = steps.iter().find_map(danger);
    let reaction = if why.is_some() {
        Reaction::Confirm
    } else {
        Reaction::Do
    };
    Understanding {
        text,
        reaction,
        by,
        steps,
        missing: None,
        why,
    }
}

/// What would be lost by doing `step`.
pub fn danger(step: &Step) -> Option<String> {
    let name = step.text("name").unwrap_or("");
    Some(match step.intent() {
        Intent::SrvKill => format!("ends the server {name} and what it is doing"),
        Intent::SrvCrash => format!("makes the server {name} fault"),
        Intent::SysPoweroff => "turns the machine off".to_string(),
        Intent::SysReboot => "restarts the machine".to_string(),
        Intent::WinClose if step.text("target") == Some("all") => "closes every window".to_string(),
        _ => return None,
    })
}

fn refuse(line: &str, why: String) -> Understanding {
    Understanding {
        text: line.to_string(),
        reaction: Reaction::Refuse,
        by: By::Grammar,
        steps: Vec::new(),
        missing: None,
        why: Some(why),
    }
}
