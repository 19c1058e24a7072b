//! Scripts: what to type at the shell, and what must come of it.
//!
//! A line is typed at the prompt unless it starts with `!`. Directives:
//!
//! ```text
//! !screenshot FILE.png        saves the screen
//! !expect-pixel X Y #rrggbb   the screen shows this colour there
//! !key KEYS                   presses keys: names or chords (`ret`, `ctrl-c`), other words letter by letter
//! !mouse X Y [click]          moves the pointer, and clicks the left button
//! !expect REGEX               the last answer matches
//! !fail                       the next command must be refused
//! !sleep S                    waits S seconds
//! !qmp JSON                   sends a command to QEMU's control connection
//! !reset                      power-cycles the machine without notice
//! ```
//!
//! In scenario files, lines that start with `#` are comments, and `#!` lines say what machine to use.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use regex_lite::Regex;
use serde_json::Value;

/// One line of a script.
#[derive(Clone, Debug)]
pub struct Step {
    /// Its number in the file, from 1.
    pub number: usize,
    /// The line as it was written, for messages.
    pub text: String,
    /// What it means.
    pub action: Action,
}

/// What a line of a script means.
#[derive(Clone, Debug)]
pub enum Action {
    /// Types the bytes and waits for the answer.
    Type(Vec<u8>),
    /// Saves the screen.
    Screenshot(PathBuf),
    /// Compares a pixel.
    ExpectPixel {
        /// Column.
        x: u32,
        /// Line.
        y: u32,
        /// Red, green, blue.
        color: [u8; 3],
    },
    /// Presses keys.
    Key(Vec<Value>),
    /// Moves the pointer.
    Mouse {
        /// Column.
        x: u32,
        /// Line.
        y: u32,
        /// Whether to press and release the left button there.
        click: bool,
    },
    /// Compares the last answer.
    Expect(Regex),
    /// Turns the next command's success around.
    Fail,
    /// Waits.
    Sleep(Duration),
    /// Sends a control command.
    Qmp(Value),
    /// Power-cycles the machine.
    Reset,
}

/// A line that cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// Its number, from 1.
    pub number: usize,
    /// The line.
    pub text: String,
    /// What is wrong with it.
    pub reason: String,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {} {:?}: {}", self.number, self.text, self.reason)
    }
}

/// Reads a script. Commands may contain any bytes, directives are text. Empty lines are skipped.
pub fn parse(bytes: &[u8]) -> Result<Vec<Step>, ParseError> {
    let mut steps = Vec::new();
    for (index, line) in bytes.split(|&byte| byte == b'\n').enumerate() {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let number = index + 1;
        let text = String::from_utf8_lossy(line).into_owned();
        let action = match line {
            [b'!', ..] => directive(&text).map_err(|reason| ParseError {
                number,
                text: text.clone(),
                reason,
            })?,
            _ => Action::Type(line.to_vec()),
        };
        steps.push(Step {
            number,
            text,
            action,
        });
    }
    Ok(steps)
}

fn directive(line: &str) -> Result<Action, String> {
    let (name, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let rest = rest.trim();
    let words: Vec<&str> = rest.split_whitespace().collect();
    match (name, &words[..]) {
        ("!screenshot", [_, ..]) => Ok(Action::Screenshot(PathBuf::from(rest))),
        ("!expect-pixel", [x, y, color]) => Ok(Action::ExpectPixel {
            x: number(x)?,
            y: number(y)?,
            color: self::color(color)?,
        }),
        ("!key", [_, ..]) => crate::screen::keys(rest).map(Action::Key),
        ("!mouse", [x, y]) => Ok(Action::Mouse {
            x: number(x)?,
            y: number(y)?,
            click: false,
        }),
        ("!mouse", [x, y, "click"]) => Ok(Action::Mouse {
            x: number(x)?,
            y: number(y)?,
            click: true,
        }),
        ("!expect", [_, ..]) => {
            // Answers have several lines: `^` and `$` mean a line's ends.
            Regex::new(&format!("(?m){rest}"))
                .map(Action::Expect)
                .map_err(|error| error.to_string())
        }
        ("!fail", []) => Ok(Action::Fail),
        ("!sleep", [seconds]) => seconds
            .parse()
            .ok()
            .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
            .map(Action::Sleep)
            .ok_or_else(|| format!("{seconds:?} is not a number of seconds")),
        ("!qmp", [_, ..]) => match serde_json::from_str::<Value>(rest) {
            Ok(command) if command.is_object() => Ok(Action::Qmp(command)),
            Ok(_) => Err("a QMP command is a JSON object".into()),
            Err(error) => Err(error.to_string()),
        },
        ("!reset", []) => Ok(Action::Reset),
        (
            "!screenshot" | "!expect-pixel" | "!key" | "!mouse" | "!expect" | "!fail" | "!sleep"
            | "!qmp" | "!reset",
            _,
        ) => Err(format!("wrong arguments for {name}")),
        _ => Err(format!("there is no directive {name}")),
    }
}

fn number(word: &str) -> Result<u32, String> {
    word.parse()
        .map_err(|_| format!("{word:?} is not a pixel coordinate"))
}

fn color(word: &str) -> Result<[u8; 3], String> {
    let digits = word.strip_prefix('#').filter(|digits| digits.len() == 6);
    let value = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
    let [_, red, green, blue] = value
        .ok_or_else(|| format!("{word:?} is not a colour like #ff8000"))?
        .to_be_bytes();
    Ok([red, green, blue])
}

/// Whether an answer says that the command was not done.
///
/// These are the first words that the shell's answers have in that case (the contract in `docs/`).
pub fn is_refusal(answer: &[String]) -> bool {
    answer.iter().any(|line| {
        let first = line.split_whitespace().next().unwrap_or_default();
        matches!(first, "refuse" | "error" | "ask" | "unknown")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn actions(script: &str) -> Vec<Action> {
        let steps = parse(script.as_bytes()).expect("script");
        steps.into_iter().map(|step| step.action).collect()
    }

    #[test]
    fn every_directive_is_understood() {
        let script = "!screenshot /tmp/a b.png\n!expect-pixel 1 2 #ff8000\n!key ctrl-c\n\
                      !mouse 3 4 click\n!expect ^ok \n!fail\n!sleep 0.5\n\
                      !qmp {\"execute\":\"stop\"}\n!reset\nps";
        let actions = actions(script);
        assert_eq!(actions.len(), 10);
        assert!(matches!(&actions[0], Action::Screenshot(path) if path.ends_with("a b.png")));
        assert!(matches!(
            actions[1],
            Action::ExpectPixel {
                x: 1,
                y: 2,
                color: [0xff, 0x80, 0]
            }
        ));
        assert!(matches!(
            actions[3],
            Action::Mouse {
                x: 3,
                y: 4,
                click: true
            }
        ));
        assert!(matches!(actions[6], Action::Sleep(time) if time.as_millis() == 500));
        assert!(matches!(&actions[9], Action::Type(line) if line == b"ps"));
    }

    #[test]
    fn mistakes_name_the_line() {
        for bad in [
            "!nothing",
            "!expect",
            "!expect (",
            "!mouse 1",
            "!mouse -1 2",
            "!sleep soon",
            "!sleep -1",
            "!qmp 5",
            "!qmp {",
            "!fail now",
            "!expect-pixel 1 2 red",
            "!key größe",
        ] {
            let error = parse(format!("ps\n\n{bad}\n").as_bytes()).expect_err(bad);
            assert_eq!((error.number, error.text.as_str()), (3, bad));
        }
    }

    #[test]
    fn commands_keep_every_byte() {
        let steps = parse(b"draw \xff\x00\x1b[A\r\n").expect("script");
        assert!(matches!(&steps[0].action, Action::Type(line) if line == b"draw \xff\x00\x1b[A"));
    }

    #[test]
    fn expectations_match_within_lines() {
        let Action::Expect(regex) = &actions("!expect ^ok hash=\\w+$")[0] else {
            panic!("regex")
        };
        assert!(regex.is_match("intent x\nok hash=ab12\nmore"));
    }

    #[test]
    fn refusals_are_known_by_their_first_word() {
        let refused = |line: &str| is_refusal(&[line.to_string()]);
        assert!(refused("refuse out of scope"));
        assert!(refused("ask which server?"));
        assert!(!refused("refused=0 total=5"));
        assert!(!refused("ok no error"));
        assert!(!refused(""));
    }
}
