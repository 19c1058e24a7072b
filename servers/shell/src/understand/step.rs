//! A step: one intent with the slots that the line stated, and its two spellings.
//!
//! A step carries *what was said*, nothing more. What the vocabulary fills in (a square without a size is 50 × 50) is
//! added by [`super::defaults`] when the step is shown at the prompt or lowered, so that the JSON form stays a faithful
//! record of the line.

use alloc::{
    string::{String, ToString},
    vec::Vec,
};
use core::fmt::Write as _;

use super::intent::Intent;

/// The value of a slot.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A whole number.
    Int(i64),
    /// A number that is not whole; only `calc` has these.
    Decimal(f64),
    /// A word, a colour, a text.
    Text(String),
    /// A yes or no.
    Bool(bool),
    /// Program arguments.
    List(Vec<String>),
}

/// One intent with its stated slots, in the order of [`Intent::slots`].
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    intent: Intent,
    slots: Vec<(&'static str, Value)>,
}

impl Step {
    /// Makes a step without slots.
    pub fn new(intent: Intent) -> Step {
        Step {
            intent,
            slots: Vec::new(),
        }
    }

    /// What it asks for.
    pub fn intent(&self) -> Intent {
        self.intent
    }

    /// The stated slots, in printing order.
    pub fn slots(&self) -> &[(&'static str, Value)] {
        &self.slots
    }

    /// The value of slot `name`, if it was stated.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.slots
            .iter()
            .find(|(slot, _)| *slot == name)
            .map(|(_, value)| value)
    }

    /// The value of slot `name` where it is a whole number.
    pub fn int(&self, name: &str) -> Option<i64> {
        match self.get(name) {
            Some(Value::Int(number)) => Some(*number),
            _ => None,
        }
    }

    /// The value of slot `name` where it is a text.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.get(name) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// Sets slot `name`, replacing an earlier value. A name outside the intent's vocabulary is ignored, so that no
    /// parser can invent a slot; tests assert that none tries.
    pub fn set(&mut self, name: &str, value: Value) {
        let order = self.intent.slots();
        let Some(place) = order.iter().position(|slot| *slot == name) else {
            debug_assert!(false, "{} has no slot {name}", self.intent.name());
            return;
        };
        self.slots.retain(|(slot, _)| *slot != name);
        let rank = |slot: &str| {
            order
                .iter()
                .position(|known| *known == slot)
                .unwrap_or(usize::MAX)
        };
        let index = self
            .slots
            .iter()
            .position(|(slot, _)| rank(slot) > place)
            .unwrap_or(self.slots.len());
        self.slots.insert(index, (order[place], value));
    }

    /// [`Step::set`] in a chain.
    pub fn with(mut self, name: &str, value: Value) -> Step {
        self.set(name, value);
        self
    }

    /// [`Step::with`] for a whole number.
    pub fn with_int(self, name: &str, value: i64) -> Step {
        self.with(name, Value::Int(value))
    }

    /// [`Step::with`] for a text.
    pub fn with_text(self, name: &str, value: &str) -> Step {
        self.with(name, Value::Text(value.to_string()))
    }

    /// Removes slot `name`.
    pub fn unset(&mut self, name: &str) {
        self.slots.retain(|(slot, _)| *slot != name);
    }

    /// Appends the JSON object `{"intent":…,"slots":{…}}`.
    pub fn write_json(&self, out: &mut String) {
        out.push_str("{\"intent\":\"");
        out.push_str(self.intent.name());
        out.push_str("\",\"slots\":{");
        for (i, (name, value)) in self.slots.iter().enumerate() {
            if i > 0 {
                out.push(',');
            }
            write_json_string(name, out);
            out.push(':');
            write_json_value(value, out);
        }
        out.push_str("}}");
    }

    /// Appends `draw.rect x=100 y=100 …`: the form shown at the prompt. Values with spaces or quotes are quoted.
    pub fn write_words(&self, out: &mut String) {
        out.push_str(self.intent.name());
        for (name, value) in &self.slots {
            out.push(' ');
            out.push_str(name);
            out.push('=');
            match value {
                Value::Text(text) => write_word(text, out),
                Value::List(list) => write_word(&list.join(" "), out),
                other => write_plain(other, out),
            }
        }
    }
}

/// Appends `text`, quoted where a reader that splits at spaces would otherwise lose its end.
pub fn write_word(text: &str, out: &mut String) {
    let bare = !text.is_empty()
        && text
            .chars()
            .all(|c| !c.is_whitespace() && !c.is_control() && c != '"' && c != '\\');
    if bare {
        out.push_str(text);
    } else {
        write_json_string(text, out);
    }
}

fn write_plain(value: &Value, out: &mut String) {
    // Writing to a `String` cannot fail.
    let _ = match value {
        Value::Int(number) => write!(out, "{number}"),
        Value::Decimal(number) => write!(out, "{number}"),
        Value::Bool(flag) => write!(out, "{flag}"),
        Value::Text(text) => write!(out, "{text}"),
        Value::List(list) => write!(out, "{}", list.join(" ")),
    };
}

fn write_json_value(value: &Value, out: &mut String) {
    match value {
        Value::Text(text) => write_json_string(text, out),
        Value::List(list) => {
            out.push('[');
            for (i, item) in list.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write_json_string(item, out);
            }
            out.push(']');
        }
        other => write_plain(other, out),
    }
}

/// Appends `text` as a JSON string (RFC 8259, 7).
pub fn write_json_string(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if (c as u32) < 0x20 || c as u32 == 0x7f => {
                // Writing to a `String` cannot fail.
                let _ = write!(out, "\\u{:04x}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_print_in_table_order_whatever_the_order_of_setting() {
        let step = Step::new(Intent::DrawRect)
            .with_text("color", "red")
            .with_int("y", 2)
            .with_int("x", 1);
        let mut words = String::new();
        step.write_words(&mut words);
        assert_eq!(words, "draw.rect x=1 y=2 color=red");
    }

    #[test]
    fn values_with_spaces_and_quotes_are_quoted() {
        let step = Step::new(Intent::DrawText).with_text("text", "say \"hi\"");
        let mut words = String::new();
        step.write_words(&mut words);
        assert_eq!(words, "draw.text text=\"say \\\"hi\\\"\"");
    }

    #[test]
    fn json_escapes_control_characters() {
        let mut out = String::new();
        write_json_string("a\u{1}\n", &mut out);
        assert_eq!(out, "\"a\\u0001\\n\"");
    }
}
