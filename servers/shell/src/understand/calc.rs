//! Arithmetic: "what is 12 * (3+4)", "7 plus 5", "the sum of 3 and 4", "20 percent of 50".
//!
//! A frame is arithmetic if, apart from its lead ("what is", "calculate"), it is one whole expression with at least one
//! operator. Values are exact fractions of 128-bit integers, so `1/3*3` is 1; a result that is not whole is given as the
//! nearest `f64`. Precedence is the usual one; the parser descends at most [`DEPTH_MAX`] brackets.

use alloc::vec::Vec;

use super::{
    Outcome,
    frame::{Frame, Term},
    intent::Intent,
    lexer::Kind,
    step::{Step, Value},
    vocabulary::Class,
};

/// Most nested brackets.
const DEPTH_MAX: usize = 32;
/// Largest exponent of a power: 2 to the 127th already leaves the range.
const EXPONENT_MAX: i128 = 127;

/// Why an expression has no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// It is not an expression.
    Shape,
    /// A division by zero.
    Zero,
    /// A value outside the range, or a fractional or large exponent.
    Range,
}

/// A fraction in lowest terms with a positive denominator.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Fraction(i128, i128);

#[derive(Clone, Copy, Debug, PartialEq)]
enum Sign {
    Number(Fraction),
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
    Power,
    Open,
    Close,
    Percent,
    /// "sum of a and b": the operator that the next "and" stands for.
    Pair(Operator),
    And,
    Squared(u32),
    Root,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
    /// "subtract 3 from 10": the operands change places.
    SubtractFrom,
}

/// The outcome of `frame` if it is arithmetic.
pub fn parse(frame: &Frame<'_>) -> Option<Outcome> {
    let signs = signs(frame.terms())?;
    if signs.iter().all(|s| matches!(s, Sign::Number(_))) {
        return None;
    }
    let mut parser = Parser {
        signs: &signs,
        at: 0,
        depth: 0,
        open_pairs: Vec::new(),
    };
    let value = parser.sum().and_then(|v| {
        if parser.at == signs.len() {
            Ok(v)
        } else {
            Err(Fault::Shape)
        }
    });
    Some(match value {
        Ok(value) => Outcome::Step(Step::new(Intent::Calc).with("value", value.to_value())),
        Err(Fault::Shape) => return None,
        Err(Fault::Zero) => Outcome::refuse("division by zero has no value"),
        Err(Fault::Range) => Outcome::refuse("the value is out of range"),
    })
}

/// Reads the terms as signs; `None` as soon as one is not arithmetic.
fn signs(terms: &[Term]) -> Option<Vec<Sign>> {
    let mut out = Vec::new();
    let mut at = 0;
    while at < terms.len() {
        let term = &terms[at];
        let word = |ahead: usize| terms.get(at + ahead).map_or("", |t| t.token.low.as_str());
        let mut used = 1;
        match &term.token.kind {
            Kind::Int(value) => {
                // `12 -5` reads as a signed number; after an operand it is a subtraction.
                let after_operand = matches!(
                    out.last(),
                    Some(Sign::Number(_) | Sign::Close | Sign::Squared(_))
                );
                if after_operand && *value < 0 {
                    out.push(Sign::Subtract);
                    out.push(Sign::Number(Fraction(-i128::from(*value), 1)));
                } else {
                    out.push(Sign::Number(Fraction(i128::from(*value), 1)));
                }
            }
            Kind::Decimal(digits, places) => {
                out.push(Sign::Number(
                    Fraction::new(i128::from(*digits), 10i128.checked_pow(*places)?).ok()?,
                ));
            }
            Kind::Op(op) => out.push(match op {
                '+' => Sign::Add,
                '-' => Sign::Subtract,
                '*' => Sign::Multiply,
                '/' => Sign::Divide,
                '^' => Sign::Power,
                '(' => Sign::Open,
                ')' => Sign::Close,
                '%' if terms.get(at + 1).is_some_and(|t| t.token.is_number()) => Sign::Modulo,
                '%' => Sign::Percent,
                _ => return None,
            }),
            Kind::Stop => {
                if at + 1 != terms.len() && word(0) == "," {
                    out.push(Sign::And);
                }
            }
            Kind::Word => {
                let (sign, length) = word_sign(&word, &out)?;
                used = length;
                out.extend(sign);
            }
            _ => return None,
        }
        at += used;
    }
    let has_number = out.iter().any(|s| matches!(s, Sign::Number(_)));
    if has_number { Some(out) } else { None }
}

/// The sign of the words from here on (`None` inside where they carry none), and how many they are.
fn word_sign<'t>(
    word: &impl Fn(usize) -> &'t str,
    before: &[Sign],
) -> Option<(Option<Sign>, usize)> {
    let starts = !before.iter().any(|s| matches!(s, Sign::Number(_)));
    let operand = matches!(
        before.last(),
        Some(Sign::Number(_) | Sign::Close | Sign::Squared(_))
    );
    let of_pair = before.iter().any(|s| matches!(s, Sign::Pair(_)));
    let sign = match word(0) {
        "plus" => Some(Sign::Add),
        "minus" => Some(Sign::Subtract),
        "times" | "x" if operand => Some(Sign::Multiply),
        "multiplied" => return Some((Some(Sign::Multiply), if word(1) == "by" { 2 } else { 1 })),
        "divided" => return Some((Some(Sign::Divide), if word(1) == "by" { 2 } else { 1 })),
        "over" if operand => Some(Sign::Divide),
        "mod" | "modulo" => Some(Sign::Modulo),
        "squared" => Some(Sign::Squared(2)),
        "cubed" => Some(Sign::Squared(3)),
        "percent" => return Some((Some(Sign::Percent), 1)),
        "of" => None,
        "square" if word(1) == "root" => {
            return Some((Some(Sign::Root), if word(2) == "of" { 3 } else { 2 }));
        }
        "to" if word(1) == "the" && word(2) == "power" => {
            return Some((Some(Sign::Power), if word(3) == "of" { 4 } else { 3 }));
        }
        "power" => Some(Sign::Power),
        "sum" => Some(Sign::Pair(Operator::Add)),
        "product" => Some(Sign::Pair(Operator::Multiply)),
        "difference" => Some(Sign::Pair(Operator::Subtract)),
        "quotient" => Some(Sign::Pair(Operator::Divide)),
        "remainder" => Some(Sign::Pair(Operator::Modulo)),
        "add" if starts => Some(Sign::Pair(Operator::Add)),
        "multiply" if starts => Some(Sign::Pair(Operator::Multiply)),
        "divide" if starts => Some(Sign::Pair(Operator::Divide)),
        "subtract" if starts => Some(Sign::Pair(Operator::SubtractFrom)),
        "twice" | "double" => Some(Sign::Pair(Operator::Multiply)),
        "and" | "by" | "from" | "to" if of_pair && operand => Some(Sign::And),
        "half" => {
            return Some((
                Some(Sign::Pair(Operator::Divide)),
                if word(1) == "of" { 2 } else { 1 },
            ));
        }
        "does" | "is" | "make" | "makes" | "equal" | "equals" | "be" if !starts => None,
        "between" if of_pair => None,
        other if starts || matches!(other, "please" | "me" | "the" | "a") => lead(other)?,
        _ => return None,
    };
    Some((sign, 1))
}

/// Words that may stand before an expression.
fn lead(word: &str) -> Option<Option<Sign>> {
    const LEAD: &[&str] = &[
        "what",
        "whats",
        "what's",
        "is",
        "how",
        "much",
        "calculate",
        "compute",
        "calc",
        "evaluate",
        "work",
        "out",
        "tell",
        "me",
        "the",
        "value",
        "of",
        "result",
        "please",
        "can",
        "could",
        "you",
        "a",
        "are",
        "does",
        "do",
        "give",
        "for",
        "and",
        "then",
        "also",
        "show",
        "my",
        "now",
        "will",
        "would",
        "answer",
        "to",
        "find",
    ];
    if LEAD.contains(&word) {
        Some(None)
    } else {
        None
    }
}

struct Parser<'a> {
    signs: &'a [Sign],
    at: usize,
    depth: usize,
    open_pairs: Vec<Operator>,
}

impl Parser<'_> {
    fn peek(&self) -> Option<Sign> {
        self.signs.get(self.at).copied()
    }

    fn accept(&mut self, sign: Sign) -> bool {
        let found = self.peek() == Some(sign);
        self.at += usize::from(found);
        found
    }

    fn sum(&mut self) -> Result<Fraction, Fault> {
        let mut value = self.product()?;
        loop {
            if self.accept(Sign::Add) {
                value = value.add(self.product()?)?;
            } else if self.accept(Sign::Subtract) {
                value = value.add(self.product()?.negate())?;
            } else {
                return Ok(value);
            }
        }
    }

    fn product(&mut self) -> Result<Fraction, Fault> {
        let mut value = self.unary()?;
        loop {
            if self.accept(Sign::Multiply) {
                value = value.multiply(self.unary()?)?;
            } else if self.accept(Sign::Divide) {
                value = value.divide(self.unary()?)?;
            } else if self.accept(Sign::Modulo) {
                value = value.modulo(self.unary()?)?;
            } else if matches!(self.peek(), Some(Sign::Percent)) {
                // "20 percent of 50", "20% 50" and a bare "20%".
                self.at += 1;
                value = value.divide(Fraction(100, 1))?;
                if matches!(self.peek(), Some(Sign::Number(_) | Sign::Open)) {
                    value = value.multiply(self.unary()?)?;
                }
            } else {
                return Ok(value);
            }
        }
    }

    fn unary(&mut self) -> Result<Fraction, Fault> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(Fault::Range);
        }
        let value = if self.accept(Sign::Subtract) {
            self.unary()?.negate()
        } else if self.accept(Sign::Root) {
            self.unary()?.root()?
        } else {
            let base = self.operand()?;
            if self.accept(Sign::Power) {
                base.power(self.unary()?)?
            } else {
                base
            }
        };
        self.depth -= 1;
        Ok(value)
    }

    fn operand(&mut self) -> Result<Fraction, Fault> {
        let sign = self.peek().ok_or(Fault::Shape)?;
        self.at += 1;
        let mut value = match sign {
            Sign::Number(value) => value,
            Sign::Open => {
                let value = self.sum()?;
                if !self.accept(Sign::Close) {
                    return Err(Fault::Shape);
                }
                value
            }
            Sign::Pair(operator) => self.pair(operator)?,
            _ => return Err(Fault::Shape),
        };
        while let Some(Sign::Squared(exponent)) = self.peek() {
            self.at += 1;
            value = value.power(Fraction(i128::from(exponent), 1))?;
        }
        Ok(value)
    }

    /// "sum of 1, 2 and 3", "twice 8", "half of 10", "subtract 3 from 10".
    fn pair(&mut self, operator: Operator) -> Result<Fraction, Fault> {
        self.open_pairs.push(operator);
        let mut value = self.sum()?;
        let mut operands = 1;
        while self.accept(Sign::And) {
            while self.accept(Sign::And) {}
            let next = self.sum()?;
            operands += 1;
            value = match operator {
                Operator::Add => value.add(next)?,
                Operator::Subtract => value.add(next.negate())?,
                Operator::SubtractFrom => next.add(value.negate())?,
                Operator::Multiply => value.multiply(next)?,
                Operator::Divide => value.divide(next)?,
                Operator::Modulo => value.modulo(next)?,
            };
        }
        if operands > 1 {
            return Ok(value);
        }
        match operator {
            // "remainder of 10 divided by 3" has parsed the division already: not supported as a pair.
            Operator::Multiply => value.multiply(Fraction(2, 1)),
            Operator::Divide => value.divide(Fraction(2, 1)),
            _ => Err(Fault::Shape),
        }
    }
}

impl Fraction {
    fn new(top: i128, bottom: i128) -> Result<Fraction, Fault> {
        if bottom == 0 {
            return Err(Fault::Zero);
        }
        let divisor = gcd(top.unsigned_abs(), bottom.unsigned_abs()) as i128;
        let divisor = if bottom < 0 { -divisor } else { divisor };
        Ok(Fraction(top / divisor, bottom / divisor))
    }

    fn add(self, other: Fraction) -> Result<Fraction, Fault> {
        let left = self.0.checked_mul(other.1).ok_or(Fault::Range)?;
        let right = other.0.checked_mul(self.1).ok_or(Fault::Range)?;
        let bottom = self.1.checked_mul(other.1).ok_or(Fault::Range)?;
        Fraction::new(left.checked_add(right).ok_or(Fault::Range)?, bottom)?.bounded()
    }

    fn negate(self) -> Fraction {
        Fraction(-self.0, self.1)
    }

    fn multiply(self, other: Fraction) -> Result<Fraction, Fault> {
        let top = self.0.checked_mul(other.0).ok_or(Fault::Range)?;
        let bottom = self.1.checked_mul(other.1).ok_or(Fault::Range)?;
        Fraction::new(top, bottom)?.bounded()
    }

    fn divide(self, other: Fraction) -> Result<Fraction, Fault> {
        if other.0 == 0 {
            return Err(Fault::Zero);
        }
        self.multiply(Fraction::new(other.1, other.0)?)
    }

    fn modulo(self, other: Fraction) -> Result<Fraction, Fault> {
        if self.1 != 1 || other.1 != 1 {
            return Err(Fault::Range);
        }
        self.0
            .checked_rem(other.0)
            .map(|rest| Fraction(rest, 1))
            .ok_or(Fault::Zero)
    }

    fn power(self, exponent: Fraction) -> Result<Fraction, Fault> {
        if exponent.1 != 1 || exponent.0.abs() > EXPONENT_MAX {
            return Err(Fault::Range);
        }
        let mut value = Fraction(1, 1);
        for _ in 0..exponent.0.abs() {
            value = value.multiply(self)?;
        }
        if exponent.0 < 0 {
            Fraction(1, 1).divide(value)
        } else {
            Ok(value)
        }
    }

    /// The square root, exact for squares of fractions; otherwise rounded to nine places.
    fn root(self) -> Result<Fraction, Fault> {
        if self.0 < 0 {
            return Err(Fault::Range);
        }
        let (top, bottom) = (self.0.isqrt(), self.1.isqrt());
        if top * top == self.0 && bottom * bottom == self.1 {
            return Ok(Fraction(top, bottom));
        }
        const PLACES: i128 = 1_000_000_000;
        let scaled = self.0.checked_mul(PLACES * PLACES).ok_or(Fault::Range)? / self.1;
        Fraction::new(scaled.isqrt(), PLACES)
    }

    /// Keeps both parts within 64 bits, so that one more operation cannot overflow 128.
    fn bounded(self) -> Result<Fraction, Fault> {
        let fits = i64::try_from(self.0).is_ok() && i64::try_from(self.1).is_ok();
        if fits { Ok(self) } else { Err(Fault::Range) }
    }

    fn to_value(self) -> Value {
        match (self.1, i64::try_from(self.0)) {
            (1, Ok(whole)) => Value::Int(whole),
            _ => Value::Decimal(self.0 as f64 / self.1 as f64),
        }
    }
}

fn gcd(a: u128, b: u128) -> u128 {
    let (mut a, mut b) = (a, b);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a.max(1)
}

/// Whether a frame looks like arithmetic that did not parse: numbers and operators only, beside a lead.
pub fn is_attempt(frame: &Frame<'_>) -> bool {
    let mut operators = 0;
    for term in frame.terms() {
        match term.token.kind {
            Kind::Op(_) => operators += 1,
            Kind::Int(_) | Kind::Huge | Kind::Decimal(..) | Kind::Stop => {}
            _ if term.class == Class::Filler || lead(&term.token.low).is_some() => {}
            _ => return false,
        }
    }
    operators > 0
}
