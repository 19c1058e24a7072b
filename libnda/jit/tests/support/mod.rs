//! Runs a module interpreted and compiled, and says what can be seen of each run.

#![allow(dead_code, reason = "each test crate uses its part")]

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use memmap2::{Mmap, MmapMut};
use nda_jit::{CompiledModule, GATE_PAGE_BYTES, gate_page};
use nda_lang::interp::{self, Host, RunError};
use nda_lang::types::PAGE_BYTES;
use nda_lang::{Capability, CapabilitySet, Shim, Trap, Value, VerifiedModule};
use nda_runtime::{Entry, Instance, Limits};

pub const FUEL: u64 = 2_000;
const PAGES: u32 = 2;

/// Writes down each call; refuses some, and changes the memory in some.
#[derive(Default, Debug)]
pub struct Recorder {
    pub log: Vec<String>,
}

impl Host for Recorder {
    fn call(
        &mut self,
        shim: Shim,
        args: &[Value],
        memory: &mut [u8],
    ) -> Result<Option<Value>, Trap> {
        let args: Vec<String> = args.iter().map(Value::to_string).collect();
        self.log.push(format!("{} {}", shim.name(), args.join(" ")));
        match shim {
            Shim::DrawPixel if args[0].starts_with('-') => return Err(Trap::BadShimArgument),
            Shim::DrawClear => {
                if let Some(byte) = memory.first_mut() {
                    *byte ^= 0x55;
                }
            }
            _ => {}
        }
        Ok(shim.result().map(|_| Value::I32(640)))
    }
}

/// What can be seen of a run.
#[derive(PartialEq, Eq, Debug)]
pub struct Outcome {
    pub result: Result<Option<Value>, RunError>,
    pub log: Vec<String>,
    pub memory_len: usize,
    pub memory_hash: u64,
    pub fuel: u64,
}

impl Outcome {
    fn new(
        result: Result<Option<Value>, RunError>,
        log: Vec<String>,
        memory: &[u8],
        fuel: u64,
    ) -> Outcome {
        let mut hasher = DefaultHasher::new();
        memory.hash(&mut hasher);
        Outcome {
            result,
            log,
            memory_len: memory.len(),
            memory_hash: hasher.finish(),
            fuel,
        }
    }
}

pub fn interpret(module: &VerifiedModule, name: &str, args: &[Value]) -> Outcome {
    let limits = interp::Limits {
        fuel: FUEL,
        memory_pages: PAGES,
        call_depth: 1_000,
    };
    let all = CapabilitySet::of(&Capability::ALL);
    let mut host = Recorder::default();
    let mut instance = interp::Instance::new(module, all, limits).unwrap();
    let result = instance.call(&mut host, name, args);
    Outcome::new(result, host.log, instance.memory(), instance.fuel())
}

/// A gate page followed by the code, mapped executable.
pub struct Loaded {
    map: Mmap,
}

impl Loaded {
    pub fn new(compiled: &CompiledModule) -> Loaded {
        let mut map = MmapMut::map_anon(GATE_PAGE_BYTES + compiled.code.len().max(1)).unwrap();
        let base = map.as_ptr() as u64;
        let gate = gate_page(compiled, base, base + GATE_PAGE_BYTES as u64).unwrap();
        map[..GATE_PAGE_BYTES].copy_from_slice(&gate);
        map[GATE_PAGE_BYTES..][..compiled.code.len()].copy_from_slice(&compiled.code);
        Loaded {
            map: map.make_exec().unwrap(),
        }
    }

    /// The address of the gate of export `name`.
    pub fn entry(&self, compiled: &CompiledModule, name: &str) -> *const u8 {
        self.map[compiled.gate_entry(name).unwrap()..].as_ptr()
    }

    /// The address of the code.
    pub fn code(&self) -> *const u8 {
        self.map[GATE_PAGE_BYTES..].as_ptr()
    }
}

pub fn run(
    module: &VerifiedModule,
    compiled: &CompiledModule,
    loaded: &Loaded,
    name: &str,
    args: &[Value],
) -> Outcome {
    let mut memory = vec![0; PAGES as usize * PAGE_BYTES as usize];
    let mut host = Recorder::default();
    let limits = Limits {
        fuel: FUEL,
        stack_bytes: 256 * 1024,
    };
    let all = CapabilitySet::of(&Capability::ALL);
    let mut instance = Instance::new(module, all, &mut memory, &mut host, limits).unwrap();
    let export = compiled.export(name).unwrap();
    let signature = &module.functions()[export.function as usize].signature;
    let gate = loaded.entry(compiled, name);
    // SAFETY: 1. `Loaded::new` placed the code and the gate as the compiler said, and the gate leads to the adapter of this
    // export. 2. `loaded` outlives the call. 3. The instance is of the same module.
    let entry = unsafe { Entry::new(gate, signature) };
    let result = instance.call(entry, args);
    let (memory, fuel) = (instance.memory().to_vec(), instance.fuel());
    Outcome::new(result, host.log, &memory, fuel)
}
