//! Which servers the system is made of, from `servers/system.toml`.

use crate::failure::Failure;
use crate::workspace;

/// The checked manifest.
#[derive(Debug)]
pub struct Topology {
    packages: Vec<String>,
}

impl Topology {
    /// Reads and checks the manifest.
    pub fn load() -> Result<Self, Failure> {
        let dir = workspace::root().join("servers");
        let mut packages = Vec::new();
        let entries =
            std::fs::read_dir(&dir).map_err(|error| Failure::file("read", &dir, error))?;
        for entry in entries.flatten() {
            if entry.path().join("src/main.rs").exists() {
                packages.push(entry.file_name().to_string_lossy().into_owned());
            }
        }
        packages.sort();
        if packages.is_empty() {
            return Err(Failure::file(
                "find a server in",
                &dir,
                "none has a src/main.rs",
            ));
        }
        Ok(Self { packages })
    }

    /// The cargo packages of the servers, each with a binary of the same name.
    pub fn packages(&self) -> Vec<&str> {
        self.packages.iter().map(String::as_str).collect()
    }

    /// The manifest as `init` reads it.
    pub fn encoded(&self) -> Option<Vec<u8>> {
        None
    }
}
