//! Where things are: the source tree, the target directory, one directory a run, and short-lived sockets.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::SystemTime;

use crate::failure::Failure;

/// Runs whose logs are kept.
const RUNS_KEPT: usize = 20;

/// Numbers the runs and sockets of this process.
static COUNTER: AtomicU32 = AtomicU32::new(0);

/// The top of the source tree.
pub fn root() -> PathBuf {
    // Cargo sets the variable for `cargo run`; a copied binary falls back on where it was built.
    let package = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    package
        .parent()
        .map_or_else(|| package.clone(), Path::to_path_buf)
}

/// A package of this workspace as cargo's `--package` wants it. The version is part of it because a dependency from the
/// registry may have the same name, as `console` does.
pub fn package_id(name: &str) -> String {
    format!("{name}@{}", env!("CARGO_PKG_VERSION"))
}

/// Cargo's target directory.
pub fn target() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(target) => root().join(target),
        None => root().join("target"),
    }
}

/// Creates `target/run/<id>/` for the logs of one machine, and removes the oldest ones.
pub fn new_run() -> Result<PathBuf, Failure> {
    let runs = target().join("run");
    let path = runs.join(unique());
    fs::create_dir_all(&path).map_err(|error| Failure::file("create", &path, error))?;
    prune(&runs);
    Ok(path)
}

/// A name that no other process or run has at this time.
fn unique() -> String {
    let number = COUNTER.fetch_add(1, Ordering::Relaxed);
    format!("{}-{number}", std::process::id())
}

/// Removes all but the newest runs. What cannot be removed now is left for the next run.
fn prune(runs: &Path) {
    let Ok(entries) = fs::read_dir(runs) else {
        return;
    };
    let mut dirs: Vec<(SystemTime, PathBuf)> = entries
        .flatten()
        .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
        .collect();
    dirs.sort();
    let old = dirs.len().saturating_sub(RUNS_KEPT);
    for (_, path) in dirs
        .into_iter()
        .take(old)
        .filter(|(_, path)| !belongs_to_live_process(path))
    {
        let _ = fs::remove_dir_all(path);
    }
}

/// Whether a directory named by [`unique`] belongs to a process that still runs. Unknown counts as alive.
fn belongs_to_live_process(path: &Path) -> bool {
    let name = path
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or_default();
    let name = name.strip_prefix(SOCKETS_PREFIX).unwrap_or(name);
    let Some(pid) = name
        .split('-')
        .next()
        .filter(|pid| pid.parse::<u32>().is_ok())
    else {
        return true;
    };
    !Path::new("/proc/self").exists() || Path::new("/proc").join(pid).exists()
}

const SOCKETS_PREFIX: &str = "velocity-";

/// A directory for sockets and temporary disks, removed when it goes out of scope.
///
/// In the system's temporary directory because a socket's path must be short (108 bytes on Linux).
#[derive(Debug)]
pub struct TemporaryDir(PathBuf);

impl TemporaryDir {
    /// Creates one, and removes those that killed processes left behind.
    pub fn create() -> Result<Self, Failure> {
        let parent = std::env::temp_dir();
        let path = parent.join(format!("{SOCKETS_PREFIX}{}", unique()));
        for entry in fs::read_dir(&parent).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let ours = name.to_str().is_some_and(|name| {
                let rest = name.strip_prefix(SOCKETS_PREFIX).unwrap_or_default();
                !rest.is_empty() && rest.split('-').all(|part| part.parse::<u32>().is_ok())
            });
            if ours && !belongs_to_live_process(&entry.path()) {
                // Another process may be removing it at this moment.
                let _ = fs::remove_dir_all(entry.path());
            }
        }
        fs::create_dir_all(&path).map_err(|error| Failure::file("create", &path, error))?;
        Ok(Self(path))
    }

    /// A path inside.
    pub fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for TemporaryDir {
    fn drop(&mut self) {
        // The next run removes what cannot be removed now.
        let _ = fs::remove_dir_all(&self.0);
    }
}
