//! The intents: what a line may ask for, by name, with the slots each one may carry.
//!
//! One table is the whole vocabulary of the understanding step. The parsers, the printer, the lowering and the training
//! data all take names and slot order from here, so a slot that is not in the table cannot be produced.

macro_rules! intents {
    ($( $(#[doc = $doc:literal])* $variant:ident $name:literal [$($slot:literal)*] $class:ident; )*) => {
        /// One thing that a line may ask for.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Intent { $( $(#[doc = $doc])* $variant, )* }

        impl Intent {
            /// Every intent, in the order of the reference page.
            pub const ALL: &'static [Intent] = &[ $( Intent::$variant, )* ];

            /// The dotted name, as in `draw.rect`.
            pub const fn name(self) -> &'static str {
                match self { $( Intent::$variant => $name, )* }
            }

            /// The slots this intent may carry, in the order they are printed.
            pub const fn slots(self) -> &'static [&'static str] {
                match self { $( Intent::$variant => &[ $( $slot, )* ], )* }
            }

            /// What doing it costs.
            pub const fn effect(self) -> Effect {
                match self { $( Intent::$variant => Effect::$class, )* }
            }
        }
    };
}

/// What doing an intent costs the user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Reads state.
    Reads,
    /// Changes state in a way that the user can change back.
    Changes,
    /// Loses state or service: done only after a `yes`.
    Destroys,
}

intents! {
    /// A rectangle or square.
    DrawRect "draw.rect" ["x" "y" "at" "w" "h" "color" "fill" "count" "layout" "cols" "rows" "dx" "dy"] Changes;
    /// A circle or disc.
    DrawCircle "draw.circle" ["x" "y" "at" "r" "color" "fill" "count" "layout" "cols" "rows" "dx" "dy"] Changes;
    /// A line between two points.
    DrawLine "draw.line" ["x1" "y1" "x2" "y2" "width" "color" "count" "layout" "cols" "rows" "dx" "dy"] Changes;
    /// A triangle by its corners.
    DrawTriangle "draw.triangle" ["x1" "y1" "x2" "y2" "x3" "y3" "color" "fill" "count" "layout" "cols" "rows" "dx" "dy"] Changes;
    /// One pixel.
    DrawPixel "draw.pixel" ["x" "y" "color" "count" "layout" "cols" "rows" "dx" "dy"] Changes;
    /// A line of text.
    DrawText "draw.text" ["x" "y" "at" "text" "color"] Changes;
    /// The whole canvas in one colour.
    DrawClear "draw.clear" ["color"] Changes;
    /// Opens a window.
    WinOpen "win.open" ["title" "x" "y" "w" "h"] Changes;
    /// Closes a window.
    WinClose "win.close" ["target"] Changes;
    /// Moves a window.
    WinMove "win.move" ["target" "x" "y"] Changes;
    /// Resizes a window.
    WinResize "win.resize" ["target" "w" "h"] Changes;
    /// Brings a window to the front.
    WinFocus "win.focus" ["target"] Changes;
    /// Lists windows.
    WinList "win.list" [] Reads;
    /// Lists servers.
    SrvList "srv.list" [] Reads;
    /// One server's state.
    SrvStatus "srv.status" ["name"] Reads;
    /// Restarts a server.
    SrvRestart "srv.restart" ["name"] Changes;
    /// Kills a server.
    SrvKill "srv.kill" ["name"] Destroys;
    /// Provokes a fault in a server.
    SrvCrash "srv.crash" ["name" "fault"] Destroys;
    /// A server's capabilities.
    SrvCaps "srv.caps" ["name"] Reads;
    /// A server's recent log lines.
    SrvLog "srv.log" ["name"] Reads;
    /// Memory, of all or of one server.
    SysMem "sys.mem" ["name"] Reads;
    /// Disk space and traffic.
    SysDisk "sys.disk" [] Reads;
    /// Processor load, of all cores or of one.
    SysCpu "sys.cpu" ["core"] Reads;
    /// Resources by server.
    SysTop "sys.top" [] Reads;
    /// Live IPC trace.
    SysTrace "sys.trace" [] Reads;
    /// The version.
    SysVersion "sys.version" [] Reads;
    /// Help.
    SysHelp "sys.help" ["topic"] Reads;
    /// The Merkle root of the live state.
    SysRoot "sys.root" [] Reads;
    /// Every executable page and its origin.
    SysAudit "sys.audit" [] Reads;
    /// Turns the machine off.
    SysPoweroff "sys.poweroff" [] Destroys;
    /// Restarts the machine.
    SysReboot "sys.reboot" [] Destroys;
    /// Lists stored modules.
    ModList "mod.list" [] Reads;
    /// Stores a text or a file.
    ModStore "mod.store" ["text" "file"] Changes;
    /// Fetches content by hash.
    ModFetch "mod.fetch" ["hash"] Reads;
    /// Imports a module by hash.
    ModImport "mod.import" ["hash"] Changes;
    /// Physical pages of a module.
    ModPages "mod.pages" ["hash"] Reads;
    /// Runs a module.
    ModRun "mod.run" ["target" "args" "timed"] Changes;
    /// State of the self-improvement loop.
    EvoStatus "evo.status" [] Reads;
    /// Its decisions.
    EvoLog "evo.log" [] Reads;
    /// Stops all change.
    EvoFreeze "evo.freeze" [] Changes;
    /// Allows change again.
    EvoThaw "evo.thaw" [] Changes;
    /// Tries to improve one module now.
    EvoNow "evo.now" ["hash"] Changes;
    /// Goes back to the version before. Not destructive: the newer version stays stored.
    EvoRollback "evo.rollback" ["hash"] Changes;
    /// State of code integrity.
    HealStatus "heal.status" [] Reads;
    /// Checks every code page against its hash now.
    HealScrub "heal.scrub" [] Changes;
    /// State of the inference service.
    AiStatus "ai.status" [] Reads;
    /// Measures it.
    AiBench "ai.bench" [] Reads;
    /// Attaches a model.
    AiAttach "ai.attach" ["model"] Changes;
    /// Asks the model.
    AiAsk "ai.ask" ["text"] Reads;
    /// Lists peers.
    NetPeers "net.peers" [] Reads;
    /// Adds a peer.
    NetPeerAdd "net.peer_add" ["addr"] Changes;
    /// Arithmetic.
    Calc "calc" ["value"] Reads;
}

impl Intent {
    /// The intent of that dotted name.
    pub fn from_name(name: &str) -> Option<Intent> {
        Intent::ALL
            .iter()
            .copied()
            .find(|intent| intent.name() == name)
    }

    /// Whether it draws on the canvas.
    pub fn is_drawing(self) -> bool {
        self.name().starts_with("draw.")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_found() {
        for (i, intent) in Intent::ALL.iter().enumerate() {
            assert_eq!(Intent::from_name(intent.name()), Some(*intent));
            assert!(
                Intent::ALL[i + 1..]
                    .iter()
                    .all(|other| other.name() != intent.name())
            );
        }
        assert_eq!(Intent::from_name("draw.cat"), None);
    }
}
