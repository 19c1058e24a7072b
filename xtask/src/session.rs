//! A conversation with a machine's shell: waits for the prompt, types, takes the answer, and notices when the machine
//! dies instead of answering.

use std::process::ExitStatus;
use std::thread;
use std::time::{Duration, Instant};

use protocol::service::PROMPT;
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::machine::{Event, Machine};
use crate::screen;
use crate::script::{self, Action, Step};
use crate::terminal::Terminal;

/// What a kernel panic and a loader's refusal look like on the serial line: nothing comes after them.
const FATAL: &[&str] = &["loader: error:", "kernel panic"];
/// How long the rest of a panic report may take to arrive.
const REPORT_REST: Duration = Duration::from_millis(500);

/// A machine with its terminal.
pub struct Session<'o> {
    machine: Machine,
    terminal: Terminal,
    deadline: Option<(Instant, u64)>,
    /// Lines of the terminal that the output has taken.
    shown: usize,
    output: &'o mut dyn FnMut(&str),
    /// Whether the shell has been seen: firmware's messages before that are not shown.
    is_loader_seen: bool,
    answer: Vec<String>,
    resets: u32,
}

/// How waiting for the prompt ended.
enum Outcome {
    Prompt,
    Exited(ExitStatus),
}

impl<'o> Session<'o> {
    /// Takes a machine that has just been started. `output` gets the transcript, a line at a time.
    pub fn new(machine: Machine, timeout_s: Option<u64>, output: &'o mut dyn FnMut(&str)) -> Self {
        let deadline =
            timeout_s.map(|seconds| (Instant::now() + Duration::from_secs(seconds), seconds));
        Self {
            machine,
            terminal: Terminal::default(),
            deadline,
            shown: 0,
            output,
            is_loader_seen: false,
            answer: Vec::new(),
            resets: 0,
        }
    }

    /// Waits until the shell is ready for the first line.
    pub fn boot(&mut self) -> Result<(), Failure> {
        match self.wait_for_prompt(0, "the shell's first prompt")? {
            Outcome::Prompt if self.resets == 0 => Ok(()),
            Outcome::Prompt => Err(self.died("the machine reset itself while it was starting")),
            Outcome::Exited(status) if status.success() => {
                Err(self.died("the machine powered itself off while it was starting"))
            }
            Outcome::Exited(_) => Err(self.machine.exit_failure()),
        }
    }

    /// Runs a script. Each failed line is given to `failed`; the result is how many there were.
    ///
    /// Errors: the machine is dead or out of time, so that the rest cannot be run.
    pub fn run(
        &mut self,
        steps: &[Step],
        failed: &mut dyn FnMut(&Step, &str),
    ) -> Result<usize, Failure> {
        let mut failures = 0;
        let mut expects_refusal = false;
        let mut is_off = false;
        for step in steps {
            if is_off {
                failed(step, "the machine is off");
                failures += 1;
                continue;
            }
            let result = match &step.action {
                Action::Fail => {
                    expects_refusal = true;
                    continue;
                }
                Action::Type(line) => {
                    let expects_refusal = std::mem::take(&mut expects_refusal);
                    self.command(step, line, expects_refusal, &mut is_off)?
                }
                other => self.directive(step, other)?,
            };
            if let Err(why) = result {
                failed(step, &why);
                failures += 1;
            }
        }
        Ok(failures)
    }

    /// Ends the machine and says where its logs are.
    pub fn end(self) -> std::path::PathBuf {
        let run = self.machine.run_dir().to_path_buf();
        self.machine.stop();
        run
    }

    /// Types a line and judges the answer. The outer error ends the script.
    fn command(
        &mut self,
        step: &Step,
        line: &[u8],
        expects_refusal: bool,
        is_off: &mut bool,
    ) -> Result<Result<(), String>, Failure> {
        let resets = self.resets;
        let before = self.terminal.finished().len();
        let mut bytes = line.to_vec();
        // What the Enter key sends.
        bytes.push(b'\r');
        self.machine
            .write(&bytes, self.deadline.map(|(deadline, _)| deadline))?;
        let outcome = self.wait_for_prompt(
            before + 1,
            &format!("the answer to line {} {:?}", step.number, step.text),
        )?;
        self.take_answer(before);
        let names = |what: &str| {
            step.text.trim_start().starts_with(what)
                || self
                    .answer
                    .iter()
                    .any(|line| line.contains(&format!("intent sys.{what}")))
        };
        match outcome {
            Outcome::Exited(status) if status.success() && names("poweroff") => {
                *is_off = true;
                return Ok(Ok(()));
            }
            Outcome::Exited(status) => {
                let what = format!(
                    "the machine ended at line {} {:?} ({status})",
                    step.number, step.text
                );
                return Err(self.died(&what));
            }
            Outcome::Prompt => {}
        }
        if self.resets != resets && !names("reboot") {
            return Ok(Err("the machine reset itself".to_string()));
        }
        let is_refused = script::is_refusal(&self.answer);
        Ok(match (is_refused, expects_refusal) {
            (true, false) => {
                let refusal = self
                    .answer
                    .iter()
                    .find(|line| script::is_refusal(std::slice::from_ref(line)));
                Err(format!(
                    "the answer was {:?}",
                    refusal.map_or("", String::as_str)
                ))
            }
            (false, true) => Err("it should have been refused, and was not".to_string()),
            _ => Ok(()),
        })
    }

    fn directive(&mut self, step: &Step, action: &Action) -> Result<Result<(), String>, Failure> {
        (self.output)(&step.text);
        Ok(match action {
            Action::Type(_) | Action::Fail => Ok(()),
            Action::Screenshot(path) => {
                let picture = self.machine.picture()?;
                picture
                    .write_png(path)
                    .map_err(|failure| failure.to_string())
            }
            Action::ExpectPixel { x, y, color } => {
                let picture = self.machine.picture()?;
                match picture.pixel(*x, *y) {
                    Some(found) if found == *color => Ok(()),
                    Some([red, green, blue]) => {
                        Err(format!("the pixel is #{red:02x}{green:02x}{blue:02x}"))
                    }
                    None => Err(format!(
                        "the screen is {}×{}",
                        picture.width, picture.height
                    )),
                }
            }
            Action::Key(presses) => self.send_all(presses)?,
            Action::Mouse { x, y, click } => {
                let picture = self.machine.picture()?;
                let mut events = vec![screen::move_pointer(*x, *y, picture.width, picture.height)];
                if *click {
                    events.extend([screen::button(true), screen::button(false)]);
                }
                self.send_all(&events)?
            }
            Action::Expect(regex) => {
                let text = self.answer.join("\n");
                if regex.is_match(&text) {
                    Ok(())
                } else {
                    Err(format!("the last answer does not match; it was:\n{text}"))
                }
            }
            Action::Sleep(time) => {
                self.listen_for(*time)?;
                Ok(())
            }
            Action::Qmp(command) => match self.machine.control(command.clone())? {
                Ok(value) => {
                    (self.output)(&value.to_string());
                    Ok(())
                }
                Err(why) => Err(format!("QEMU refuses: {why}")),
            },
            Action::Reset => self.reset()?,
        })
    }

    fn send_all(&mut self, commands: &[Value]) -> Result<Result<(), String>, Failure> {
        for command in commands {
            if let Err(why) = self.machine.control(command.clone())? {
                return Ok(Err(format!("QEMU refuses: {why}")));
            }
            // A key is held for 100 ms by default; a pressed button must last long enough to be seen.
            self.listen_for(Duration::from_millis(120))?;
        }
        Ok(Ok(()))
    }

    fn reset(&mut self) -> Result<Result<(), String>, Failure> {
        let before = self.terminal.finished().len();
        if let Err(why) = self.machine.control(json!({"execute": "system_reset"}))? {
            return Ok(Err(format!("QEMU refuses: {why}")));
        }
        self.is_loader_seen = false;
        // The line that the prompt was on ends first.
        match self.wait_for_prompt(before + 1, "the prompt after the reset")? {
            Outcome::Prompt => Ok(Ok(())),
            Outcome::Exited(status) => {
                Err(self.died(&format!("the machine ended after the reset ({status})")))
            }
        }
    }

    /// Waits until the prompt stands alone on its line and at least `lines` lines are complete.
    fn wait_for_prompt(&mut self, lines: usize, what: &str) -> Result<Outcome, Failure> {
        loop {
            self.show();
            let is_ready = self.terminal.finished().len() >= lines
                && self.terminal.current() == PROMPT.trim_end();
            if is_ready {
                return Ok(Outcome::Prompt);
            }
            if let Some(line) = self.fatal_line() {
                let end = Instant::now() + REPORT_REST;
                while let Some(event @ Event::Serial(_)) = self.machine.next_event(Some(end)) {
                    self.take(&event);
                }
                self.show();
                return Err(self.died(&line));
            }
            match self
                .machine
                .next_event(self.deadline.map(|(deadline, _)| deadline))
            {
                Some(Event::Exited(status)) => {
                    self.show();
                    return Ok(Outcome::Exited(status));
                }
                Some(event) => self.take(&event),
                None => {
                    let seconds = self.deadline.map_or(0, |(_, seconds)| seconds);
                    self.show_current();
                    return Err(Failure::TimedOut {
                        what: what.to_string(),
                        seconds,
                    });
                }
            }
        }
    }

    /// Takes what comes within `time`.
    fn listen_for(&mut self, time: Duration) -> Result<(), Failure> {
        let end = Instant::now() + time;
        while let Some(event) = self.machine.next_event(Some(end)) {
            if let Event::Exited(status) = event {
                return Err(self.died(&format!("the machine ended ({status})")));
            }
            self.take(&event);
            self.show();
        }
        if let Some((_, seconds)) = self
            .deadline
            .filter(|(deadline, _)| Instant::now() >= *deadline)
        {
            return Err(Failure::TimedOut {
                what: "a pause in the script".to_string(),
                seconds,
            });
        }
        thread::yield_now();
        Ok(())
    }

    fn take(&mut self, event: &Event) {
        match event {
            Event::Serial(bytes) => self.terminal.feed(bytes),
            Event::Qmp(message) => {
                let is_reset = message.get("event").and_then(Value::as_str) == Some("RESET");
                let by_guest = message.pointer("/data/guest").and_then(Value::as_bool);
                if is_reset && by_guest == Some(true) {
                    self.resets += 1;
                    self.is_loader_seen = false;
                }
            }
            Event::Exited(_) => {}
        }
    }

    /// Gives complete lines to the output, from the loader's first on.
    fn show(&mut self) {
        for line in &self.terminal.finished()[self.shown..] {
            self.is_loader_seen |= line.starts_with("loader:");
            if self.is_loader_seen {
                (self.output)(line);
            }
        }
        self.shown = self.terminal.finished().len();
    }

    fn show_current(&mut self) {
        let line = self.terminal.current();
        if !line.is_empty() {
            (self.output)(&line);
        }
    }

    fn fatal_line(&self) -> Option<String> {
        let recent =
            &self.terminal.finished()[self.terminal.finished().len().saturating_sub(200)..];
        let is_fatal = |line: &&String| FATAL.iter().any(|mark| line.contains(mark));
        recent.iter().rev().find(is_fatal).cloned()
    }

    /// Keeps the lines between the typed one, which the shell echoes, and the prompt.
    fn take_answer(&mut self, before: usize) {
        self.answer = self.terminal.finished()[before + 1..].to_vec();
    }

    fn died(&mut self, what: &str) -> Failure {
        self.show_current();
        Failure::new(
            what,
            format!("logs are in {}", self.machine.run_dir().display()),
        )
    }
}
