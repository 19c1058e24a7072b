//! Number literals of the text form.

use alloc::string::String;

use crate::types::{Type, Value};

/// Reads a literal with its optional type suffix.
pub(super) fn value(text: &str) -> Option<Value> {
    let (number, ty) = match text.split_once(':') {
        Some((number, ty)) => (number, Some(Type::from_name(ty)?)),
        None => (text, None),
    };
    if let Some(bits) = number.strip_prefix('#') {
        let bits = u64::from_str_radix(bits.trim_start_matches('+'), 16).ok()?;
        return match ty? {
            Type::F32 => Some(Value::F32(f32::from_bits(u32::try_from(bits).ok()?))),
            Type::F64 => Some(Value::F64(f64::from_bits(bits))),
            Type::I32 | Type::I64 | Type::V128 => None,
        };
    }
    let is_hex = number.contains("0x");
    let has_point = !is_hex && number.contains(['.', 'e', 'E']);
    match ty.unwrap_or(if has_point { Type::F64 } else { Type::I32 }) {
        Type::I32 => {
            let wide = integer(number)?;
            // Both spellings of a bit pattern are welcome: -1 and 0xffffffff.
            let fits =
                (i64::from(i32::MIN)..=i64::from(u32::MAX)).contains(&i64::try_from(wide).ok()?);
            fits.then_some(Value::I32(wide as i32))
        }
        Type::I64 => {
            let wide = integer(number)?;
            let fits = (i128::from(i64::MIN)..=i128::from(u64::MAX)).contains(&wide);
            fits.then_some(Value::I64(wide as i64))
        }
        Type::F32 => Some(Value::F32(decimal(number)?.parse().ok()?)),
        Type::F64 => Some(Value::F64(decimal(number)?.parse().ok()?)),
        Type::V128 => None,
    }
}

/// Reads an integer without suffix that fits `u32`: an index, an offset, a count.
pub(super) fn index(text: &str) -> Option<u32> {
    u32::try_from(integer(text)?).ok()
}

fn integer(text: &str) -> Option<i128> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let (digits, radix) = match digits.strip_prefix("0x") {
        Some(digits) => (digits, 16),
        None => (digits, 10),
    };
    let mut value: Option<i128> = None;
    for digit in digits.chars().filter(|digit| *digit != '_') {
        let digit = i128::from(digit.to_digit(radix)?);
        let before = value.unwrap_or(0);
        value = Some(before.checked_mul(radix.into())?.checked_add(digit)?);
    }
    value.map(|value| if negative { -value } else { value })
}

/// A decimal float as `core` reads it: no words for infinity or NaN, and no result that overflowed to infinity unseen.
fn decimal(text: &str) -> Option<String> {
    let plain = |c: char| c.is_ascii_digit() || "+-.eE_".contains(c);
    text.chars()
        .all(plain)
        .then(|| text.chars().filter(|c| *c != '_').collect())
}
