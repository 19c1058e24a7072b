//! `cargo xtask qemu`: builds, boots, and connects this terminal (or a script) to the shell.

use std::fs;
use std::io::{self, IsTerminal, Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread;

use clap::{Args, ValueEnum};
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};

use crate::build::{self, System};
use crate::failure::Failure;
use crate::machine::{Config, Event, Machine};
use crate::progress::Progress;
use crate::script::{self, Step};
use crate::session::Session;
use crate::toolchain::{self, Accel};
use crate::workspace;

/// Seconds that a script may take where nothing else is said.
const SCRIPT_TIMEOUT_S: u64 = 300;
/// Ctrl-A, the key that starts a command to this program in the interactive mode.
const ESCAPE: u8 = 1;

/// Options of `qemu`.
#[derive(Args)]
pub struct Options {
    /// Opens no window.
    #[arg(long)]
    headless: bool,
    /// Types the lines of FILE (`-`: standard input) at the prompt, then ends the machine.
    #[arg(long, value_name = "FILE")]
    script: Option<PathBuf>,
    /// Keeps the data disk in FILE between runs.
    #[arg(long, value_name = "FILE")]
    disk: Option<PathBuf>,
    /// Boots FILE, made by `cargo xtask image`, and builds nothing.
    #[arg(long, value_name = "FILE")]
    image: Option<PathBuf>,
    /// Cores.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=255))]
    smp: u32,
    /// Memory in MiB.
    #[arg(long, default_value_t = 512, value_name = "MB", value_parser = clap::value_parser!(u32).range(64..))]
    mem: u32,
    /// Runs on one thread, so that the TSC counts guest instructions.
    #[arg(long)]
    icount: bool,
    /// Waits for gdb, and prints the line that attaches it.
    #[arg(long)]
    gdb: bool,
    /// Ends with status 124 after S seconds (with a script: 300 if not given).
    #[arg(long, value_name = "S")]
    timeout: Option<u64>,
    /// Forces KVM or TCG.
    #[arg(long)]
    accel: Option<AccelChoice>,
}

/// A way to make the processor.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum AccelChoice {
    Kvm,
    Tcg,
}

/// Builds, boots and talks.
pub fn run(options: &Options, progress: &Progress) -> Result<ExitCode, Failure> {
    // A mistake in the script is told before anything is built.
    let steps = options.script.as_ref().map(read_script).transpose()?;
    let firmware = toolchain::ensure_emulator(progress)?;
    let system = match options.image {
        Some(_) => None,
        None => {
            toolchain::ensure_build(progress)?;
            Some(build::system(progress)?)
        }
    };
    let image = match (&options.image, &system) {
        (None, Some(system)) => write_image(system)?,
        (image, _) => image.clone().unwrap_or_default(),
    };

    let accel = match options.accel {
        Some(AccelChoice::Kvm) => Accel::Kvm,
        Some(AccelChoice::Tcg) => Accel::Tcg,
        None => toolchain::probe_accel(),
    };
    if options.accel.is_none() && accel == Accel::Tcg {
        progress.note("no usable KVM here: emulating the processor (TCG)");
    }
    let has_screen = std::env::var_os("DISPLAY").is_some()
        || std::env::var_os("WAYLAND_DISPLAY").is_some()
        || cfg!(target_os = "macos");
    let config = Config {
        smp: options.smp,
        mem_mib: options.mem,
        accel,
        icount: options.icount,
        window: !options.headless && has_screen,
        gdb: options.gdb,
        disk: options.disk.clone(),
    };
    let machine = Machine::start(&config, &firmware, &image)?;
    progress.note(&format!("logs: {}", machine.run_dir().display()));
    if options.gdb {
        eprintln!("{}", gdb_line(system.as_ref(), &machine));
    }
    match steps {
        Some(steps) => run_script(machine, &steps, options.timeout.unwrap_or(SCRIPT_TIMEOUT_S)),
        None => interact(machine, options.timeout),
    }
}

/// Writes the image that all machines of this build share.
pub fn write_image(system: &System) -> Result<PathBuf, Failure> {
    let dir = workspace::target().join("image");
    fs::create_dir_all(&dir).map_err(|error| Failure::file("create", &dir, error))?;
    let path = dir.join("velocity.img");
    // Machines that still run keep the old file.
    let new = dir.join(format!("velocity.img.{}", std::process::id()));
    system.write_image(&new, 0)?;
    fs::rename(&new, &path).map_err(|error| Failure::file("rename", &new, error))?;
    Ok(path)
}

fn read_script(path: &PathBuf) -> Result<Vec<Step>, Failure> {
    let mut bytes = Vec::new();
    let read = if path.as_os_str() == "-" {
        io::stdin().lock().read_to_end(&mut bytes)
    } else {
        fs::File::open(path).and_then(|mut file| file.read_to_end(&mut bytes))
    };
    read.map_err(|error| Failure::file("read the script", path, error))?;
    script::parse(&bytes).map_err(|error| Failure::file("use the script", path, error))
}

fn run_script(machine: Machine, steps: &[Step], timeout_s: u64) -> Result<ExitCode, Failure> {
    let mut output = |line: &str| {
        // A reader that has gone away does not stop the script: the exit status still counts.
        let _ = writeln!(io::stdout(), "{line}");
    };
    let mut session = Session::new(machine, Some(timeout_s), &mut output);
    session.boot()?;
    let failures = session.run(steps, &mut |step, why| {
        eprintln!("script line {} {:?} failed: {why}", step.number, step.text);
    })?;
    let run = session.end();
    if failures == 0 {
        return Ok(ExitCode::SUCCESS);
    }
    Err(Failure::new(
        format!("{failures} of {} script lines failed", steps.len()),
        format!("they are named above; logs are in {}", run.display()),
    ))
}

/// The line that attaches gdb.
fn gdb_line(system: Option<&System>, machine: &Machine) -> String {
    let socket = machine.gdb_socket();
    let Some(system) = system else {
        return format!(
            "attach with:\n  gdb -ex 'target remote {}'",
            socket.display()
        );
    };
    let mut text = format!(
        "attach with:\n  gdb {} -ex 'target remote {}'\nsymbols of a server (all are linked at one \
         address; load one at a time):",
        system.kernel.display(),
        socket.display()
    );
    for (_, path) in &system.servers {
        text.push_str(&format!("\n  symbol-file {}", path.display()));
    }
    text
}

/// Connects this terminal to the machine's serial line until the machine ends.
fn interact(mut machine: Machine, timeout_s: Option<u64>) -> Result<ExitCode, Failure> {
    let deadline = timeout_s
        .map(|seconds| std::time::Instant::now() + std::time::Duration::from_secs(seconds));
    let _restored_at_the_end = RawTerminal::enter();
    if io::stdin().is_terminal() {
        eprint!("Ctrl-A x ends the machine\r\n");
    }
    let mut serial = machine.serial_writer()?;
    let (quit, has_quit) = std::sync::mpsc::channel();
    thread::spawn(move || {
        let mut typed = [0; 256];
        let mut is_escaped = false;
        while let Ok(len @ 1..) = io::stdin().read(&mut typed) {
            let mut bytes = Vec::new();
            for &byte in &typed[..len] {
                match (is_escaped, byte) {
                    (false, ESCAPE) => is_escaped = true,
                    (true, b'x') => {
                        // The receiver is gone only if the machine has ended already.
                        let _ = quit.send(());
                        return;
                    }
                    (_, byte) => {
                        is_escaped = false;
                        bytes.push(byte);
                    }
                }
            }
            if serial.write_all(&bytes).is_err() {
                return;
            }
        }
    });
    loop {
        if has_quit.try_recv().is_ok() {
            machine.stop();
            return Ok(ExitCode::SUCCESS);
        }
        let tick = std::time::Instant::now() + std::time::Duration::from_millis(50);
        match machine.next_event(Some(tick)) {
            Some(Event::Serial(bytes)) => {
                let mut screen = io::stdout().lock();
                // A closed output does not end the machine.
                let _ = screen.write_all(&bytes).and_then(|()| screen.flush());
            }
            Some(Event::Exited(status)) if status.success() => return Ok(ExitCode::SUCCESS),
            Some(Event::Exited(_)) => return Err(machine.exit_failure()),
            Some(Event::Qmp(_)) | None => {}
        }
        if deadline.is_some_and(|deadline| std::time::Instant::now() >= deadline) {
            return Err(Failure::TimedOut {
                what: "the person at the terminal".to_string(),
                seconds: timeout_s.unwrap_or_default(),
            });
        }
    }
}

/// A terminal that passes every key on, until this value goes out of scope.
struct RawTerminal(Termios);

impl RawTerminal {
    /// `None` if standard input is no terminal.
    fn enter() -> Option<Self> {
        let before = tcgetattr(io::stdin()).ok()?;
        let mut raw = before.clone();
        raw.make_raw();
        tcsetattr(io::stdin(), OptionalActions::Now, &raw).ok()?;
        Some(Self(before))
    }
}

impl Drop for RawTerminal {
    fn drop(&mut self) {
        // A terminal that is gone needs no restoring.
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.0);
    }
}
