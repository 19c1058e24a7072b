//! What the parser finds wrong, and where.

use alloc::string::String;
use core::fmt;

use crate::arena::NodeError;
use crate::module::ModuleError;

use ParseErrorKind as Kind;

/// Why a text is not a module, and where.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ParseError {
    /// The line, from 1.
    pub line: u32,
    /// The character in the line, from 1.
    pub column: u32,
    /// The reason.
    pub kind: ParseErrorKind,
}

/// Why a text is not a module.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ParseErrorKind {
    /// A character that no token starts with.
    BadCharacter,
    /// A string that its line does not end.
    UnfinishedString,
    /// A backslash that is not followed by `n t r " \` or two hexadecimal digits.
    BadEscape,
    /// The text ends inside an item.
    UnexpectedEnd,
    /// Something else was expected here; the text says what.
    Expected(&'static str),
    /// No operator, shim or item has this name.
    UnknownName(String),
    /// A `$name` that nothing has.
    UndefinedName(String),
    /// A `$name` that two things have.
    DuplicateName(String),
    /// A literal that is malformed or does not fit its type.
    BadLiteral(String),
    /// More of something than the limits allow.
    TooMany(&'static str),
    /// Two memories.
    SecondMemory,
    /// A node cannot exist.
    Node(NodeError),
    /// The parts do not make a module.
    Module(ModuleError),
}

impl ParseError {
    pub(super) fn at(source: &str, offset: usize, kind: ParseErrorKind) -> ParseError {
        let before = source.get(..offset).unwrap_or(source);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        ParseError {
            line: before.matches('\n').count() as u32 + 1,
            column: before[line_start..].chars().count() as u32 + 1,
            kind,
        }
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "line {} column {}: {}",
            self.line, self.column, self.kind
        )
    }
}

impl fmt::Display for ParseErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Kind::BadCharacter => f.write_str("unexpected character"),
            Kind::UnfinishedString => f.write_str("the string does not end in this line"),
            Kind::BadEscape => f.write_str("unknown escape in a string"),
            Kind::UnexpectedEnd => f.write_str("the text ends too early"),
            Kind::Expected(what) => write!(f, "expected {what}"),
            Kind::UnknownName(name) => write!(f, "unknown operator {name}"),
            Kind::UndefinedName(name) => write!(f, "{name} is not defined"),
            Kind::DuplicateName(name) => write!(f, "{name} is defined twice"),
            Kind::BadLiteral(text) => write!(f, "bad literal {text}"),
            Kind::TooMany(what) => write!(f, "too many {what}"),
            Kind::SecondMemory => f.write_str("a module has one memory at most"),
            Kind::Node(error) => error.fmt(f),
            Kind::Module(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for ParseError {}
