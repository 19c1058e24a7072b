//! What this machine must have besides cargo: the bare targets, QEMU, and UEFI firmware for it.
//!
//! Each thing is looked for first. What is missing is installed where that needs no question: targets by `rustup`,
//! packages by the system's package manager if this is root, if `sudo` asks for no password, or if the manager is
//! Homebrew, which needs neither. Otherwise the exact command is printed and the exit status is 3.

use std::env;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::failure::Failure;
use crate::progress::Progress;

/// The targets that the system is built for.
pub const TARGETS: &[&str] = &[KERNEL_TARGET, LOADER_TARGET, SERVER_TARGET];
/// The kernel: no operating system, no floating point.
pub const KERNEL_TARGET: &str = "x86_64-unknown-none";
/// The loader.
pub const LOADER_TARGET: &str = "x86_64-unknown-uefi";
/// Servers: freestanding, but with the SSE2 that the bare target leaves out.
pub const SERVER_TARGET: &str = "x86_64-unknown-linux-musl";
/// The emulator.
pub const QEMU: &str = "qemu-system-x86_64";
/// The QEMU devices that a machine is made of. Asked for by name: version numbers say little.
pub const DEVICES: &[&str] = &["nvme", "VGA", "virtio-tablet-pci"];

/// UEFI firmware for QEMU.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Firmware {
    /// The code, shared by all machines.
    pub code: PathBuf,
    /// The variable store, copied for each machine.
    pub vars: PathBuf,
}

/// Where distributions put the firmware: code and variables.
const FIRMWARE: &[(&str, &str)] = &[
    // Debian, Ubuntu.
    (
        "/usr/share/OVMF/OVMF_CODE_4M.fd",
        "/usr/share/OVMF/OVMF_VARS_4M.fd",
    ),
    (
        "/usr/share/OVMF/OVMF_CODE.fd",
        "/usr/share/OVMF/OVMF_VARS.fd",
    ),
    // Arch.
    (
        "/usr/share/edk2/x64/OVMF_CODE.4m.fd",
        "/usr/share/edk2/x64/OVMF_VARS.4m.fd",
    ),
    // Fedora.
    (
        "/usr/share/edk2/ovmf/OVMF_CODE.fd",
        "/usr/share/edk2/ovmf/OVMF_VARS.fd",
    ),
    // openSUSE.
    (
        "/usr/share/qemu/ovmf-x86_64-4m-code.bin",
        "/usr/share/qemu/ovmf-x86_64-4m-vars.bin",
    ),
    (
        "/usr/share/qemu/ovmf-x86_64-code.bin",
        "/usr/share/qemu/ovmf-x86_64-vars.bin",
    ),
    // Homebrew and others that install QEMU's own copy.
    (
        "/opt/homebrew/share/qemu/edk2-x86_64-code.fd",
        "/opt/homebrew/share/qemu/edk2-i386-vars.fd",
    ),
    (
        "/usr/local/share/qemu/edk2-x86_64-code.fd",
        "/usr/local/share/qemu/edk2-i386-vars.fd",
    ),
    (
        "/usr/share/qemu/edk2-x86_64-code.fd",
        "/usr/share/qemu/edk2-i386-vars.fd",
    ),
];

/// The package managers that are known, and what they call QEMU and the firmware.
const MANAGERS: &[Manager] = &[
    Manager {
        program: "apt-get",
        install: &["install", "-y"],
        packages: &["qemu-system-x86", "ovmf"],
    },
    Manager {
        program: "dnf",
        install: &["install", "-y"],
        packages: &["qemu-system-x86", "edk2-ovmf"],
    },
    Manager {
        program: "pacman",
        install: &["-S", "--noconfirm"],
        packages: &["qemu-system-x86", "edk2-ovmf"],
    },
    Manager {
        program: "zypper",
        install: &["--non-interactive", "install"],
        packages: &["qemu-x86", "qemu-ovmf-x86_64"],
    },
    Manager {
        program: "brew",
        install: &["install"],
        packages: &["qemu"],
    },
];

#[derive(Clone, Copy, Debug)]
struct Manager {
    program: &'static str,
    install: &'static [&'static str],
    packages: &'static [&'static str],
}

impl Manager {
    /// The command to type for this, as a person without special rights.
    fn command_line(&self) -> String {
        let sudo = if self.program == "brew" || is_root() {
            ""
        } else {
            "sudo "
        };
        let command = format!(
            "{sudo}{} {} {}",
            self.program,
            self.install.join(" "),
            self.packages.join(" ")
        );
        if self.program == "apt-get" {
            format!("{sudo}apt-get update && {command}")
        } else {
            command
        }
    }
}

/// One thing that this machine needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// What it is.
    pub name: String,
    /// What is there: a version, a path, or `None`.
    pub found: Option<String>,
    /// What is needed.
    pub needed: String,
    /// The command that installs it.
    pub fix: String,
}

/// How a machine's processor is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accel {
    /// By the real processor.
    Kvm,
    /// By translation, on any machine.
    Tcg,
}

impl fmt::Display for Accel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Kvm => "kvm",
            Self::Tcg => "tcg",
        })
    }
}

/// Looks at everything that is needed.
pub fn survey() -> Vec<Item> {
    let mut items = vec![version_item(
        "rustc",
        &["--version"],
        "1.95 or later",
        "rustup update",
    )];
    let installed = installed_targets();
    for target in TARGETS {
        items.push(Item {
            name: format!("target {target}"),
            found: installed.contains(target).then(|| "installed".to_string()),
            needed: "installed".to_string(),
            fix: format!("rustup target add {target}"),
        });
    }
    let install = install_command();
    items.push(version_item(
        QEMU,
        &["--version"],
        "nvme, VGA, virtio-tablet-pci",
        &install,
    ));
    let devices = missing_devices();
    if let (Some(item), false) = (items.last_mut(), devices.is_empty()) {
        item.found = None;
    }
    items.push(Item {
        name: "UEFI firmware".to_string(),
        found: firmware().map(|firmware| firmware.code.display().to_string()),
        needed: "OVMF code and variables".to_string(),
        fix: install,
    });
    items
}

/// Installs what the build needs and is missing.
pub fn ensure_build(progress: &Progress) -> Result<(), Failure> {
    let installed = installed_targets();
    let missing: Vec<&str> = TARGETS
        .iter()
        .copied()
        .filter(|target| !installed.contains(target))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    progress.step(&format!("installing {}", missing.join(", ")));
    let fix = format!("rustup target add {}", missing.join(" "));
    let mut rustup = Command::new("rustup");
    rustup
        .args(["target", "add"])
        .args(&missing)
        .current_dir(crate::workspace::root());
    run_installer(&mut rustup).map_err(|why| Failure::Missing {
        what: format!("Rust targets {}", missing.join(", ")),
        why,
        fix,
    })
}

/// Installs what running a machine needs and is missing, and says where the firmware is.
pub fn ensure_emulator(progress: &Progress) -> Result<Firmware, Failure> {
    if !is_emulator_complete() {
        install_emulator(progress)?;
    }
    let missing = missing_devices();
    if !missing.is_empty() {
        return Err(Failure::Missing {
            what: format!("{QEMU} with the devices {}", missing.join(", ")),
            why: "the machine that the system runs on is made of them".to_string(),
            fix: install_command(),
        });
    }
    firmware().ok_or_else(|| Failure::Missing {
        what: "UEFI firmware for QEMU (OVMF)".to_string(),
        why: "looked in the places where distributions put it; set OVMF_CODE and OVMF_VARS if it \
              is elsewhere"
            .to_string(),
        fix: install_command(),
    })
}

fn is_emulator_complete() -> bool {
    missing_devices().is_empty() && firmware().is_some()
}

fn install_emulator(progress: &Progress) -> Result<(), Failure> {
    let failure = |why: String| Failure::Missing {
        what: format!("{QEMU} and UEFI firmware"),
        why,
        fix: install_command(),
    };
    let Some(manager) = manager() else {
        return Err(failure(
            "no known package manager on this machine".to_string(),
        ));
    };
    let with_sudo = match (manager.program, is_root()) {
        ("brew", _) | (_, true) => false,
        _ if sudo_needs_no_password() => true,
        _ => {
            return Err(failure(
                "installing packages takes a password here".to_string(),
            ));
        }
    };
    let command = |arguments: &[&str]| {
        let mut command = if with_sudo {
            Command::new("sudo")
        } else {
            Command::new(manager.program)
        };
        if with_sudo {
            command.args(["-n", manager.program]);
        }
        command
            .args(arguments)
            .env("DEBIAN_FRONTEND", "noninteractive");
        command
    };
    progress.step(&format!(
        "installing {} by {}",
        manager.packages.join(", "),
        manager.program
    ));
    if manager.program == "apt-get" {
        // An old package list is better than none; the installation below tells.
        let _ = run_installer(&mut command(&["update"]));
    }
    let arguments: Vec<&str> = manager
        .install
        .iter()
        .chain(manager.packages)
        .copied()
        .collect();
    run_installer(&mut command(&arguments)).map_err(failure)
}

/// The command that a person types to install QEMU and the firmware.
fn install_command() -> String {
    match manager() {
        Some(manager) => manager.command_line(),
        None => "install QEMU (x86-64) and OVMF by your system's package manager".to_string(),
    }
}

fn manager() -> Option<&'static Manager> {
    MANAGERS
        .iter()
        .find(|manager| find_program(manager.program).is_some())
}

/// Runs an installer with its output on standard error. The error says how it ended.
fn run_installer(command: &mut Command) -> Result<(), String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("{program}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let last = said
        .lines()
        .rev()
        .find(|line| !line.trim().is_empty())
        .unwrap_or("no message");
    Err(format!("{program}: {last} ({})", output.status))
}

fn version_item(program: &str, arguments: &[&str], needed: &str, fix: &str) -> Item {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(crate::workspace::root())
        .stderr(Stdio::null())
        .output();
    let found = output
        .ok()
        .filter(|output| output.status.success())
        .map(|output| {
            let text = String::from_utf8_lossy(&output.stdout);
            text.lines().next().unwrap_or_default().trim().to_string()
        });
    Item {
        name: program.to_string(),
        found,
        needed: needed.to_string(),
        fix: fix.to_string(),
    }
}

/// The installed ones of [`TARGETS`]: those whose `core` is in the toolchain, whoever put it there.
fn installed_targets() -> Vec<&'static str> {
    let output = Command::new("rustc")
        .args(["--print", "sysroot"])
        .current_dir(crate::workspace::root())
        .output();
    let Ok(output) = output else {
        return Vec::new();
    };
    let sysroot = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    let is_installed = |target: &&str| {
        sysroot
            .join("lib/rustlib")
            .join(target)
            .join("lib")
            .is_dir()
    };
    TARGETS.iter().copied().filter(is_installed).collect()
}

/// The ones of [`DEVICES`] that QEMU does not have; all if there is no QEMU.
fn missing_devices() -> Vec<&'static str> {
    let output = Command::new(QEMU)
        .args(["-device", "help"])
        .stdin(Stdio::null())
        .output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    let text = text.unwrap_or_default();
    let has = |device: &str| text.contains(&format!("name \"{device}\""));
    DEVICES
        .iter()
        .copied()
        .filter(|device| !has(device))
        .collect()
}

/// Finds the firmware: where the environment says, or where distributions put it.
pub fn firmware() -> Option<Firmware> {
    if let (Some(code), Some(vars)) = (env::var_os("OVMF_CODE"), env::var_os("OVMF_VARS")) {
        return Some(Firmware {
            code: code.into(),
            vars: vars.into(),
        });
    }
    let place = FIRMWARE
        .iter()
        .find(|(code, vars)| Path::new(code).is_file() && Path::new(vars).is_file());
    place.map(|(code, vars)| Firmware {
        code: code.into(),
        vars: vars.into(),
    })
}

/// Decides how to make the processor: KVM only if the CPU has virtualisation *and* `/dev/kvm` can be opened.
pub fn probe_accel() -> Accel {
    let has_flag = fs::read_to_string("/proc/cpuinfo").is_ok_and(|text| {
        let flags = text
            .lines()
            .find(|line| line.starts_with("flags"))
            .unwrap_or_default();
        flags
            .split_whitespace()
            .any(|flag| flag == "vmx" || flag == "svm")
    });
    let can_open = || {
        fs::OpenOptions::new()
            .read(true)
            .write(true)
            .open("/dev/kvm")
            .is_ok()
    };
    if has_flag && can_open() {
        Accel::Kvm
    } else {
        Accel::Tcg
    }
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

fn sudo_needs_no_password() -> bool {
    let status = Command::new("sudo")
        .args(["-n", "true"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    status.is_ok_and(|status| status.success())
}

/// The path of a program, searched as the shell does.
fn find_program(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path)
        .map(|dir| dir.join(name))
        .find(|candidate| candidate.is_file())
}
