//! QMP, QEMU's control connection: one JSON object a line, answers carry the request's `id`, events come in between.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::sync::mpsc::Sender;
use std::thread;

use serde_json::{Value, json};

use crate::failure::Failure;
use crate::machine::Event;

/// The sending half. What arrives goes into the machine's event queue.
#[derive(Debug)]
pub struct Qmp {
    stream: UnixStream,
    next_id: u64,
}

impl Qmp {
    /// Takes over a connection that QEMU has just opened, and leaves negotiation mode.
    pub fn start(stream: UnixStream, events: Sender<Event>) -> Result<Self, Failure> {
        let failure = |error| Failure::new("cannot use the control connection to QEMU", error);
        let reader = BufReader::new(stream.try_clone().map_err(failure)?);
        thread::spawn(move || {
            for line in reader.lines().map_while(Result::ok) {
                let Ok(message) = serde_json::from_str(&line) else {
                    continue;
                };
                if events.send(Event::Qmp(message)).is_err() {
                    break;
                }
            }
        });
        let mut qmp = Self { stream, next_id: 0 };
        qmp.send(json!({"execute": "qmp_capabilities"}))?;
        Ok(qmp)
    }

    /// Sends a command object and returns the `id` that its answer will carry.
    pub fn send(&mut self, mut command: Value) -> Result<u64, Failure> {
        let id = self.next_id;
        self.next_id += 1;
        if let Some(object) = command.as_object_mut() {
            object.insert("id".into(), json!(id));
        }
        writeln!(self.stream, "{command}")
            .map_err(|error| Failure::new("cannot send a command to QEMU", error))?;
        Ok(id)
    }
}

/// The result of the command `id`, if `message` is its answer: the returned value, or QEMU's description of the error.
pub fn answer(message: &Value, id: u64) -> Option<Result<Value, String>> {
    if message.get("id").and_then(Value::as_u64) != Some(id) {
        return None;
    }
    match message.get("error") {
        None => Some(Ok(message.get("return").cloned().unwrap_or(Value::Null))),
        Some(error) => {
            let text = error
                .get("desc")
                .and_then(Value::as_str)
                .unwrap_or("unknown error");
            Some(Err(text.to_string()))
        }
    }
}
