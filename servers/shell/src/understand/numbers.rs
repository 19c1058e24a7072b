//! Number words: "one hundred and five" becomes the number 105, "minus five" the number -5.
//!
//! English counts by adding below a multiplier and multiplying above it, so one pass with a running group suffices.
//! Two plain units in a row ("five six") stay two numbers, because coordinates are written so.

use alloc::{string::ToString, vec::Vec};

use super::lexer::{Kind, Token};

/// Replaces runs of number words by numbers.
pub fn join(tokens: Vec<Token>) -> Vec<Token> {
    let mut out: Vec<Token> = Vec::with_capacity(tokens.len());
    let mut at = 0;
    while at < tokens.len() {
        if let Some((value, used)) = read(&tokens[at..]) {
            let mut token = tokens[at].clone();
            token.end = tokens[at + used - 1].end;
            token.raw = value.to_string();
            token.low = token.raw.clone();
            token.kind = Kind::Int(value);
            push(token, &mut out);
            at += used;
        } else {
            push(tokens[at].clone(), &mut out);
            at += 1;
        }
    }
    out
}

/// Pushes `token`, folding a "minus" or "negative" before it into a number's sign where nothing stands to subtract from.
fn push(mut token: Token, out: &mut Vec<Token>) {
    let signed = match (token.int(), out.last().map(|t| t.low.as_str())) {
        (Some(value), Some("minus" | "negative")) if value >= 0 => {
            let before = out.len().checked_sub(2).and_then(|i| out.get(i));
            !before.is_some_and(|t| t.is_number() || t.kind == Kind::Op(')'))
        }
        _ => false,
    };
    if signed {
        out.pop();
        let value = -token.int().unwrap_or(0);
        token.raw = value.to_string();
        token.low = token.raw.clone();
        token.kind = Kind::Int(value);
    }
    out.push(token);
}

/// Reads one number in words at the start of `tokens`: its value and how many tokens it takes.
fn read(tokens: &[Token]) -> Option<(i64, usize)> {
    let word = |i: usize| {
        tokens
            .get(i)
            .filter(|t| t.kind == Kind::Word)
            .map_or("", |t| t.low.as_str())
    };
    if matches!(word(0), "a" | "an")
        && !matches!(word(1), "hundred" | "thousand" | "million" | "dozen")
    {
        return None;
    }
    let (mut total, mut group, mut at) = (0i64, 0i64, 0usize);
    // What may follow: a unit after a ten or a hundred, a ten after a hundred, anything smaller after a thousand.
    let mut room = i64::MAX;
    if matches!(word(0), "a" | "an") {
        (group, at) = (1, 1);
    }
    loop {
        let glue = usize::from(
            word(at) == "and" && at > 0 && room >= 100 && small(word(at + 1)).is_some(),
        );
        let next = word(at + glue);
        if let Some((tens, unit)) = hyphenated(next) {
            if room < 100 {
                break;
            }
            (group, room) = (group + tens + unit, 0);
        } else if let Some(value) = small(next) {
            let fits = value < room && !(value < 10 && room < 10);
            // In "one hundred one hundred" the second "one" begins the next number.
            let begins_next =
                at > 0 && scale(word(at + glue + 1)).is_some_and(|s| s >= 100 && group >= s);
            if !fits || begins_next {
                break;
            }
            group += value;
            room = if value >= 20 { 10 } else { 0 };
        } else if let Some(scale) =
            scale(next).filter(|s| at > 0 && group > 0 && (group < *s || *s >= 1000))
        {
            if scale >= 1000 {
                total = total.saturating_add(group.saturating_mul(scale));
                group = 0;
            } else {
                group *= scale;
            }
            room = if scale == 12 { 0 } else { 100 };
        } else {
            break;
        }
        at += glue + 1;
    }
    if at == 0 || (at == 1 && matches!(word(0), "a" | "an")) {
        None
    } else {
        Some((total.saturating_add(group), at))
    }
}

fn small(word: &str) -> Option<i64> {
    const UNITS: [&str; 20] = [
        "zero",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "thirteen",
        "fourteen",
        "fifteen",
        "sixteen",
        "seventeen",
        "eighteen",
        "nineteen",
    ];
    const TENS: [&str; 8] = [
        "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
    ];
    let unit = UNITS.iter().position(|u| *u == word).map(|i| i as i64);
    let ten = || {
        TENS.iter()
            .position(|t| *t == word)
            .map(|i| i as i64 * 10 + 20)
    };
    unit.or_else(ten)
        .or(if word == "fourty" { Some(40) } else { None })
}

fn hyphenated(word: &str) -> Option<(i64, i64)> {
    let (tens, unit) = word.split_once('-')?;
    let (tens, unit) = (small(tens)?, small(unit)?);
    if tens >= 20 && (1..10).contains(&unit) {
        Some((tens, unit))
    } else {
        None
    }
}

fn scale(word: &str) -> Option<i64> {
    Some(match word {
        "dozen" => 12,
        "hundred" => 100,
        "thousand" => 1000,
        "million" => 1_000_000,
        _ => return None,
    })
}

/// The number of an ordinal: "second" is 2.
pub fn ordinal(word: &str) -> Option<i64> {
    const WORDS: [&str; 10] = [
        "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth",
        "tenth",
    ];
    if let Some(index) = WORDS.iter().position(|w| *w == word) {
        return Some(index as i64 + 1);
    }
    let digits = word.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let suffix = &word[digits.len()..];
    if matches!(suffix, "st" | "nd" | "rd" | "th") {
        digits.parse().ok()
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::super::lexer;
    use super::*;
    use alloc::string::String;

    fn words(line: &str) -> Vec<String> {
        join(lexer::tokens(line))
            .into_iter()
            .map(|t| t.raw)
            .collect()
    }

    #[test]
    fn number_words_become_numbers() {
        assert_eq!(words("one hundred and five"), ["105"]);
        assert_eq!(words("twenty-five thirty one"), ["25", "31"]);
        assert_eq!(
            words("two hundred fifty by a hundred"),
            ["250", "by", "100"]
        );
        assert_eq!(words("one hundred one hundred"), ["100", "100"]);
        assert_eq!(words("two hundred three hundred"), ["200", "300"]);
        assert_eq!(words("five six"), ["5", "6"]);
        assert_eq!(words("fifty sixty"), ["50", "60"]);
        assert_eq!(words("one thousand two hundred and thirty four"), ["1234"]);
        assert_eq!(words("a dozen red"), ["12", "red"]);
        assert_eq!(words("a red one"), ["a", "red", "1"]);
        assert_eq!(words("ten and five"), ["10", "and", "5"]);
    }

    #[test]
    fn minus_is_a_sign_only_where_nothing_is_subtracted_from() {
        assert_eq!(words("at minus 5 10"), ["at", "-5", "10"]);
        assert_eq!(words("7 minus 5"), ["7", "minus", "5"]);
    }
}
