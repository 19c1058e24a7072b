//! The life of a module's generations, from a reserved address to a reclaimed one.
//!
//! ```text
//!            1 reserve            2 stage           3 swap           4 confirm
//!   (none) ───────────▶ Reserved ─────────▶ Staged ────────▶ Canary ──────────▶ Installed
//!                          │                  │                │                    │
//!                          │ 2f stage failed  │                │ 5 rollback         │ 4 the next one
//!                          │ 6 discard        │ 6 discard      │                    │   is confirmed
//!                          ▼                  ▼                ▼                    ▼
//!                          └──────────────────┴───▶ Retired ◀──┴────────────────────┘
//!                                                      │ 7 reclaim
//!                                                      ▼
//!                                                   (none)
//! ```
//!
//! 1. [`Healing::reserve`] sets a run of pages aside; the first time also the module's gate page.
//! 2. [`Healing::stage`] checks the body's hash and the gate's jumps, maps the body and prepares the gate frame. Nothing can
//!    reach it yet. Whatever fails (2f) retires the generation with all that it holds.
//! 3. [`Healing::swap`] puts the gate frame in place: the one step that callers can notice, and a single table entry.
//! 4. [`Healing::confirm`] ends the trial; the generation before is retired.
//! 5. [`Healing::rollback`] puts the frame of the generation before back, again one entry.
//! 6. [`Healing::discard`] gives up what was never reached.
//! 7. [`Healing::reclaim`] unmaps and releases, once no thread runs there. It can be repeated after a failure and goes on
//!    where it stopped.
//!
//! Invariants: (1) the gate page maps the frame of the canary if there is one, else of the installed generation, else
//! nothing; (2) at most one generation is Reserved, Staged or Canary, at most one is Installed; (3) what the gate maps jumps
//! into a body that is mapped; (4) an address belongs to one generation until that is reclaimed.
//!
//! Decided against: writing the jumps of a mapped gate page one by one (callers would see a mixture, and the page would have
//! to be writable), and unmapping the old body at the swap (a thread may be in the middle of it).

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::ops::Range;

use protocol::abi::layout::PAGE_SIZE;

use crate::gate::{self, GateError};
use crate::mapper::{CodeMapper, MapError};
use crate::region::{CodeRegion, PageRun, RegionError};

/// Modules at most: with [`GENERATIONS_MAX`] this stays below the region's number of runs.
pub const MODULES_MAX: usize = 1024;
/// Generations of one module that are not reclaimed: the installed one, a canary, and retired ones that threads may be in.
pub const GENERATIONS_MAX: usize = 8;

/// A BLAKE3 hash of a body.
pub type BodyHash = [u8; 32];

/// A module's number, never given twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ModuleId(pub u32);

/// Why a request was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// No such module.
    UnknownModule,
    /// No such generation of the module.
    UnknownGeneration,
    /// [`MODULES_MAX`] modules exist, or all numbers were given.
    TooManyModules,
    /// [`GENERATIONS_MAX`] generations are not reclaimed yet.
    TooManyGenerations,
    /// Another generation of this module is on its way.
    CandidatePending,
    /// The generation is not in a state that allows this.
    WrongState(State),
    /// There is no generation before, to go back to.
    NoPrevious,
    /// A body of no bytes or more than was reserved.
    BadLength,
    /// The body's bytes do not have the hash that was claimed.
    WrongHash,
    /// There is something other than zeros or breakpoints after the body's end.
    DirtyTail,
    /// A thread may still be in it.
    StillRunning,
    /// The gate page is not one.
    Gate(GateError),
    /// No addresses.
    Region(RegionError),
    /// The kernel refused.
    Map(MapError),
}

impl From<MapError> for Error {
    fn from(error: MapError) -> Self {
        Self::Map(error)
    }
}

impl From<RegionError> for Error {
    fn from(error: RegionError) -> Self {
        Self::Region(error)
    }
}

/// Where a generation is in its life; see the diagram in [`crate::life`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Has addresses and no code.
    Reserved,
    /// Mapped and checked; nothing calls it.
    Staged,
    /// Behind the gate, on trial.
    Canary,
    /// Behind the gate, or what a roll-back of the canary restores.
    Installed,
    /// No longer reachable through the gate, not yet gone.
    Retired,
}

/// Where a generation's body and its module's gate are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placement {
    /// The module.
    pub module: ModuleId,
    /// The generation, counted from 1.
    pub generation: u32,
    /// Address of the gate page, the same for all generations.
    pub gate_base: u64,
    /// Address of the body.
    pub body_base: u64,
}

/// Body frames that were claimed to be code, and what was claimed about them.
#[derive(Debug)]
pub struct Candidate<'a, F> {
    /// The sealed frames.
    pub frames: F,
    /// Bytes of code in them.
    pub len_bytes: u64,
    /// BLAKE3 of these bytes.
    pub hash: BodyHash,
    /// The page of jumps for this generation's placement.
    pub gate_image: &'a [u8],
}

/// One version of a module.
#[derive(Debug)]
pub struct Generation<F> {
    pub(crate) number: u32,
    pub(crate) state: State,
    pub(crate) hash: BodyHash,
    pub(crate) len_bytes: u64,
    pub(crate) run: PageRun,
    /// Held from [`Healing::stage`] on.
    pub(crate) body: Option<F>,
    pub(crate) is_mapped: bool,
    gate: Option<F>,
}

impl<F> Generation<F> {
    /// Its number, counted from 1.
    pub fn number(&self) -> u32 {
        self.number
    }

    /// Where it is in its life.
    pub fn state(&self) -> State {
        self.state
    }

    /// Its body's hash; zeros while it is Reserved.
    pub fn hash(&self) -> BodyHash {
        self.hash
    }

    /// The addresses of its code.
    pub fn addresses(&self) -> Range<u64> {
        self.run.base()..self.run.base() + self.len_bytes
    }
}

#[derive(Debug)]
pub(crate) struct Module<F> {
    gate: PageRun,
    generations_made: u32,
    pub(crate) generations: Vec<Generation<F>>,
}

impl<F> Module<F> {
    pub(crate) fn generation(&mut self, number: u32) -> Result<&mut Generation<F>, Error> {
        self.generations
            .iter_mut()
            .find(|generation| generation.number == number)
            .ok_or(Error::UnknownGeneration)
    }

    fn in_state(&mut self, state: State) -> Option<&mut Generation<F>> {
        self.generations
            .iter_mut()
            .find(|generation| generation.state == state)
    }

    /// The generation `number`, which must be in `state`.
    fn expect(&mut self, number: u32, state: State) -> Result<&mut Generation<F>, Error> {
        let generation = self.generation(number)?;
        if generation.state == state {
            Ok(generation)
        } else {
            Err(Error::WrongState(generation.state))
        }
    }
}

/// The module table with the region's addresses and the way to the kernel.
#[derive(Debug)]
pub struct Healing<M: CodeMapper> {
    pub(crate) mapper: M,
    region: CodeRegion,
    pub(crate) modules: BTreeMap<ModuleId, Module<M::Frames>>,
    modules_made: u32,
    pub(crate) scrub_next: (ModuleId, u32),
}

impl<M: CodeMapper> Healing<M> {
    /// An empty table.
    pub fn new(mapper: M) -> Self {
        Self {
            mapper,
            region: CodeRegion::new(),
            modules: BTreeMap::new(),
            modules_made: 0,
            scrub_next: (ModuleId(0), 0),
        }
    }

    /// The way to the kernel.
    pub fn mapper(&self) -> &M {
        &self.mapper
    }

    /// The way to the kernel, to be changed.
    pub fn mapper_mut(&mut self) -> &mut M {
        &mut self.mapper
    }

    /// The generations of `module`, oldest first.
    pub fn generations(&self, module: ModuleId) -> Result<&[Generation<M::Frames>], Error> {
        let module = self.modules.get(&module).ok_or(Error::UnknownModule)?;
        Ok(&module.generations)
    }

    /// The module and generation that a code address belongs to: names the culprit of a fault.
    pub fn find_address(&self, address: u64) -> Option<(ModuleId, u32)> {
        self.find(|generation| generation.addresses().contains(&address))
    }

    /// A generation that has this body and is reachable.
    pub fn find_hash(&self, hash: &BodyHash) -> Option<(ModuleId, u32)> {
        self.find(|generation| {
            matches!(generation.state, State::Canary | State::Installed) && generation.hash == *hash
        })
    }

    fn find(&self, is_it: impl Fn(&Generation<M::Frames>) -> bool) -> Option<(ModuleId, u32)> {
        self.modules.iter().find_map(|(&id, module)| {
            let found = module.generations.iter().find(|one| is_it(one))?;
            Some((id, found.number))
        })
    }

    /// Sets addresses aside for the first generation of a new module (transition 1).
    pub fn reserve_new(&mut self, len_bytes: u64) -> Result<Placement, Error> {
        let pages = pages(len_bytes)?;
        if self.modules.len() == MODULES_MAX || self.modules_made == u32::MAX {
            return Err(Error::TooManyModules);
        }
        let gate = self.region.reserve(1)?;
        let run = match self.region.reserve(pages) {
            Ok(run) => run,
            Err(error) => {
                self.region.release(gate)?;
                return Err(error.into());
            }
        };
        self.modules_made += 1;
        let id = ModuleId(self.modules_made);
        let mut module = Module {
            gate,
            generations_made: 0,
            generations: Vec::with_capacity(GENERATIONS_MAX),
        };
        let placement = add(&mut module, id, run, len_bytes);
        self.modules.insert(id, module);
        Ok(placement)
    }

    /// Sets addresses aside for the next generation of `id` (transition 1).
    pub fn reserve(&mut self, id: ModuleId, len_bytes: u64) -> Result<Placement, Error> {
        let pages = pages(len_bytes)?;
        let module = self.modules.get_mut(&id).ok_or(Error::UnknownModule)?;
        if module
            .generations
            .iter()
            .any(|one| matches!(one.state, State::Reserved | State::Staged | State::Canary))
        {
            return Err(Error::CandidatePending);
        }
        if module.generations.len() == GENERATIONS_MAX || module.generations_made == u32::MAX {
            return Err(Error::TooManyGenerations);
        }
        let run = self.region.reserve(pages)?;
        Ok(add(module, id, run, len_bytes))
    }

    /// Checks and maps the body of a reserved generation and prepares its gate frame (transition 2).
    ///
    /// The candidate's frames belong to the table from here on, also after an error, which retires the generation; only
    /// [`Error::UnknownModule`], [`Error::UnknownGeneration`] and [`Error::WrongState`] leave them with the caller's kernel
    /// slot. At most one pass over the body's bytes.
    pub fn stage(
        &mut self,
        id: ModuleId,
        number: u32,
        candidate: Candidate<'_, M::Frames>,
    ) -> Result<(), Error> {
        let module = self.modules.get_mut(&id).ok_or(Error::UnknownModule)?;
        let gate_base = module.gate.base();
        let generation = module.expect(number, State::Reserved)?;
        let reserved = generation.run.addresses();
        generation.hash = candidate.hash;
        generation.body = None;
        let fits = candidate.len_bytes != 0
            && candidate.len_bytes.div_ceil(PAGE_SIZE) == u64::from(generation.run.pages());
        if fits {
            generation.len_bytes = candidate.len_bytes;
        }
        let body = generation.body.insert(candidate.frames);
        let outcome = if fits {
            let code = reserved.start..reserved.start + candidate.len_bytes;
            check_body(&self.mapper, body, candidate.len_bytes, &candidate.hash)
                .and_then(|()| {
                    gate::check(candidate.gate_image, gate_base, code).map_err(Error::Gate)
                })
                .and_then(|()| Ok(self.mapper.map(reserved.start, body)?))
        } else {
            Err(Error::BadLength)
        };
        generation.is_mapped = outcome.is_ok();
        let outcome = outcome.and_then(|()| Ok(self.mapper.gate_frame(candidate.gate_image)?));
        match outcome {
            Ok(frame) => {
                generation.gate = Some(frame);
                generation.state = State::Staged;
                Ok(())
            }
            Err(error) => {
                generation.state = State::Retired;
                Err(error)
            }
        }
    }

    /// Puts a staged generation behind the gate, on trial (transition 3). After an error the gate is what it was.
    pub fn swap(&mut self, id: ModuleId, number: u32) -> Result<(), Error> {
        let module = self.modules.get_mut(&id).ok_or(Error::UnknownModule)?;
        let gate_base = module.gate.base();
        let has_gate = module.in_state(State::Installed).is_some();
        let generation = module.expect(number, State::Staged)?;
        let frame = generation.gate.as_ref().expect("stage made the gate frame");
        if has_gate {
            self.mapper.replace(gate_base, frame)?;
        } else {
            self.mapper.map(gate_base, frame)?;
        }
        generation.state = State::Canary;
        Ok(())
    }

    /// Ends the trial of the canary and retires the generation before (transition 4).
    pub fn confirm(&mut self, id: ModuleId, number: u32) -> Result<(), Error> {
        let module = self.modules.get_mut(&id).ok_or(Error::UnknownModule)?;
        module.expect(number, State::Canary)?;
        if let Some(before) = module.in_state(State::Installed) {
            before.state = State::Retired;
        }
        module.expect(number, State::Canary)?.state = State::Installed;
        Ok(())
    }

    /// Puts the generation before the canary back behind the gate (transition 5); returns its number. After an error the
    /// canary is still there. The first generation has none before: it is taken away by [`Healing::remove`].
    pub fn rollback(&mut self, id: ModuleId, number: u32) -> Result<u32, Error> {
        let module = self.modules.get_mut(&id).ok_or(Error::UnknownModule)?;
        let gate_base = module.gate.base();
        module.expect(number, State::Canary)?;
        let before = module.in_state(State::Installed).ok_or(Error::NoPrevious)?;
        let restored = before.number;
        let frame = before.gate.as_ref().expect("stage made the gate frame");
        self.mapper.replace(gate_base, frame)?;
        module.expect(number, State::Canary)?.state = State::Retired;
        Ok(restored)
    }

    /// Gives up a generation that was never behind the gate (transition 6).
    pub fn discard(&mut self, id: ModuleId, number: u32) -> Result<(), Error> {
        let module = self.modules.get_mut(&id).ok_or(Error::UnknownModule)?;
        let generation = module.generation(number)?;
        match generation.state {
            State::Reserved | State::Staged => generation.state = State::Retired,
            state => return Err(Error::WrongState(state)),
        }
        Ok(())
    }

    /// Unmaps and releases a retired generation (transition 7). After an error it is still Retired, and calling again goes
    /// on where it stopped; the addresses come back only at the end.
    pub fn reclaim(&mut self, id: ModuleId, number: u32) -> Result<(), Error> {
        let module = self.modules.get_mut(&id).ok_or(Error::UnknownModule)?;
        let generation = module.expect(number, State::Retired)?;
        let run = generation.run;
        if generation.is_mapped {
            if !self.mapper.is_quiet(run.addresses()) {
                return Err(Error::StillRunning);
            }
            let body = generation.body.as_ref().expect("what is mapped is held");
            self.mapper.unmap(run.base(), body)?;
            generation.is_mapped = false;
        }
        for held in [&mut generation.gate, &mut generation.body] {
            if let Some(frames) = held {
                self.mapper.release(frames)?;
                *held = None;
            }
        }
        module.generations.retain(|one| one.number != number);
        self.region.release(run)?;
        Ok(())
    }

    /// Takes a module away: unmaps its gate, so that callers fault, and reclaims all generations. It can be repeated after
    /// an error and goes on where it stopped.
    pub fn remove(&mut self, id: ModuleId) -> Result<(), Error> {
        let module = self.modules.get_mut(&id).ok_or(Error::UnknownModule)?;
        let gate_run = module.gate;
        let shown = match module.in_state(State::Canary) {
            Some(canary) => Some(canary.number),
            None => module.in_state(State::Installed).map(|one| one.number),
        };
        if let Some(number) = shown {
            let generation = module.generation(number)?;
            let frame = generation.gate.as_ref().expect("stage made the gate frame");
            self.mapper.unmap(gate_run.base(), frame)?;
        }
        for generation in &mut module.generations {
            generation.state = State::Retired;
        }
        while let Some(first) = self.modules[&id].generations.first() {
            self.reclaim(id, first.number)?;
        }
        self.modules.remove(&id);
        self.region.release(gate_run)?;
        Ok(())
    }
}

/// Checks that `frames` hold exactly the code that was claimed and nothing behind it.
pub(crate) fn check_body<M: CodeMapper>(
    mapper: &M,
    frames: &M::Frames,
    len_bytes: u64,
    hash: &BodyHash,
) -> Result<(), Error> {
    let content = mapper.content(frames)?;
    let whole = len_bytes.next_multiple_of(PAGE_SIZE);
    if content.len() as u64 != whole {
        return Err(Error::Map(MapError::WrongLength));
    }
    let (code, tail) = content.split_at(len_bytes as usize);
    if blake3::hash(code).as_bytes() != hash {
        return Err(Error::WrongHash);
    }
    if tail.iter().any(|&byte| byte != 0 && byte != 0xcc) {
        return Err(Error::DirtyTail);
    }
    Ok(())
}

/// Pages that hold `len_bytes`.
fn pages(len_bytes: u64) -> Result<u32, Error> {
    let pages = len_bytes.div_ceil(PAGE_SIZE);
    u32::try_from(pages)
        .ok()
        .filter(|&pages| pages != 0)
        .ok_or(Error::BadLength)
}

fn add<F>(module: &mut Module<F>, id: ModuleId, run: PageRun, len_bytes: u64) -> Placement {
    module.generations_made += 1;
    let number = module.generations_made;
    module.generations.push(Generation {
        number,
        state: State::Reserved,
        hash: [0; 32],
        len_bytes,
        run,
        body: None,
        is_mapped: false,
        gate: None,
    });
    Placement {
        module: id,
        generation: number,
        gate_base: module.gate.base(),
        body_base: run.base(),
    }
}
