//! Scrubbing: mapped bodies compared with their hashes, one body a call, round and round.
//!
//! A sealed frame does not change by software; memory that loses a bit does change it. The tail after a body is compared as
//! well. A damaged body is repaired page by page from pristine frames: all pages that differ are the damaged ones, so any
//! mixture of old and new pages on the way is as good as what it replaces.

use crate::life::{Error, Healing, ModuleId, check_body};
use crate::mapper::CodeMapper;

/// What one step of scrubbing found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scrubbed {
    /// No body is mapped.
    Nothing,
    /// The body is what it was.
    Intact(ModuleId, u32),
    /// The body is not what it was, or cannot be read.
    Damaged(ModuleId, u32, Error),
}

impl<M: CodeMapper> Healing<M> {
    /// Compares the next mapped body with its hash. One pass over that body's bytes.
    pub fn scrub_step(&mut self) -> Scrubbed {
        let mapped = |after: (ModuleId, u32)| {
            self.modules
                .range(after.0..)
                .flat_map(|(&id, module)| module.generations.iter().map(move |one| (id, one)))
                .find(|(id, one)| (*id, one.number) > after && one.is_mapped)
        };
        let start = (ModuleId(0), 0);
        let Some((id, generation)) = mapped(self.scrub_next).or_else(|| mapped(start)) else {
            return Scrubbed::Nothing;
        };
        let number = generation.number;
        let body = generation.body.as_ref().expect("what is mapped is held");
        let outcome = check_body(&self.mapper, body, generation.len_bytes, &generation.hash);
        self.scrub_next = (id, number);
        match outcome {
            Ok(()) => Scrubbed::Intact(id, number),
            Err(error) => Scrubbed::Damaged(id, number, error),
        }
    }

    /// Puts pristine frames in the place of a damaged body, each of one page and in order, and gives the old ones back.
    ///
    /// `whole` and `pages` are the same frames, as one and one by one. They are checked like a new body; nothing changes if
    /// they are not the same code. After a kernel error some pages may be the new ones; calling again finishes.
    pub fn repair(
        &mut self,
        id: ModuleId,
        number: u32,
        whole: M::Frames,
        pages: &[M::Frames],
    ) -> Result<(), Error> {
        let module = self.modules.get_mut(&id).ok_or(Error::UnknownModule)?;
        let generation = module.generation(number)?;
        if !generation.is_mapped {
            return Err(Error::WrongState(generation.state));
        }
        if pages.len() != generation.run.pages() as usize {
            return Err(Error::BadLength);
        }
        check_body(&self.mapper, &whole, generation.len_bytes, &generation.hash)?;
        let addresses = generation.run.addresses().step_by(PAGE_STEP);
        for (page, frame) in addresses.zip(pages) {
            self.mapper.replace(page, frame)?;
        }
        if let Some(old) = generation.body.replace(whole) {
            self.mapper.release(&old)?;
        }
        Ok(())
    }
}

/// Bytes from page to page, as an iterator's step.
const PAGE_STEP: usize = protocol::abi::layout::PAGE_SIZE as usize;
