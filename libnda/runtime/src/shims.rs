//! The bridge from compiled code to a [`Host`]: one entry for all shims.

use core::slice;

use nda_lang::interp::Host;
use nda_lang::shim::SHIM_PARAMS_MAX;
use nda_lang::{Shim, Trap, Value};

use crate::context::{ShimFn, VmContext};

/// The shim table that serves every shim by an `H`.
pub(crate) struct Table<H>(core::marker::PhantomData<H>);

impl<H: Host> Table<H> {
    pub(crate) const ENTRIES: [ShimFn; Shim::ALL.len()] = [serve::<H>; Shim::ALL.len()];
}

/// What compiled code calls.
///
/// # Safety
/// As [`ShimFn`], and `context.host` points to an `H` that nothing else uses meanwhile.
unsafe extern "sysv64" fn serve<H: Host>(context: *mut VmContext, number: u32, slots: *mut u64) {
    // SAFETY: compiled code passes the context it was entered with, and does not run while the shim does.
    let context = unsafe { &mut *context };
    // SAFETY: compiled code passes a block of this many slots on its stack.
    let slots = unsafe { slice::from_raw_parts_mut(slots, SHIM_PARAMS_MAX) };
    // SAFETY: the caller vouches for the host; `Instance` holds the only reference to it.
    let host = unsafe { &mut *context.host.cast::<H>() };
    // SAFETY: the context's memory is valid for its current size, and `Instance` holds the only reference to it.
    let memory =
        unsafe { slice::from_raw_parts_mut(context.memory, context.memory_bytes as usize) };
    context.trap = match call(host, number, slots, memory) {
        Ok(()) => 0,
        Err(trap) => trap as u32,
    };
}

/// The safe body: decodes the arguments, calls, encodes the result.
fn call(
    host: &mut impl Host,
    number: u32,
    slots: &mut [u64],
    memory: &mut [u8],
) -> Result<(), Trap> {
    let shim = Shim::from_number(number).ok_or(Trap::ShimFailed)?;
    let mut args = [Value::I32(0); SHIM_PARAMS_MAX];
    for ((arg, ty), bits) in args.iter_mut().zip(shim.params()).zip(slots.iter()) {
        *arg = Value::from_bits(*ty, *bits).ok_or(Trap::ShimFailed)?;
    }
    let result = host.call(shim, &args[..shim.params().len()], memory)?;
    if let Some(ty) = shim.result() {
        let value = result
            .filter(|value| value.ty() == ty)
            .ok_or(Trap::ShimFailed)?;
        slots[0] = value.to_bits();
    }
    Ok(())
}
