//! Compiled code by what determines it: source, options, processor.
//!
//! The compiler gives the same bytes for the same key, so an entry never becomes wrong, only unused. Entries carry the time
//! of their last use, as a count of uses; the one used longest ago leaves first. With [`ENTRIES_MAX`] entries a scan for it
//! costs less than the compilation that needs the room.
//!
//! Invariants: (1) `code_bytes` is the sum over the entries and never exceeds the bound; (2) at most [`ENTRIES_MAX`] entries.

use alloc::vec::Vec;

use nda_jit::{CompiledModule, Options};
use nda_lang::{Hash, Shim};

/// Entries at most.
pub const ENTRIES_MAX: usize = 1024;

/// What determines compiled code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CodeKey {
    /// BLAKE3 of the module's binary form, of which there is one a module.
    pub source: Hash,
    /// Effort, NaN results and the processor's features.
    pub options: Options,
}

/// A compiled module with what is needed to answer for it again.
#[derive(Debug)]
pub struct Entry {
    /// What determines it.
    pub key: CodeKey,
    /// The module's own hash.
    pub module: Hash,
    /// BLAKE3 of the code.
    pub body_hash: [u8; 32],
    /// The shims it uses, for the link check of later requests.
    pub uses: Vec<Shim>,
    /// The code.
    pub compiled: CompiledModule,
    /// Ticks that compiling it took.
    pub compile_ticks: u64,
}

/// A bounded store of compiled code.
#[derive(Debug)]
pub struct Cache {
    entries: Vec<(u64, Entry)>,
    uses: u64,
    code_bytes: usize,
    code_bytes_max: usize,
}

impl Cache {
    /// An empty cache for at most `code_bytes_max` bytes of code.
    pub fn new(code_bytes_max: usize) -> Self {
        Self {
            entries: Vec::new(),
            uses: 0,
            code_bytes: 0,
            code_bytes_max,
        }
    }

    /// The entry of `key`, which becomes the most recently used.
    pub fn get(&mut self, key: &CodeKey) -> Option<&Entry> {
        let index = self.position(key)?;
        self.uses += 1;
        let (used, entry) = &mut self.entries[index];
        *used = self.uses;
        Some(entry)
    }

    /// Whether `key` has an entry; does not count as a use.
    pub fn contains(&self, key: &CodeKey) -> bool {
        self.position(key).is_some()
    }

    /// Puts `entry` in, in the place of those used longest ago. `None` if it is larger than the
    /// whole cache, which then stays as it is.
    pub fn insert(&mut self, entry: Entry) -> Option<&Entry> {
        let len = entry.compiled.code.len();
        if len > self.code_bytes_max {
            return None;
        }
        if let Some(same) = self.position(&entry.key) {
            self.remove(same);
        }
        while self.entries.len() == ENTRIES_MAX || self.code_bytes_max - self.code_bytes < len {
            let ages = self.entries.iter().enumerate();
            match ages.min_by_key(|(_, (used, _))| *used) {
                Some((oldest, _)) => self.remove(oldest),
                None => break,
            }
        }
        self.code_bytes += len;
        self.uses += 1;
        self.entries.push((self.uses, entry));
        self.entries.last().map(|(_, entry)| entry)
    }

    /// Entries in it.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Bytes of code in it.
    pub fn code_bytes(&self) -> usize {
        self.code_bytes
    }

    fn position(&self, key: &CodeKey) -> Option<usize> {
        self.entries.iter().position(|(_, entry)| entry.key == *key)
    }

    fn remove(&mut self, index: usize) {
        let (_, entry) = self.entries.swap_remove(index);
        self.code_bytes -= entry.compiled.code.len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn entry(number: u8, len: usize) -> Entry {
        Entry {
            key: key(number),
            module: Hash([number; 32]),
            body_hash: [0; 32],
            uses: Vec::new(),
            compiled: CompiledModule {
                code: vec![number; len],
                exports: Vec::new(),
                functions: Vec::new(),
            },
            compile_ticks: 0,
        }
    }

    fn key(number: u8) -> CodeKey {
        CodeKey {
            source: Hash([number; 32]),
            options: Options::default(),
        }
    }

    #[test]
    fn other_options_are_another_key() {
        let mut cache = Cache::new(100);
        assert!(cache.insert(entry(1, 10)).is_some());
        let mut other = key(1);
        other.options.features.avx2 = true;
        assert!(cache.get(&other).is_none());
        assert!(cache.get(&key(1)).is_some());
    }

    #[test]
    fn entries_are_bounded_even_when_they_are_empty() {
        let mut cache = Cache::new(0);
        for number in 0..ENTRIES_MAX + 10 {
            let mut one = entry(0, 0);
            one.key.source.0[..8].copy_from_slice(&(number as u64).to_le_bytes());
            assert!(cache.insert(one).is_some());
        }
        assert_eq!(cache.len(), ENTRIES_MAX);
        assert!(cache.insert(entry(1, 1)).is_none());
    }

    proptest! {
        #[test]
        fn it_is_the_list_of_the_most_recently_used(
            ops in proptest::collection::vec((0u8..12, 0usize..40, any::<bool>()), 1..200),
        ) {
            let mut cache = Cache::new(100);
            // Oldest first.
            let mut model: Vec<(u8, usize)> = Vec::new();
            for (number, len, is_insert) in ops {
                let old = model.iter().position(|(one, _)| *one == number);
                if is_insert {
                    if let Some(old) = old {
                        model.remove(old);
                    }
                    while model.iter().map(|(_, len)| len).sum::<usize>() + len > 100 {
                        model.remove(0);
                    }
                    model.push((number, len));
                    prop_assert!(cache.insert(entry(number, len)).is_some());
                } else {
                    let found = cache.get(&key(number)).map(|entry| entry.compiled.code.len());
                    prop_assert_eq!(found, old.map(|old| model[old].1));
                    if let Some(old) = old {
                        let used = model.remove(old);
                        model.push(used);
                    }
                }
                prop_assert_eq!(cache.len(), model.len());
                prop_assert_eq!(cache.code_bytes(), model.iter().map(|(_, len)| len).sum::<usize>());
                for (number, _) in &model {
                    prop_assert!(cache.contains(&key(*number)));
                }
            }
        }
    }
}
