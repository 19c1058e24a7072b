//! From understood steps to commands, so that plain language and exact commands end in one place.

use alloc::{
    boxed::Box,
    string::{String, ToString},
    vec::Vec,
};

use super::{Command, Content, Evolve, Fault, Heal, Infer, Window};
use crate::understand::{Intent, Step, Value};

/// The command that does `step`; `None` for `draw.*` and `calc`, which are lowered to NDA, and for a step whose needed
/// slots are not there, which the grammar never makes but a model may.
pub fn step_to_command(step: &Step) -> Option<Command> {
    let text = |slot: &str| step.text(slot).map(ToString::to_string);
    let int = |slot: &str| step.int(slot).and_then(|value| i32::try_from(value).ok());
    let pair = |x: &str, y: &str| int(x).zip(int(y));
    Some(match step.intent() {
        Intent::DrawRect
        | Intent::DrawCircle
        | Intent::DrawLine
        | Intent::DrawTriangle
        | Intent::DrawPixel
        | Intent::DrawText
        | Intent::DrawClear
        | Intent::Calc => return None,
        Intent::WinOpen => Command::Window(Window::Open {
            title: text("title"),
            at: pair("x", "y"),
            size: pair("w", "h"),
        }),
        Intent::WinClose => Command::Window(Window::Close(text("target")?)),
        Intent::WinMove => pair("x", "y")
            .zip(text("target"))
            .map(|((x, y), t)| Command::Window(Window::Move(t, x, y)))?,
        Intent::WinResize => pair("w", "h")
            .zip(text("target"))
            .map(|((w, h), t)| Command::Window(Window::Resize(t, w, h)))?,
        Intent::WinFocus => Command::Window(Window::Focus(text("target")?)),
        Intent::WinList => Command::Window(Window::List),
        Intent::SrvList => Command::Ps,
        Intent::SrvStatus => Command::Status(text("name")?),
        Intent::SrvRestart => Command::Restart(text("name")?),
        Intent::SrvKill => Command::Kill(text("name")?),
        Intent::SrvCrash => Command::Crash(text("name")?, fault(step)?),
        Intent::SrvCaps => Command::Caps(text("name")?),
        Intent::SrvLog => Command::Log(text("name")?),
        Intent::SysMem => Command::Mem(text("name")),
        Intent::SysDisk => Command::Disk,
        Intent::SysCpu => Command::Cpu(step.int("core").and_then(|core| u32::try_from(core).ok())),
        Intent::SysTop => Command::Top,
        Intent::SysTrace => Command::Trace(None),
        Intent::SysVersion => Command::Version,
        Intent::SysHelp => Command::Help(text("topic")),
        Intent::SysRoot => Command::Root,
        Intent::SysAudit => Command::AuditCode,
        Intent::SysPoweroff => Command::Poweroff,
        Intent::SysReboot => Command::Reboot,
        Intent::ModList => Command::Modules,
        Intent::ModStore => Command::Store(match text("text") {
            Some(text) => Content::Text(text),
            None => Content::File(text("file")?),
        }),
        Intent::ModFetch => Command::Fetch(text("hash")?),
        Intent::ModImport => Command::Import(text("hash")?),
        Intent::ModPages => Command::Pages(text("hash")?),
        Intent::ModRun => {
            let run = Command::Run {
                target: text("target")?,
                args: list(step, "args"),
            };
            if step.get("timed") == Some(&Value::Bool(true)) {
                Command::Time(Box::new(run))
            } else {
                run
            }
        }
        Intent::EvoStatus => Command::Evolve(Evolve::Status),
        Intent::EvoLog => Command::Evolve(Evolve::Log),
        Intent::EvoFreeze => Command::Evolve(Evolve::Freeze),
        Intent::EvoThaw => Command::Evolve(Evolve::Thaw),
        Intent::EvoNow => Command::Evolve(Evolve::Now(text("hash")?)),
        Intent::EvoRollback => Command::Evolve(Evolve::Rollback(text("hash")?)),
        Intent::HealStatus => Command::Heal(Heal::Status),
        Intent::HealScrub => Command::Heal(Heal::Scrub),
        Intent::AiStatus => Command::Infer(Infer::Status),
        Intent::AiBench => Command::Infer(Infer::Bench),
        Intent::AiAttach => Command::Infer(Infer::Attach(text("model")?)),
        Intent::AiAsk => Command::Infer(Infer::Ask(text("text")?)),
        Intent::NetPeers => Command::Peers,
        Intent::NetPeerAdd => Command::PeerAdd(text("addr")?),
    })
}

/// The stated fault, [`Fault::Null`] if none is.
fn fault(step: &Step) -> Option<Fault> {
    step.text("fault")
        .map_or(Some(Fault::Null), Fault::from_name)
}

fn list(step: &Step, slot: &str) -> Vec<String> {
    match step.get(slot) {
        Some(Value::List(items)) => items.clone(),
        _ => Vec::new(),
    }
}
