//! Reads a line as an exact command.

use alloc::{
    boxed::Box,
    string::{String, ToString},
    vec::Vec,
};

use super::{Command, Content, Evolve, Fault, HELP, Heal, Infer, Usage};
use crate::understand::LINE_MAX;

/// Longest name of a server, in bytes.
const NAME_MAX: usize = 32;
/// Fewest and most digits of a hash: a BLAKE3 hash has 64.
const HASH_DIGITS: core::ops::RangeInclusive<usize> = 4..=64;
/// `time time time …` goes no deeper.
const TIME_DEPTH_MAX: usize = 4;

/// The exact command that `line` is.
///
/// Cost is linear in the line. Errors: [`Usage::Unknown`] if the first word is no command; [`Usage::Missing`],
/// [`Usage::Extra`] or [`Usage::Form`] if the rest does not fit it; [`Usage::TooLong`] over [`LINE_MAX`].
pub fn parse(line: &str) -> Result<Command, Usage> {
    if line.len() > LINE_MAX {
        return Err(Usage::TooLong);
    }
    command(line.trim(), 0)
}

fn command(line: &str, depth: usize) -> Result<Command, Usage> {
    let (verb, rest) = cut(line);
    let form = form_of(verb);
    match verb {
        "ps" => none(rest, Command::Ps, form),
        "disk" => none(rest, Command::Disk, form),
        "top" => none(rest, Command::Top, form),
        "modules" => none(rest, Command::Modules, form),
        "root" => none(rest, Command::Root, form),
        "peers" => none(rest, Command::Peers, form),
        "version" => none(rest, Command::Version, form),
        "poweroff" => none(rest, Command::Poweroff, form),
        "reboot" => none(rest, Command::Reboot, form),
        "history" => none(rest, Command::History, form),
        "yes" => none(rest, Command::Yes, form),
        "no" => none(rest, Command::No, form),
        "caps" => name(rest, form).map(Command::Caps),
        "kill" => name(rest, form).map(Command::Kill),
        "restart" => name(rest, form).map(Command::Restart),
        "log" => name(rest, form).map(Command::Log),
        "why" => name(rest, form).map(Command::Why),
        "update" => name(rest, form).map(Command::Update),
        "crash" => crash(rest, form),
        "trace" => optional(rest, form).map(Command::Trace),
        "mem" => optional(rest, form).map(Command::Mem),
        "cpu" => cpu(rest, form),
        "store" => store(rest, form),
        "fetch" => hash(rest, form).map(Command::Fetch),
        "import" => hash(rest, form).map(Command::Import),
        "pages" => hash(rest, form).map(Command::Pages),
        "run" => run(rest, form),
        "nda" => text(rest, form).map(Command::Nda),
        "understand" => text(rest, form).map(Command::Understand),
        "evolve" => evolve(rest, form).map(Command::Evolve),
        "heal" => heal(rest, form).map(Command::Heal),
        "infer" => infer(rest, form).map(Command::Infer),
        "peer" => peer(rest, form),
        "audit" => match rest {
            "code" => Ok(Command::AuditCode),
            "" => Err(Usage::Missing(form)),
            _ => Err(Usage::Form(form)),
        },
        "time" => match depth {
            _ if rest.is_empty() => Err(Usage::Missing(form)),
            0..TIME_DEPTH_MAX => {
                command(rest, depth + 1).map(|inner| Command::Time(Box::new(inner)))
            }
            _ => Err(Usage::Form(form)),
        },
        "help" => optional(rest, form).map(Command::Help),
        _ => Err(Usage::Unknown),
    }
}

/// The row of the help table for `verb`.
fn form_of(verb: &str) -> &'static str {
    HELP.iter()
        .map(|row| row.form)
        .find(|form| cut(form).0 == verb)
        .unwrap_or("")
}

/// The first word and the trimmed rest.
fn cut(line: &str) -> (&str, &str) {
    match line.split_once(char::is_whitespace) {
        Some((first, rest)) => (first, rest.trim()),
        None => (line, ""),
    }
}

fn none(rest: &str, command: Command, form: &'static str) -> Result<Command, Usage> {
    if rest.is_empty() {
        Ok(command)
    } else {
        Err(Usage::Extra(form))
    }
}

fn one<'a>(rest: &'a str, form: &'static str) -> Result<&'a str, Usage> {
    match cut(rest) {
        ("", _) => Err(Usage::Missing(form)),
        (word, "") => Ok(word),
        _ => Err(Usage::Extra(form)),
    }
}

fn is_name(word: &str) -> bool {
    let mut bytes = word.bytes();
    word.len() <= NAME_MAX
        && bytes.next().is_some_and(|b| b.is_ascii_lowercase())
        && bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-'))
}

fn name(rest: &str, form: &'static str) -> Result<String, Usage> {
    let word = one(rest, form)?;
    if is_name(word) {
        Ok(word.to_string())
    } else {
        Err(Usage::Form(form))
    }
}

fn optional(rest: &str, form: &'static str) -> Result<Option<String>, Usage> {
    if rest.is_empty() {
        Ok(None)
    } else {
        name(rest, form).map(Some)
    }
}

fn hash(rest: &str, form: &'static str) -> Result<String, Usage> {
    let word = one(rest, form)?;
    let fits = HASH_DIGITS.contains(&word.len()) && word.bytes().all(|b| b.is_ascii_hexdigit());
    if fits {
        Ok(word.to_ascii_lowercase())
    } else {
        Err(Usage::Form(form))
    }
}

fn text(rest: &str, form: &'static str) -> Result<String, Usage> {
    if rest.is_empty() {
        Err(Usage::Missing(form))
    } else {
        Ok(rest.to_string())
    }
}

fn cpu(rest: &str, form: &'static str) -> Result<Command, Usage> {
    if rest.is_empty() {
        return Ok(Command::Cpu(None));
    }
    one(rest, form)?
        .parse()
        .map(|core| Command::Cpu(Some(core)))
        .map_err(|_| Usage::Form(form))
}

fn crash(rest: &str, form: &'static str) -> Result<Command, Usage> {
    let (server, fault) = cut(rest);
    let server = name(server, form)?;
    match fault {
        "" => Ok(Command::Crash(server, Fault::Null)),
        word => Fault::from_name(word)
            .map(|fault| Command::Crash(server, fault))
            .ok_or(Usage::Form(form)),
    }
}

/// `store "some text"`, `store notes.txt`, `store one two`: a single word with a point or slash inside is a file name.
fn store(rest: &str, form: &'static str) -> Result<Command, Usage> {
    let words = split(rest, form)?;
    let quoted = rest.starts_with(['"', '\'']);
    match words.as_slice() {
        [] => Err(Usage::Missing(form)),
        [word] if quoted => Ok(Command::Store(Content::Text(word.clone()))),
        [word] if word.contains(['.', '/']) => Ok(Command::Store(Content::File(word.clone()))),
        [word] if word != "it" => Ok(Command::Store(Content::Text(word.clone()))),
        // Several bare words may be plain language: "store the file notes.txt".
        _ => Err(Usage::Form(form)),
    }
}

/// Words of a plain-language request to run something, which no module is called.
const RUN_LANGUAGE: &[&str] = &[
    "the", "a", "an", "my", "it", "this", "that", "program", "module", "all", "away",
];

fn run(rest: &str, form: &'static str) -> Result<Command, Usage> {
    let mut words = split(rest, form)?;
    if words.is_empty() {
        return Err(Usage::Missing(form));
    }
    let target = words.remove(0);
    let plain = RUN_LANGUAGE.contains(&target.as_str())
        || words.first().is_some_and(|w| {
            matches!(
                w.as_str(),
                "with" | "on" | "using" | "and" | "program" | "module" | "for"
            )
        });
    if plain {
        Err(Usage::Form(form))
    } else {
        Ok(Command::Run {
            target,
            args: words,
        })
    }
}

fn evolve(rest: &str, form: &'static str) -> Result<Evolve, Usage> {
    match cut(rest) {
        ("", _) => Err(Usage::Missing(form)),
        ("status", "") => Ok(Evolve::Status),
        ("log", "") => Ok(Evolve::Log),
        ("freeze", "") => Ok(Evolve::Freeze),
        ("thaw", "") => Ok(Evolve::Thaw),
        ("now", rest) => hash(rest, form).map(Evolve::Now),
        ("rollback", rest) => hash(rest, form).map(Evolve::Rollback),
        _ => Err(Usage::Form(form)),
    }
}

fn heal(rest: &str, form: &'static str) -> Result<Heal, Usage> {
    match rest {
        "" => Err(Usage::Missing(form)),
        "status" => Ok(Heal::Status),
        "scrub" => Ok(Heal::Scrub),
        _ => Err(Usage::Form(form)),
    }
}

fn infer(rest: &str, form: &'static str) -> Result<Infer, Usage> {
    match cut(rest) {
        ("", _) => Err(Usage::Missing(form)),
        ("status", "") => Ok(Infer::Status),
        ("bench", "") => Ok(Infer::Bench),
        ("attach", rest) => one(rest, form).map(|model| Infer::Attach(model.to_string())),
        ("ask", rest) => text(rest, form).map(Infer::Ask),
        _ => Err(Usage::Form(form)),
    }
}

fn peer(rest: &str, form: &'static str) -> Result<Command, Usage> {
    match cut(rest) {
        ("add", rest) => one(rest, form).map(|addr| Command::PeerAdd(addr.to_string())),
        ("", _) => Err(Usage::Missing(form)),
        _ => Err(Usage::Form(form)),
    }
}

/// Splits at spaces, keeping what stands in quotes together. Errors: [`Usage::Form`] if a quote is not closed.
fn split(rest: &str, form: &'static str) -> Result<Vec<String>, Usage> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quote: Option<char> = None;
    let mut started = false;
    for c in rest.chars() {
        match quote {
            Some(open) if c == open => quote = None,
            Some(_) => word.push(c),
            None if matches!(c, '"' | '\'') && !started => (quote, started) = (Some(c), true),
            None if c.is_whitespace() => {
                if started {
                    words.push(core::mem::take(&mut word));
                }
                started = false;
            }
            None => {
                started = true;
                word.push(c);
            }
        }
    }
    if quote.is_some() {
        return Err(Usage::Form(form));
    }
    if started {
        words.push(word);
    }
    Ok(words)
}
