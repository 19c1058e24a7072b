//! Which servers the system is made of, from `servers/system.toml`.

use std::fs;
use std::path::PathBuf;

use protocol::manifest::Manifest;

use crate::failure::Failure;
use crate::workspace;

/// The file, from the workspace's root: short enough for messages and for editors that open `file:line`.
const FILE: &str = "servers/system.toml";

/// The checked manifest.
#[derive(Debug)]
pub struct Topology {
    manifest: Manifest,
    packages: Vec<String>,
}

impl Topology {
    /// Reads and checks the manifest.
    pub fn load() -> Result<Self, Failure> {
        let manifest = read()?;
        let is_program = |name: &&str| source(name).join("src/main.rs").exists();
        let names = manifest.servers.iter().map(|server| server.name.as_str());
        let packages: Vec<String> = names.filter(is_program).map(str::to_string).collect();
        Ok(Self { manifest, packages })
    }

    /// The cargo packages of the servers, each with a binary of the same name: those that have a program.
    pub fn packages(&self) -> Vec<&str> {
        self.packages.iter().map(String::as_str).collect()
    }

    /// The manifest as `init` reads it.
    pub fn encoded(&self) -> Option<Vec<u8>> {
        Some(manifest::encode(&self.manifest))
    }
}

/// Reads and checks the manifest, whether or not its servers can be built.
pub fn read() -> Result<Manifest, Failure> {
    let path = workspace::root().join(FILE);
    let text = fs::read_to_string(&path).map_err(|error| Failure::file("read", &path, error))?;
    manifest::check(FILE, &text).map_err(|problems| {
        let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
        Failure::new(format!("{FILE} is not sound"), lines.join("\n       "))
    })
}

fn source(server: &str) -> PathBuf {
    workspace::root().join("servers").join(server)
}
