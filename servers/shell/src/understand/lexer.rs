//! The lexer: a line becomes typed tokens, so that later stages never look at digits or quotes again.
//!
//! Numbers, hashes, addresses, quoted strings, file names and `#rrggbb` colours are recognised by form alone and pass
//! through the grammar as pointers: it can place them in a slot or not, but cannot change them. Everything else is a
//! word. The lexer reads each character once and refuses nothing; limits are checked by the caller.

use alloc::{
    string::{String, ToString},
    vec::Vec,
};

/// What a token is by its form.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// A whole number that fits 64 bits.
    Int(i64),
    /// A whole number that does not.
    Huge,
    /// A number with a fraction, as digits and the count of digits after the point.
    Decimal(i64, u32),
    /// A run of letters, or of letters and other characters that is nothing else.
    Word,
    /// A string in quotes; [`Token::raw`] is what stands between them.
    Quoted,
    /// Hexadecimal digits, at least four, with a letter and a digit among them.
    Hash,
    /// An IPv4 or IPv6 address or a host, with or without a port.
    Addr,
    /// A file name: a point or slash inside.
    File,
    /// `#rrggbb` or `#rgb`.
    HexColor(u32),
    /// An arithmetic sign or bracket.
    Op(char),
    /// A comma, semicolon, full stop or the like.
    Stop,
}

/// One token.
#[derive(Clone, Debug, PartialEq)]
pub struct Token {
    /// What it is by its form.
    pub kind: Kind,
    /// As typed; without the quotes for [`Kind::Quoted`].
    pub raw: String,
    /// [`Token::raw`] in lower case.
    pub low: String,
    /// First byte in the line.
    pub start: usize,
    /// One past the last byte in the line.
    pub end: usize,
}

impl Token {
    fn new(kind: Kind, raw: &str, start: usize, end: usize) -> Token {
        Token {
            kind,
            raw: raw.to_string(),
            low: raw.to_lowercase(),
            start,
            end,
        }
    }

    /// The number, if it is a whole one.
    pub fn int(&self) -> Option<i64> {
        match self.kind {
            Kind::Int(number) => Some(number),
            _ => None,
        }
    }

    /// Whether it is a number of any kind.
    pub fn is_number(&self) -> bool {
        matches!(self.kind, Kind::Int(_) | Kind::Huge | Kind::Decimal(..))
    }
}

/// Cuts `line` into tokens.
pub fn tokens(line: &str) -> Vec<Token> {
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(c) = line[at..].chars().next() {
        let next = at + c.len_utf8();
        if c.is_whitespace() {
            at = next;
        } else if let Some(end) = quoted(line, at, c) {
            let close = line[..end].chars().next_back().map_or(0, char::len_utf8);
            out.push(Token::new(Kind::Quoted, &line[next..end - close], at, end));
            at = end;
        } else if starts_signed_number(line, at, c, out.last()) {
            let end = run_end(line, next);
            run(line, at, end, &mut out);
            at = end;
        } else if let Some(op) = operator(c) {
            out.push(Token::new(Kind::Op(op), &line[at..next], at, next));
            at = next;
        } else if is_stop(c) {
            out.push(Token::new(Kind::Stop, &line[at..next], at, next));
            at = next;
        } else if is_dropped(c) {
            at = next;
        } else {
            let end = run_end(line, next);
            run(line, at, end, &mut out);
            at = end;
        }
    }
    out
}

/// The end of the quoted string that opens at `at`, one past its closing quote; `None` if none opens there.
///
/// An apostrophe opens a string only at the start of a word and only if another one closes it before a non-letter, so
/// `don't` and `the servers' log` stay words.
fn quoted(line: &str, at: usize, open: char) -> Option<usize> {
    let close = match open {
        '"' => '"',
        '\'' => '\'',
        '`' => '`',
        '“' | '„' => '”',
        '‘' => '’',
        '«' => '»',
        _ => return None,
    };
    let body = at + open.len_utf8();
    let mut chars = line[body..].char_indices().peekable();
    while let Some((offset, c)) = chars.next() {
        let closes = c == close || (open == '“' && c == '“');
        let inside_word =
            matches!(close, '\'' | '’') && chars.peek().is_some_and(|(_, n)| n.is_alphanumeric());
        if closes && !inside_word {
            return Some(body + offset + c.len_utf8());
        }
    }
    None
}

fn starts_signed_number(line: &str, at: usize, c: char, last: Option<&Token>) -> bool {
    if !matches!(c, '-' | '−' | '+') {
        return false;
    }
    let digit_follows = line[at + c.len_utf8()..].starts_with(|d: char| d.is_ascii_digit());
    // `3+4` and `3 + 4` are sums, `3 -4` is a pair of coordinates.
    let glued = last.is_some_and(|t| t.end == at && (t.is_number() || t.kind == Kind::Op(')')));
    digit_follows && !glued && (c != '+' || !last.is_some_and(Token::is_number))
}

fn operator(c: char) -> Option<char> {
    Some(match c {
        '+' | '*' | '(' | ')' | '^' | '%' => c,
        '-' | '−' | '–' => '-',
        '/' | '÷' => '/',
        '×' | '·' => '*',
        _ => return None,
    })
}

fn is_stop(c: char) -> bool {
    matches!(c, ',' | ';' | '!' | '?' | '.' | '…' | '&' | '|')
}

/// Characters that carry no meaning outside a word.
fn is_dropped(c: char) -> bool {
    matches!(
        c,
        '=' | ':'
            | '['
            | ']'
            | '{'
            | '}'
            | '<'
            | '>'
            | '"'
            | '\''
            | '`'
            | '“'
            | '”'
            | '‘'
            | '’'
            | '«'
            | '»'
    )
}

fn run_end(line: &str, from: usize) -> usize {
    let stop = |c: char| {
        c.is_whitespace()
            || matches!(
                c,
                ',' | ';' | '!' | '?' | '…' | '&' | '|' | '=' | '+' | '*' | '(' | ')' | '^' | '%'
            )
            || matches!(
                c,
                '÷' | '·' | '"' | '“' | '”' | '«' | '»' | '[' | ']' | '{' | '}' | '<' | '>'
            )
    };
    line[from..]
        .find(stop)
        .map_or(line.len(), |offset| from + offset)
}

/// Classifies the run of characters `line[start..end]`.
fn run(line: &str, start: usize, end: usize, out: &mut Vec<Token>) {
    let full = &line[start..end];
    let text = full.trim_end_matches(['.', ':', '\'', '’', '`']);
    let stop = full[text.len()..].contains('.');
    let end = start + text.len();
    if !text.is_empty() {
        classify(text, start, end, out);
    }
    if stop {
        out.push(Token::new(Kind::Stop, ".", end, end + 1));
    }
}

fn classify(text: &str, start: usize, end: usize, out: &mut Vec<Token>) {
    let push = |out: &mut Vec<Token>, kind, raw: &str| out.push(Token::new(kind, raw, start, end));
    if let Some(kind) = number(text) {
        push(out, kind, text);
    } else if let Some(kind) = hex_color(text) {
        push(out, kind, text);
    } else if let Some((left, right)) = dimensions(text) {
        push(out, left.0, left.1);
        push(out, Kind::Word, "by");
        push(out, right.0, right.1);
        if let Some(unit) = right.2 {
            push(out, Kind::Word, unit);
        }
    } else if let Some((kind, digits, unit)) = with_unit(text) {
        push(out, kind, digits);
        push(out, Kind::Word, unit);
    } else if let Some((label, kind, digits)) = labelled(text) {
        push(out, Kind::Word, label);
        push(out, kind, digits);
    } else if is_arithmetic(text) {
        arithmetic(text, start, out);
    } else if is_hash(text) {
        let digits = text.strip_prefix('#').unwrap_or(text).to_lowercase();
        push(out, Kind::Hash, &digits);
    } else if is_address(text) {
        push(out, Kind::Addr, text);
    } else if is_file(text) {
        push(out, Kind::File, text);
    } else {
        push(out, Kind::Word, text);
    }
}

/// `100`, `-5`, `1.5`.
fn number(text: &str) -> Option<Kind> {
    let (negative, digits) = match text.strip_prefix(['-', '−']) {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) {
        return None;
    }
    if digits.contains('.') && fraction.is_empty() {
        return None;
    }
    // Trailing zeros of a fraction say nothing; nine places are more than arithmetic at a prompt needs.
    let fraction = fraction.trim_end_matches('0');
    if fraction.len() > 9 {
        return Some(Kind::Huge);
    }
    let mut value: i64 = 0;
    for digit in whole.bytes().chain(fraction.bytes()) {
        let grown = value
            .checked_mul(10)
            .and_then(|v| v.checked_add(i64::from(digit - b'0')));
        match grown {
            Some(grown) => value = grown,
            None => return Some(Kind::Huge),
        }
    }
    let value = if negative { -value } else { value };
    Some(if fraction.is_empty() {
        Kind::Int(value)
    } else {
        Kind::Decimal(value, fraction.len() as u32)
    })
}

fn hex_color(text: &str) -> Option<Kind> {
    let digits = text.strip_prefix('#')?;
    if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let value = u32::from_str_radix(digits, 16).ok()?;
    match digits.len() {
        6 => Some(Kind::HexColor(value)),
        // `#f80` is short for `#ff8800`, as in CSS.
        3 => Some(Kind::HexColor(
            (value >> 8) * 0x11_0000 + (value >> 4 & 15) * 0x1100 + (value & 15) * 0x11,
        )),
        _ => None,
    }
}

type Side<'a> = (Kind, &'a str, Option<&'a str>);

/// `50x30`, `50×30px`.
fn dimensions(text: &str) -> Option<(Side<'_>, Side<'_>)> {
    let cut = text.find(['x', 'X', '×'])?;
    let width = text[cut..].chars().next().map_or(1, char::len_utf8);
    let (left, right) = (&text[..cut], &text[cut + width..]);
    let left = with_unit(left)
        .map(|(kind, digits, _)| (kind, digits))
        .or_else(|| Some((number(left)?, left)))?;
    let (right, unit) = match with_unit(right) {
        Some((kind, digits, unit)) => ((kind, digits), Some(unit)),
        None => ((number(right)?, right), None),
    };
    Some(((left.0, left.1, None), (right.0, right.1, unit)))
}

/// `40px`.
fn with_unit(text: &str) -> Option<(Kind, &str, &str)> {
    let cut = text.find(|c: char| c.is_ascii_alphabetic())?;
    let (digits, unit) = text.split_at(cut);
    let known = ["px", "pixel", "pixels", "pt"]
        .iter()
        .any(|u| unit.eq_ignore_ascii_case(u));
    if !known {
        return None;
    }
    Some((number(digits)?, digits, "px"))
}

/// `x:10`, `r:5`, `x10`.
fn labelled(text: &str) -> Option<(&str, Kind, &str)> {
    let cut = text.find(|c: char| c == ':' || c == '-' || c.is_ascii_digit())?;
    let label = &text[..cut];
    let known = [
        "x", "y", "w", "h", "r", "width", "height", "radius", "size", "color", "colour",
    ];
    if !known.iter().any(|k| label.eq_ignore_ascii_case(k)) {
        // `x1:5` names a corner.
        let (label, digits) = text.split_once(':')?;
        let corner = ["x1", "y1", "x2", "y2", "x3", "y3"]
            .iter()
            .any(|k| label.eq_ignore_ascii_case(k));
        return if corner {
            Some((label, number(digits)?, digits))
        } else {
            None
        };
    }
    let digits = &text[cut..];
    // `x1` alone is the name of a corner, `x:1` is a coordinate.
    let digits = match digits.strip_prefix(':') {
        Some(rest) => rest,
        None if ["x1", "y1", "x2", "y2", "x3", "y3"].contains(&text) => return None,
        None => digits,
    };
    Some((label, number(digits)?, digits))
}

/// `12-5`, `10/2`: digits and signs only, with a sign inside.
fn is_arithmetic(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes
        .iter()
        .all(|b| b.is_ascii_digit() || matches!(b, b'-' | b'/' | b'.'))
        && bytes.iter().skip(1).any(|b| matches!(b, b'-' | b'/'))
        && bytes
            .first()
            .is_some_and(|b| b.is_ascii_digit() || *b == b'-')
        && bytes.last().is_some_and(u8::is_ascii_digit)
}

fn arithmetic(text: &str, start: usize, out: &mut Vec<Token>) {
    let mut at = 0;
    while at < text.len() {
        let operand = at + text[at..].find(['-', '/']).unwrap_or(text.len() - at);
        let (piece, kind, end) = if operand > at {
            let piece = &text[at..operand];
            (piece, number(piece).unwrap_or(Kind::Word), operand)
        } else {
            let sign = if text.as_bytes()[at] == b'-' {
                '-'
            } else {
                '/'
            };
            (&text[at..at + 1], Kind::Op(sign), at + 1)
        };
        out.push(Token::new(kind, piece, start + at, start + end));
        at = end;
    }
}

/// The fewest hexadecimal digits that are read as a hash, where both letters and digits occur.
const HASH_DIGITS_MIN: usize = 4;

fn is_hash(text: &str) -> bool {
    let digits = text.strip_prefix('#').unwrap_or(text);
    let bytes = digits.as_bytes();
    bytes.len() >= HASH_DIGITS_MIN
        && bytes.iter().all(u8::is_ascii_hexdigit)
        && bytes.iter().any(u8::is_ascii_digit)
        && (bytes.iter().any(u8::is_ascii_alphabetic) || text.starts_with('#'))
}

fn is_address(text: &str) -> bool {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') => (host, Some(port)),
        _ => (text, None),
    };
    if port.is_some_and(|p| p.parse::<u16>().is_err()) {
        return false;
    }
    let v4 = host.split('.').count() == 4 && host.split('.').all(|part| part.parse::<u8>().is_ok());
    let v6 = text.matches(':').count() >= 2
        && text
            .bytes()
            .all(|b| b.is_ascii_hexdigit() || b == b':' || b == b'.');
    let named = port.is_some()
        && host.starts_with(|c: char| c.is_ascii_alphanumeric())
        && host
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-'));
    v4 || v6 || named
}

fn is_file(text: &str) -> bool {
    if text.contains('/') {
        return text.len() > 1;
    }
    match text.rsplit_once('.') {
        Some((stem, extension)) => {
            !stem.is_empty()
                && !extension.is_empty()
                && extension.chars().all(char::is_alphanumeric)
        }
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(line: &str) -> Vec<Kind> {
        tokens(line).into_iter().map(|t| t.kind).collect()
    }

    fn raws(line: &str) -> Vec<String> {
        tokens(line).into_iter().map(|t| t.raw).collect()
    }

    #[test]
    fn numbers_keep_their_sign_and_size() {
        assert_eq!(kinds("-5 +7"), [Kind::Int(-5), Kind::Op('+'), Kind::Int(7)]);
        assert_eq!(
            kinds("at +7 99999999999999999999"),
            [Kind::Word, Kind::Int(7), Kind::Huge]
        );
        assert_eq!(kinds("1.50"), [Kind::Decimal(15, 1)]);
    }

    #[test]
    fn dimensions_and_units_come_apart() {
        assert_eq!(
            raws("50x30 40px 20×10px"),
            ["50", "by", "30", "40", "px", "20", "by", "10", "px"]
        );
        assert_eq!(
            raws("(10,20) x=5 y:6"),
            ["(", "10", ",", "20", ")", "x", "5", "y", "6"]
        );
    }

    #[test]
    fn arithmetic_without_spaces_comes_apart() {
        assert_eq!(
            raws("12*(3+4)-5/2"),
            ["12", "*", "(", "3", "+", "4", ")", "-", "5", "/", "2"]
        );
        assert_eq!(raws("12-5"), ["12", "-", "5"]);
    }

    #[test]
    fn apostrophes_inside_words_open_no_string() {
        assert_eq!(raws("don't 'a b' what's"), ["don't", "a b", "what's"]);
        assert_eq!(raws("'it's fine' ok"), ["it's fine", "ok"]);
        assert_eq!(kinds("“smart” \"x\""), [Kind::Quoted, Kind::Quoted]);
    }

    #[test]
    fn hashes_addresses_files_and_colours_are_told_apart() {
        assert_eq!(
            kinds("5d41402a 10.0.0.2:7000 notes.txt #ff8800 decade"),
            [
                Kind::Hash,
                Kind::Addr,
                Kind::File,
                Kind::HexColor(0xff8800),
                Kind::Word
            ]
        );
        assert_eq!(
            kinds("node2.local:7000 fe80::1 #f80"),
            [Kind::Addr, Kind::Addr, Kind::HexColor(0xff8800)]
        );
    }

    #[test]
    fn unclosed_quotes_and_lone_signs_are_survived() {
        for line in [
            "\"abc", "'", "- -", "…", "#", "x:", "1.", "\u{a0}", "((((", "-/-", "“",
        ] {
            tokens(line);
        }
    }
}
