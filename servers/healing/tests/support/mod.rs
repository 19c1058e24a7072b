//! A kernel over plain memory: sealing, one mapping a page, single-entry replacement, and failure at a chosen call.
#![allow(dead_code, reason = "each test file uses its part")]

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use healing::life::{Candidate, Healing};
use healing::{CodeMapper, MapError, Placement};

pub const PAGE: usize = 4096;

/// Frames by number; `pages` of them from `first` in the backing store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frames {
    pub id: usize,
    /// One page of the frames only, for repairs.
    pub page: Option<usize>,
}

#[derive(Default)]
pub struct FakeKernel {
    pub store: Vec<(Vec<u8>, bool)>,
    pub mapped: BTreeMap<u64, (usize, usize)>,
    pub released: BTreeSet<usize>,
    /// Calls that succeed before one fails.
    pub fuse: Cell<Option<u32>>,
    pub busy: Option<Range<u64>>,
}

impl FakeKernel {
    pub fn frames(&mut self, bytes: &[u8], sealed: bool) -> Frames {
        let mut bytes = bytes.to_vec();
        bytes.resize(bytes.len().next_multiple_of(PAGE).max(PAGE), 0);
        self.store.push((bytes, sealed));
        Frames {
            id: self.store.len() - 1,
            page: None,
        }
    }

    pub fn read(&self, address: u64) -> Option<&[u8]> {
        let (id, page) = self.mapped.get(&(address / PAGE as u64 * PAGE as u64))?;
        Some(&self.store[*id].0[page * PAGE..][..PAGE])
    }

    fn burn(&self) -> Result<(), MapError> {
        match self.fuse.get() {
            Some(0) => {
                self.fuse.set(None);
                Err(MapError::Kernel(77))
            }
            left => {
                self.fuse.set(left.map(|left| left - 1));
                Ok(())
            }
        }
    }

    fn executable(&self, frames: &Frames) -> Result<Vec<(usize, usize)>, MapError> {
        assert!(!self.released.contains(&frames.id), "used after release");
        let (bytes, sealed) = &self.store[frames.id];
        if !sealed {
            return Err(MapError::NotSealed);
        }
        Ok(match frames.page {
            Some(page) => vec![(frames.id, page)],
            None => (0..bytes.len() / PAGE)
                .map(|page| (frames.id, page))
                .collect(),
        })
    }
}

impl CodeMapper for FakeKernel {
    type Frames = Frames;

    fn content<'a>(&'a self, frames: &'a Frames) -> Result<&'a [u8], MapError> {
        self.burn()?;
        self.executable(frames)?;
        Ok(&self.store[frames.id].0)
    }

    fn gate_frame(&mut self, image: &[u8]) -> Result<Frames, MapError> {
        self.burn()?;
        assert_eq!(image.len(), PAGE);
        Ok(self.frames(image, true))
    }

    fn map(&mut self, base: u64, frames: &Frames) -> Result<(), MapError> {
        self.burn()?;
        let pages = self.executable(frames)?;
        let at = |index: usize| base + (index * PAGE) as u64;
        if (0..pages.len()).any(|index| self.mapped.contains_key(&at(index))) {
            return Err(MapError::AlreadyMapped);
        }
        for (index, page) in pages.into_iter().enumerate() {
            self.mapped.insert(at(index), page);
        }
        Ok(())
    }

    fn replace(&mut self, page: u64, frames: &Frames) -> Result<(), MapError> {
        self.burn()?;
        let pages = self.executable(frames)?;
        let [one] = pages[..] else {
            return Err(MapError::WrongLength);
        };
        *self.mapped.get_mut(&page).ok_or(MapError::NotMapped)? = one;
        Ok(())
    }

    fn unmap(&mut self, base: u64, frames: &Frames) -> Result<(), MapError> {
        self.burn()?;
        for (index, page) in self.executable(frames)?.into_iter().enumerate() {
            let found = self.mapped.remove(&(base + (index * PAGE) as u64));
            assert_eq!(found, Some(page), "unmapped what was not mapped there");
        }
        Ok(())
    }

    fn release(&mut self, frames: &Frames) -> Result<(), MapError> {
        self.burn()?;
        assert!(self.mapped.values().all(|(id, _)| *id != frames.id));
        assert!(self.released.insert(frames.id), "released twice");
        Ok(())
    }

    fn is_quiet(&self, addresses: Range<u64>) -> bool {
        self.busy
            .as_ref()
            .is_none_or(|busy| busy.end <= addresses.start || busy.start >= addresses.end)
    }
}

/// A body whose bytes tell versions apart.
pub fn body(tag: u8, len: usize) -> Vec<u8> {
    (0..len).map(|at| tag ^ (at % 251) as u8).collect()
}

/// A gate page with one jump, to the first byte of the body.
pub fn gate(place: &Placement) -> Vec<u8> {
    let mut page = vec![0xcc; PAGE];
    let distance = place.body_base as i64 - (place.gate_base as i64 + 5);
    page[0] = 0xe9;
    page[1..5].copy_from_slice(&(distance as i32).to_le_bytes());
    page
}

/// Stages `bytes` at `place`.
pub fn stage(
    healing: &mut Healing<FakeKernel>,
    place: &Placement,
    bytes: &[u8],
) -> Result<(), healing::Error> {
    let frames = healing.mapper_mut().frames(bytes, true);
    let image = gate(place);
    let candidate = Candidate {
        frames,
        len_bytes: bytes.len() as u64,
        hash: *blake3::hash(bytes).as_bytes(),
        gate_image: &image,
    };
    healing.stage(place.module, place.generation, candidate)
}

/// The first byte that a call through the gate runs, if the gate is mapped. Panics if the gate leads nowhere.
pub fn call(kernel: &FakeKernel, gate_base: u64) -> Option<u8> {
    let gate = kernel.read(gate_base)?;
    assert_eq!(gate[0], 0xe9);
    let distance = i32::from_le_bytes(gate[1..5].try_into().unwrap());
    let target = (gate_base + 5).wrapping_add_signed(distance.into());
    let code = kernel.read(target).expect("a gate leads to mapped code");
    Some(code[target as usize % PAGE])
}
