//! Builds the system: one cargo run a target, then the boot archive, then the disk image.
//!
//! The flags that make a kernel or a server out of a crate stand here, and reach cargo through the environment of that
//! one run, so that host builds, editors and `cargo test` see an ordinary workspace.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use bootimg_builder::archive::Writer;
use bootimg_builder::{disk, server_elf};
use protocol::abi::boot_info::archive::MANIFEST_NAME;

use crate::failure::Failure;
use crate::progress::Progress;
use crate::toolchain::{KERNEL_TARGET, LOADER_TARGET, SERVER_TARGET};
use crate::topology::Topology;
use crate::workspace;

/// A built system, ready to be put on a disk.
#[derive(Debug)]
pub struct System {
    /// The kernel with its symbols.
    pub kernel: PathBuf,
    /// The servers with their symbols, by name.
    pub servers: Vec<(String, PathBuf)>,
    loader: Vec<u8>,
    kernel_bytes: Vec<u8>,
    archive: Vec<u8>,
}

/// Builds everything that is not up to date.
pub fn system(progress: &Progress) -> Result<System, Failure> {
    let root = workspace::root();
    let manifest = Topology::load()?;
    let names: Vec<&str> = manifest.packages();
    if names.is_empty() {
        let why = "none of its servers has a src/main.rs";
        return Err(Failure::new(
            "cannot build a system from servers/system.toml",
            why,
        ));
    }

    progress.step("building the kernel");
    let script = root.join("microkernel/kernel.ld");
    let kernel_flags = [
        // The kernel lives in the top 2 GiB and is never moved.
        "-Ccode-model=kernel".to_string(),
        "-Crelocation-model=static".to_string(),
        format!("-Clink-arg=-T{}", script.display()),
    ];
    cargo(
        progress,
        KERNEL_TARGET,
        &["microkernel"],
        &kernel_flags,
        None,
    )?;

    progress.step("building the loader");
    cargo(progress, LOADER_TARGET, &["bootimg-loader"], &[], None)?;

    progress.step("building the servers");
    let script = root.join("libnda/server.ld");
    let server_flags = [
        // A static ELF with our own entry point: no C library, no start files, no dynamic sections.
        "-Clinker-flavor=ld.lld".to_string(),
        "-Clink-self-contained=no".to_string(),
        "-Crelocation-model=static".to_string(),
        "-Crelro-level=off".to_string(),
        format!("-Clink-arg=-T{}", script.display()),
        // Segments start on pages of the file, which `init` maps.
        "-Clink-arg=-zmax-page-size=4096".to_string(),
    ];
    cargo(
        progress,
        SERVER_TARGET,
        &names,
        &server_flags,
        Some("rust-lld"),
    )?;

    progress.step("packing the boot archive");
    let binary =
        |target: &str, name: &str| workspace::target().join(target).join("release").join(name);
    let kernel = binary(KERNEL_TARGET, "microkernel");
    let kernel_bytes = read(&kernel)?;
    let mut archive = Writer::for_kernel(&kernel_bytes);
    let mut servers = Vec::new();
    let packing =
        |error: &dyn std::fmt::Display| Failure::new("cannot pack the boot archive", error);
    for name in names {
        let path = binary(SERVER_TARGET, name);
        let flat = server_elf::flatten(&path.display().to_string(), &read(&path)?)
            .map_err(|error| packing(&error))?;
        archive.add(name, flat).map_err(|error| packing(&error))?;
        servers.push((name.to_string(), path));
    }
    if let Some(encoded) = manifest.encoded() {
        archive
            .add(MANIFEST_NAME, encoded)
            .map_err(|error| packing(&error))?;
    }
    let loader = read(&binary(LOADER_TARGET, "bootimg-loader.efi"))?;
    progress.end();
    Ok(System {
        kernel,
        servers,
        loader,
        kernel_bytes,
        archive: archive.finish(),
    })
}

impl System {
    /// Writes a bootable disk image, with a store partition of `store_len` bytes (0: none).
    pub fn write_image(&self, path: &Path, store_len: u64) -> Result<(), Failure> {
        let system = disk::System {
            loader: &self.loader,
            kernel: &self.kernel_bytes,
            archive: &self.archive,
            store_len,
        };
        disk::write_system(path, &system)
            .map(|_placements| ())
            .map_err(|error| Failure::new("cannot write the disk image", error))
    }

    /// Bytes of the boot archive.
    pub fn archive_len(&self) -> usize {
        self.archive.len()
    }
}

/// Builds packages in release mode for a target.
fn cargo(
    progress: &Progress,
    target: &str,
    packages: &[&str],
    flags: &[String],
    linker: Option<&str>,
) -> Result<(), Failure> {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command
        .current_dir(workspace::root())
        .args(["build", "--release", "--target", target]);
    for package in packages {
        command.args([
            "--package",
            &workspace::package_id(package),
            "--bin",
            package,
        ]);
    }
    // Replaces any flags of the person's own. Separated by 0x1f, because paths may contain spaces.
    command
        .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f"))
        .env_remove("RUSTFLAGS");
    if let Some(linker) = linker {
        let variable = target.replace('-', "_").to_uppercase();
        command.env(format!("CARGO_TARGET_{variable}_LINKER"), linker);
    }
    // What cargo set for this program is not meant for the one it builds.
    for name in ["CARGO_MANIFEST_DIR", "CARGO_PKG_NAME", "CARGO_PKG_VERSION"] {
        command.env_remove(name);
    }
    let what = format!("cannot build {}", packages.join(", "));
    if progress.may_draw() {
        // Cargo draws its own progress bar.
        progress.end();
        let status = command
            .status()
            .map_err(|error| Failure::new(&what, error))?;
        return if status.success() {
            Ok(())
        } else {
            Err(Failure::new(what, "the compiler's messages are above"))
        };
    }
    let output = command
        .arg("--quiet")
        .stdin(Stdio::null())
        .output()
        .map_err(|error| Failure::new(&what, error))?;
    if output.status.success() {
        return Ok(());
    }
    Err(Failure::new(what, String::from_utf8_lossy(&output.stderr)))
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path).map_err(|error| Failure::file("read", path, error))
}
