//! Tokens of the text form.

use alloc::vec::Vec;

use super::error::{ParseError, ParseErrorKind};

/// A token and the byte where it starts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Token<'a> {
    pub offset: usize,
    pub kind: TokenKind<'a>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum TokenKind<'a> {
    Open,
    Close,
    Atom(&'a str),
    String(Vec<u8>),
}

/// Splits `source` into tokens.
pub(super) fn tokens(source: &str) -> Result<Vec<Token<'_>>, ParseError> {
    let bytes = source.as_bytes();
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let offset = at;
        let kind = match byte {
            b' ' | b'\t' | b'\r' | b'\n' => {
                at += 1;
                continue;
            }
            b';' if bytes.get(at + 1) == Some(&b';') => {
                at = bytes[at..]
                    .iter()
                    .position(|byte| *byte == b'\n')
                    .map_or(bytes.len(), |n| at + n);
                continue;
            }
            b'(' => {
                at += 1;
                TokenKind::Open
            }
            b')' => {
                at += 1;
                TokenKind::Close
            }
            b'"' => {
                let (string, end) = string(source, at)?;
                at = end;
                TokenKind::String(string)
            }
            byte if is_atom(*byte) => {
                let len = bytes[at..].iter().position(|byte| !is_atom(*byte));
                at = len.map_or(bytes.len(), |len| at + len);
                TokenKind::Atom(&source[offset..at])
            }
            _ => return Err(ParseError::at(source, offset, ParseErrorKind::BadCharacter)),
        };
        tokens.push(Token { offset, kind });
    }
    Ok(tokens)
}

fn is_atom(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"$_.:#=+-".contains(&byte)
}

/// Reads the string that starts at `start`. Gives its bytes and where it ends.
fn string(source: &str, start: usize) -> Result<(Vec<u8>, usize), ParseError> {
    let bytes = source.as_bytes();
    let fail = |at, kind| Err(ParseError::at(source, at, kind));
    let mut string = Vec::new();
    let mut at = start + 1;
    loop {
        match bytes.get(at) {
            None | Some(b'\n') => return fail(start, ParseErrorKind::UnfinishedString),
            Some(b'"') => return Ok((string, at + 1)),
            Some(b'\\') => {
                let (byte, len) = match bytes.get(at + 1) {
                    Some(b'n') => (b'\n', 2),
                    Some(b't') => (b'\t', 2),
                    Some(b'r') => (b'\r', 2),
                    Some(byte @ (b'"' | b'\\')) => (*byte, 2),
                    _ => match bytes.get(at + 1..at + 3).and_then(hex_byte) {
                        Some(byte) => (byte, 3),
                        None => return fail(at, ParseErrorKind::BadEscape),
                    },
                };
                string.push(byte);
                at += len;
            }
            Some(byte) => {
                string.push(*byte);
                at += 1;
            }
        }
    }
}

fn hex_byte(digits: &[u8]) -> Option<u8> {
    let high = (digits[0] as char).to_digit(16)?;
    let low = (digits[1] as char).to_digit(16)?;
    Some((high << 4 | low) as u8)
}
