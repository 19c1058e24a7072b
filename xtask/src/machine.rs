//! One machine: a QEMU process, its serial line and its control connection.
//!
//! QEMU connects to sockets that this program listens on, in a directory of its own, so that nothing is lost at the
//! start, no port is taken and two machines never meet. All that happens (serial bytes, control messages) arrives in one
//! queue of [`Event`]s. The process ends with this program (see [`crate::supervise`]) and its logs stay in
//! `target/run/<id>/`.

use std::fs::{self, File};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use bootimg_builder::disk;
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::qmp::{self, Qmp};
use crate::screen::Picture;
use crate::supervise;
use crate::toolchain::{Accel, Firmware, QEMU};
use crate::workspace::{self, TemporaryDir};

/// How long QEMU may take to open its connections.
const CONNECT_S: u64 = 20;
/// How long QEMU may take to answer a control command.
const ANSWER_S: u64 = 30;

/// What machine to make.
#[derive(Clone, Debug)]
pub struct Config {
    /// Cores.
    pub smp: u32,
    /// Memory in MiB.
    pub mem_mib: u32,
    /// How the processor is made.
    pub accel: Accel,
    /// Whether the TSC counts guest instructions, on one host thread.
    pub icount: bool,
    /// Whether to open a window.
    pub window: bool,
    /// Whether to wait for a debugger.
    pub gdb: bool,
    /// The data disk: kept in this file, or a fresh one.
    pub disk: Option<PathBuf>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            smp: 4,
            mem_mib: 512,
            accel: Accel::Tcg,
            icount: false,
            window: false,
            gdb: false,
            disk: None,
        }
    }
}

/// Something that happens to a machine.
#[derive(Debug)]
pub enum Event {
    /// Bytes from its serial line.
    Serial(Vec<u8>),
    /// A message on its control connection.
    Qmp(Value),
    /// QEMU has ended.
    Exited(ExitStatus),
}

/// A running machine.
#[derive(Debug)]
pub struct Machine {
    child: Child,
    serial: UnixStream,
    qmp: Qmp,
    events: Receiver<Event>,
    /// Events that arrived while an answer was awaited.
    waiting: Vec<Event>,
    exit: Option<ExitStatus>,
    disk: Option<PathBuf>,
    run: PathBuf,
    temporary: TemporaryDir,
}

impl Machine {
    /// Starts a machine that boots from the image at `system`, which is not written to.
    pub fn start(config: &Config, firmware: &Firmware, system: &Path) -> Result<Self, Failure> {
        let run = workspace::new_run()?;
        let temporary = TemporaryDir::create()?;
        let vars = temporary.join("vars.fd");
        fs::copy(&firmware.vars, &vars)
            .map_err(|error| Failure::file("copy", &firmware.vars, error))?;
        make_writable(&vars)?;
        let data = data_disk(config, &temporary)?;
        let serial = listen(&temporary.join("serial"))?;
        let control = listen(&temporary.join("qmp"))?;

        let log = run.join("qemu.log");
        let log_file = File::create(&log).map_err(|error| Failure::file("create", &log, error))?;
        let mut command = supervise::command(QEMU);
        command.args(arguments(
            config, firmware, system, &vars, &data, &temporary, &run,
        ));
        command.stdin(Stdio::null());
        command.stderr(
            log_file
                .try_clone()
                .map_err(|error| Failure::file("use", &log, error))?,
        );
        command.stdout(log_file);
        let mut child = command
            .spawn()
            .map_err(|error| Failure::new("cannot start QEMU", error))?;

        let serial = accept(&serial, &mut child)?;
        let control = accept(&control, &mut child)?;
        let (Some(serial), Some(control)) = (serial, control) else {
            return Err(start_failure(&log, config.disk.as_deref()));
        };
        let (sender, events) = mpsc::channel();
        read_serial(&serial, sender.clone())?;
        let qmp = Qmp::start(control, sender)?;
        Ok(Self {
            child,
            serial,
            qmp,
            events,
            waiting: Vec::new(),
            exit: None,
            disk: config.disk.clone(),
            run,
            temporary,
        })
    }

    /// Where this machine's logs are.
    pub fn run_dir(&self) -> &Path {
        &self.run
    }

    /// Why QEMU has ended with an error, from what it said.
    pub fn exit_failure(&self) -> Failure {
        start_failure(&self.run.join("qemu.log"), self.disk.as_deref())
    }

    /// The socket that a debugger attaches to.
    pub fn gdb_socket(&self) -> PathBuf {
        self.temporary.join("gdb")
    }

    /// Another handle to the serial line, for typing from another thread.
    pub fn serial_writer(&self) -> Result<UnixStream, Failure> {
        self.serial
            .try_clone()
            .map_err(|error| Failure::new("cannot use the serial line", error))
    }

    /// Types bytes. Blocks while the machine does not take them, until `deadline`.
    pub fn write(&mut self, bytes: &[u8], deadline: Option<Instant>) -> Result<(), Failure> {
        let failure = |error: std::io::Error| match error.kind() {
            ErrorKind::WouldBlock | ErrorKind::TimedOut => Failure::new(
                "cannot type at the machine",
                "it takes nothing from its serial line any more",
            ),
            _ => Failure::new("cannot type at the machine", error),
        };
        let left = deadline.map(|deadline| {
            deadline
                .saturating_duration_since(Instant::now())
                .max(Duration::from_millis(1))
        });
        self.serial.set_write_timeout(left).map_err(failure)?;
        self.serial.write_all(bytes).map_err(failure)
    }

    /// The next event, or `None` at `deadline`.
    pub fn next_event(&mut self, deadline: Option<Instant>) -> Option<Event> {
        if !self.waiting.is_empty() {
            return Some(self.waiting.remove(0));
        }
        loop {
            // The process is looked at ten times a second, in case it ends without closing its connections.
            let tick = Instant::now() + Duration::from_millis(100);
            let until = deadline.map_or(tick, |deadline| deadline.min(tick));
            match self
                .events
                .recv_timeout(until.saturating_duration_since(Instant::now()))
            {
                Ok(event) => return Some(event),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => thread::sleep(Duration::from_millis(10)),
            }
            if let Some(status) = self.exited() {
                // What came before the end is told before the end: the readers end when they have passed it on.
                let rest = self.events.recv_timeout(Duration::from_millis(500));
                return Some(rest.unwrap_or(Event::Exited(status)));
            }
            if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                return None;
            }
        }
    }

    fn exited(&mut self) -> Option<ExitStatus> {
        if self.exit.is_none() {
            self.exit = self.child.try_wait().ok().flatten();
        }
        self.exit
    }

    /// Sends a control command and waits for its result. QEMU's refusal is the inner error.
    pub fn control(&mut self, command: Value) -> Result<Result<Value, String>, Failure> {
        let id = self.qmp.send(command)?;
        let deadline = Instant::now() + Duration::from_secs(ANSWER_S);
        let mut passed = Vec::new();
        let result = loop {
            match self.next_event(Some(deadline)) {
                Some(Event::Qmp(message)) => match qmp::answer(&message, id) {
                    Some(answer) => break Ok(answer),
                    None => passed.push(Event::Qmp(message)),
                },
                Some(Event::Exited(status)) => {
                    passed.push(Event::Exited(status));
                    break Err(Failure::new(
                        "QEMU does not answer",
                        format!("it ended, {status}"),
                    ));
                }
                Some(event) => passed.push(event),
                None => {
                    let why = format!("no answer within {ANSWER_S} s");
                    break Err(Failure::new("QEMU does not answer", why));
                }
            }
        };
        // `next_event` has emptied `waiting` before it looked at the queue.
        self.waiting.splice(..0, passed);
        result
    }

    /// Takes a picture of the screen.
    pub fn picture(&mut self) -> Result<Picture, Failure> {
        let path = self.temporary.join("screen.ppm");
        let command =
            json!({"execute": "screendump", "arguments": {"filename": path.display().to_string()}});
        self.control(command)?
            .map_err(|why| Failure::new("cannot take a screenshot", why))?;
        Picture::read_ppm(&path)
    }

    /// Ends the machine, as pulling the plug would.
    pub fn stop(mut self) {
        // QEMU may be gone already.
        let _ = self.qmp.send(json!({"execute": "quit"}));
        let deadline = Instant::now() + Duration::from_secs(5);
        while self.exited().is_none() && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        if self.exited().is_none() {
            // It may end at this very moment; either way it is gone afterwards.
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// The QEMU command line.
fn arguments(
    config: &Config,
    firmware: &Firmware,
    system: &Path,
    vars: &Path,
    data: &Path,
    temporary: &TemporaryDir,
    run: &Path,
) -> Vec<String> {
    let mut arguments = Vec::new();
    let mut add = |option: &str, value: String| {
        arguments.push(option.to_string());
        arguments.push(value);
    };
    add("-name", "velocity".into());
    add("-machine", "q35".into());
    match (config.accel, config.icount) {
        (_, true) => {
            add("-accel", "tcg,thread=single".into());
            add("-icount", "shift=0,sleep=off".into());
        }
        (Accel::Tcg, _) => add("-accel", "tcg,thread=multi".into()),
        (Accel::Kvm, _) => add("-accel", "kvm".into()),
    }
    let kvm = config.accel == Accel::Kvm && !config.icount;
    add("-cpu", if kvm { "host" } else { "max" }.into());
    add("-smp", config.smp.to_string());
    add("-m", format!("{}M", config.mem_mib));
    let flash = "if=pflash,format=raw";
    add(
        "-drive",
        format!("{flash},unit=0,readonly=on,file={}", escape(&firmware.code)),
    );
    add("-drive", format!("{flash},unit=1,file={}", escape(vars)));
    // `snapshot`: many machines share the image, and none changes it.
    let drive = "if=none,format=raw";
    add(
        "-drive",
        format!("{drive},id=system,snapshot=on,file={}", escape(system)),
    );
    add(
        "-device",
        "nvme,id=nvme0,serial=velocity-system,drive=system,bootindex=0".into(),
    );
    add("-drive", format!("{drive},id=data,file={}", escape(data)));
    add(
        "-device",
        "nvme,id=nvme1,serial=velocity-data,drive=data".into(),
    );
    add("-vga", "std".into());
    add("-device", "virtio-tablet-pci".into());
    add("-nic", "none".into());
    add(
        "-display",
        if config.window { "gtk" } else { "none" }.into(),
    );
    let log = escape(&run.join("serial.log"));
    let serial = escape(&temporary.join("serial"));
    add(
        "-chardev",
        format!("socket,id=serial,path={serial},logfile={log}"),
    );
    add("-serial", "chardev:serial".into());
    let control = escape(&temporary.join("qmp"));
    add("-chardev", format!("socket,id=qmp,path={control}"));
    add("-mon", "chardev=qmp,mode=control".into());
    if config.gdb {
        let socket = escape(&temporary.join("gdb"));
        add(
            "-chardev",
            format!("socket,id=gdb,path={socket},server=on,wait=off"),
        );
        add("-gdb", "chardev:gdb".into());
        arguments.push("-S".to_string());
    }
    arguments
}

/// A path inside a QEMU option, where a comma is written twice.
fn escape(path: &Path) -> String {
    path.display().to_string().replace(',', ",,")
}

/// The data disk's file, created with an empty store partition if there is none yet.
fn data_disk(config: &Config, temporary: &TemporaryDir) -> Result<PathBuf, Failure> {
    let failure = |error: disk::Error| Failure::new("cannot use the data disk", error);
    let (path, is_new) = match &config.disk {
        Some(path) => (path.clone(), !path.exists()),
        None => (temporary.join("data.img"), true),
    };
    if is_new {
        disk::write_data(&path, disk::STORE_LEN_DEFAULT).map_err(failure)?;
    } else {
        disk::find_store(&path).map_err(failure)?;
    }
    Ok(path)
}

/// Distributions install the variable store read-only, and a copy keeps that.
fn make_writable(path: &Path) -> Result<(), Failure> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))
        .map_err(|error| Failure::file("make writable", path, error))
}

fn listen(path: &Path) -> Result<UnixListener, Failure> {
    let failure = |error| Failure::file("listen on", path, error);
    let listener = UnixListener::bind(path).map_err(failure)?;
    listener.set_nonblocking(true).map_err(failure)?;
    Ok(listener)
}

/// Waits for QEMU to connect; `None` if it ends instead.
fn accept(listener: &UnixListener, child: &mut Child) -> Result<Option<UnixStream>, Failure> {
    let failure = |error| Failure::new("cannot connect to QEMU", error);
    let deadline = Instant::now() + Duration::from_secs(CONNECT_S);
    loop {
        match listener.accept() {
            Ok((stream, _)) => {
                stream.set_nonblocking(false).map_err(failure)?;
                return Ok(Some(stream));
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => return Err(failure(error)),
        }
        if child.try_wait().map_err(failure)?.is_some() {
            return Ok(None);
        }
        if Instant::now() >= deadline {
            let _already_gone = child.kill();
            return Err(Failure::new(
                "cannot connect to QEMU",
                format!("it has opened no connection within {CONNECT_S} s"),
            ));
        }
        thread::sleep(Duration::from_millis(5));
    }
}

fn read_serial(serial: &UnixStream, events: Sender<Event>) -> Result<(), Failure> {
    let mut reader = serial
        .try_clone()
        .map_err(|error| Failure::new("cannot use the serial line", error))?;
    thread::spawn(move || {
        let mut buffer = [0; 4096];
        loop {
            match reader.read(&mut buffer) {
                Ok(0) => break,
                Ok(len) => {
                    if events.send(Event::Serial(buffer[..len].to_vec())).is_err() {
                        break;
                    }
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => break,
            }
        }
    });
    Ok(())
}

/// Why QEMU ended instead of running the machine, from what it said. `disk`: the data disk that the person named.
fn start_failure(log: &Path, disk: Option<&Path>) -> Failure {
    let said = fs::read_to_string(log).unwrap_or_default();
    let said = said.trim();
    if let (true, Some(disk)) = (said.contains(" lock"), disk) {
        let owner = match lock_owner(disk) {
            Some(pid) => format!("process {pid} uses it (end it with: kill {pid})"),
            None => "another machine uses it".to_string(),
        };
        return Failure::file("use the data disk", disk, owner);
    }
    Failure::new(
        "QEMU does not start",
        if said.is_empty() {
            "it gave no reason"
        } else {
            said
        },
    )
}

/// The process that has `path` open, as far as this user may see.
fn lock_owner(path: &Path) -> Option<u32> {
    let path = path.canonicalize().ok()?;
    for process in fs::read_dir("/proc").ok()?.flatten() {
        let pid = process
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok());
        let (Some(pid), Ok(files)) = (pid, fs::read_dir(process.path().join("fd"))) else {
            continue;
        };
        if files
            .flatten()
            .any(|file| fs::read_link(file.path()).is_ok_and(|open| open == path))
        {
            return Some(pid);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command_line(config: &Config) -> String {
        let firmware = Firmware {
            code: "/f/code,1.fd".into(),
            vars: "/f/vars.fd".into(),
        };
        let temporary = TemporaryDir::create().expect("temporary directory");
        let path = Path::new;
        let arguments = arguments(
            config,
            &firmware,
            path("/s.img"),
            path("/v.fd"),
            path("/d.img"),
            &temporary,
            path("/run"),
        );
        arguments.join(" ")
    }

    #[test]
    fn the_accelerator_is_always_named() {
        for accel in [Accel::Tcg, Accel::Kvm] {
            for icount in [false, true] {
                let line = command_line(&Config {
                    accel,
                    icount,
                    ..Config::default()
                });
                assert_eq!(line.matches("-accel").count(), 1, "{line}");
                assert_eq!(line.contains("-icount shift=0,sleep=off"), icount, "{line}");
                assert!(!icount || line.contains("tcg,thread=single"), "{line}");
            }
        }
    }

    #[test]
    fn commas_in_paths_do_not_end_an_option() {
        assert!(command_line(&Config::default()).contains("file=/f/code,,1.fd"));
    }
}
