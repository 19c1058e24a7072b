//! Gate pages: the page of jumps through which a module is entered, so that replacing the module is replacing one page.
//!
//! ```text
//! slot n, 16 bytes, n = position of the export:
//!   +0  jmp native    e9 rel32, int3 …    for compiled callers: fn(context, arguments…)
//!   +8  jmp entry     e9 rel32, int3 …    for hosts:            fn(context, values)
//! ```
//!
//! A caller keeps the address of a slot for good. The new version of a module must have the same exports in the same order,
//! which is alphabetical. Unused slots are `int3`.

use alloc::boxed::Box;
use alloc::vec;
use core::fmt;

use crate::CompiledModule;

/// Bytes of a gate page.
pub const GATE_PAGE_BYTES: usize = 4096;
/// Bytes of a slot.
pub const GATE_SLOT_BYTES: usize = 16;
/// Exports that a gate page has room for.
pub const GATE_EXPORTS_MAX: usize = GATE_PAGE_BYTES / GATE_SLOT_BYTES;
/// Where in a slot the jump to the entry adapter is.
const ENTRY_OFFSET: usize = 8;

/// Why no gate page could be made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum GateError {
    /// The module has more exports than [`GATE_EXPORTS_MAX`].
    TooManyExports(usize),
    /// The gate is more than 2 GiB away from the code.
    TooFar,
}

impl fmt::Display for GateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            GateError::TooManyExports(count) => {
                write!(
                    f,
                    "{count} exports, a gate page has room for {GATE_EXPORTS_MAX}"
                )
            }
            GateError::TooFar => f.write_str("the gate is too far from the code"),
        }
    }
}

impl core::error::Error for GateError {}

/// The image of a gate page that will be at `gate_base`, for `module` with its code at `code_base`.
pub fn gate_page(
    module: &CompiledModule,
    gate_base: u64,
    code_base: u64,
) -> Result<Box<[u8]>, GateError> {
    if module.exports.len() > GATE_EXPORTS_MAX {
        return Err(GateError::TooManyExports(module.exports.len()));
    }
    let mut page = vec![0xcc; GATE_PAGE_BYTES].into_boxed_slice();
    for (index, export) in module.exports.iter().enumerate() {
        let slot = index * GATE_SLOT_BYTES;
        jump(&mut page, slot, gate_base, code_base, export.native)?;
        jump(
            &mut page,
            slot + ENTRY_OFFSET,
            gate_base,
            code_base,
            export.entry,
        )?;
    }
    Ok(page)
}

impl CompiledModule {
    /// Offset in the gate page of the jump to the entry adapter of the export `name`.
    pub fn gate_entry(&self, name: &str) -> Option<usize> {
        let index = self.exports.iter().position(|export| export.name == name)?;
        Some(index * GATE_SLOT_BYTES + ENTRY_OFFSET)
    }

    /// Offset in the gate page of the jump to the native entry of the export `name`.
    pub fn gate_native(&self, name: &str) -> Option<usize> {
        let index = self.exports.iter().position(|export| export.name == name)?;
        Some(index * GATE_SLOT_BYTES)
    }
}

/// Writes `jmp rel32` at `at`.
fn jump(
    page: &mut [u8],
    at: usize,
    gate_base: u64,
    code_base: u64,
    target: u32,
) -> Result<(), GateError> {
    let next = i128::from(gate_base) + at as i128 + 5;
    let distance = i128::from(code_base) + i128::from(target) - next;
    let distance = i32::try_from(distance).map_err(|_| GateError::TooFar)?;
    page[at] = 0xe9;
    page[at + 1..at + 5].copy_from_slice(&distance.to_le_bytes());
    Ok(())
}
