//! The capability topology as `init` reads it: made from `servers/system.toml` when the image is built.
//!
//! The host crate `manifest` parses and checks the file; what is encoded here is sound: names are unique, every index names
//! an entry, and servers stand in start order. `init` still decodes it as it would any bytes, without trust in lengths.
//!
//! Invariants: (1) `servers[i].after` holds only indexes below `i`; (2) each service is provided by one server; (3) the
//! first server is `init` itself, which the kernel starts.

use heapless::{String, Vec};
use serde::{Deserialize, Serialize};

/// Raised at every change of these types; `init` refuses another.
pub const MANIFEST_VERSION: u32 = 1;
/// The most servers. A system of this size has under twenty; the bound keeps `init`'s tables static.
pub const SERVERS_MAX: usize = 32;
/// The most bytes of a server's or a service's name.
pub const NAME_LEN_MAX: usize = 24;
/// The most entries of each list of a server.
pub const LIST_MAX: usize = 12;
/// The core that runs inference and nothing else.
pub const INFERENCE_CORE: u8 = 3;
/// Cores that the manifest can name.
pub const CORES: u8 = 4;

/// A name of a server or a service.
pub type Name = String<NAME_LEN_MAX>;

/// The whole system: its servers in start order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`MANIFEST_VERSION`].
    pub version: u32,
    /// The servers.
    pub servers: Vec<Server, SERVERS_MAX>,
}

/// One server: what it runs on, what it may reach, what happens when it dies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Server {
    /// Its name, its cargo package and its file in the boot archive.
    pub name: Name,
    /// The core it runs on.
    pub core: u8,
    /// Its priority; 255 runs first.
    pub priority: u8,
    /// Time it may run in each period, microseconds.
    pub budget_us: u32,
    /// Length of the period, microseconds; equal to the budget for a plain time slice.
    pub period_us: u32,
    /// Memory that it gets for itself, KiB: stack, heap, tables and objects.
    pub memory_kib: u32,
    /// The services that it provides, by the names in [`crate::service::ALL`].
    pub provides: Vec<Name, LIST_MAX>,
    /// The services that it may call.
    pub calls: Vec<Name, LIST_MAX>,
    /// The devices that it drives.
    pub devices: Vec<Device, LIST_MAX>,
    /// The kernel authorities that it holds.
    pub authorities: Vec<Authority, LIST_MAX>,
    /// Indexes of the servers that start before it.
    pub after: Vec<u8, LIST_MAX>,
    /// What happens when it dies.
    pub restart: Restart,
}

/// A device, or a part of the machine, that one server drives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Device {
    /// The first serial port: ports 0x3f8–0x3ff, ISA interrupt 4.
    Serial,
    /// The PS/2 controller: ports 0x60 and 0x64, ISA interrupts 1 and 12.
    Ps2,
    /// The absolute pointer: the PCI function of `virtio-tablet-pci`.
    Tablet,
    /// The linear framebuffer.
    Framebuffer,
    /// ACPI tables and the ports they name.
    Acpi,
    /// PCI configuration space: ports 0xcf8–0xcff.
    Pci,
}

impl Device {
    /// All devices.
    pub const ALL: [Self; 6] = [
        Self::Serial,
        Self::Ps2,
        Self::Tablet,
        Self::Framebuffer,
        Self::Acpi,
        Self::Pci,
    ];

    /// The name in `servers/system.toml`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Serial => "serial",
            Self::Ps2 => "ps2",
            Self::Tablet => "tablet",
            Self::Framebuffer => "framebuffer",
            Self::Acpi => "acpi",
            Self::Pci => "pci",
        }
    }
}

/// A kernel authority beside memory, calls and devices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Authority {
    /// Makes sealed frames executable.
    Code,
    /// Writes the shared code region's table.
    CodeRegion,
    /// Executes what is in the shared code region.
    RunCode,
}

impl Authority {
    /// All authorities.
    pub const ALL: [Self; 3] = [Self::Code, Self::CodeRegion, Self::RunCode];

    /// The name in `servers/system.toml`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::CodeRegion => "code-region",
            Self::RunCode => "run-code",
        }
    }
}

/// What happens when a server dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Restart {
    /// It stays dead.
    Never,
    /// It starts again after a pause that doubles each time, `attempts_max` times in a row.
    Backoff {
        /// Restarts in a row before it counts as failed.
        attempts_max: u8,
    },
    /// The machine restarts: nothing works without it.
    Reboot,
}

impl Manifest {
    /// Reads the encoded form. `None` if it is not whole, or of another version.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let manifest: Self = postcard::from_bytes(bytes).ok()?;
        (manifest.version == MANIFEST_VERSION).then_some(manifest)
    }

    /// The server that provides a service.
    pub fn provider(&self, service: &str) -> Option<&Server> {
        self.servers
            .iter()
            .find(|server| server.provides.iter().any(|name| name == service))
    }
}
