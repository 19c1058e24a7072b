//! The binary form: compact, postfix, with shared subtrees written once.
//!
//! ```text
//! file      = "NDA" 0x00, version:u, head, functions, exports
//! head      = memory, data, uses, imports
//! memory    = 0x00 | 0x01 min_pages:u max_pages:u
//! data      = count:u (offset:u, length:u, byte*)*
//! uses      = count:u (shim number:u)*                      ascending
//! imports   = count:u (hash: 32 bytes, signature)*
//! signature = types types                                   parameters, results
//! types     = count:u (type code: byte)*
//! functions = count:u (signature, types)*, then count times: token* 0x0b
//! exports   = count:u (length:u, UTF-8 name, function:u)*   ascending by name
//! ```
//!
//! `u` is unsigned LEB128, `s` signed. A token is an opcode with its immediates; it takes its children from a stack, the
//! last one on top, and pushes itself. `0xfe index:u` pushes an earlier node again, counting only nodes that have children,
//! from 0, in the order in which their tokens end, over the whole module. At `0x0b` exactly the body is on the stack. So a
//! decoder knows at each token what may come next, and what is on the stack is typed.
//!
//! | opcode | token | opcode | token |
//! |---|---|---|---|
//! | `00` | unreachable | `12` | call_import import:u arguments:u result |
//! | `01` | seq children:u | `13` | shim number:u |
//! | `02` `03` | scope, loop | `1a` `1b` | drop, select |
//! | `04` `05` | if without, with else | `20` | get local:u type |
//! | `06` | switch children:u | `21` | set local:u |
//! | `0b` | end of the body | `28`–`3e` | loads and stores, offset:u |
//! | `0c` `0d` | break n:u, continue n:u | `3f` `40` | memory.size, memory.grow |
//! | `0f` | return values:u | `41`–`44` | constants: s, s, 4 bytes, 8 bytes |
//! | `10` | call function:u arguments:u result | `45`–`cf` | numeric operators |
//!
//! A *result* is a type code, or `40` for none. There is one encoding of each module: LEB128 is minimal, a node with
//! children that occurred before must be a reference, a leaf must not be. [`decode()`] refuses everything else, so that
//! `encode(decode(b)) == b` for all `b` that it accepts. Opcodes not in the table are refused (`11`, `fd` and `ff` are kept
//! for indirect calls, vectors and extensions).

mod decode;
pub(crate) mod encode;

pub use decode::{DecodeError, DecodeErrorKind, decode};
pub use encode::encode;

/// The first bytes of the binary form.
pub const MAGIC: [u8; 4] = *b"NDA\0";
/// The version this crate writes and reads.
pub const VERSION: u32 = 1;

pub(crate) mod opcode {
    pub const UNREACHABLE: u8 = 0x00;
    pub const SEQ: u8 = 0x01;
    pub const SCOPE: u8 = 0x02;
    pub const LOOP: u8 = 0x03;
    pub const IF: u8 = 0x04;
    pub const IF_ELSE: u8 = 0x05;
    pub const SWITCH: u8 = 0x06;
    pub const END: u8 = 0x0b;
    pub const BREAK: u8 = 0x0c;
    pub const CONTINUE: u8 = 0x0d;
    pub const RETURN: u8 = 0x0f;
    pub const CALL: u8 = 0x10;
    pub const CALL_IMPORT: u8 = 0x12;
    pub const SHIM: u8 = 0x13;
    pub const DROP: u8 = 0x1a;
    pub const SELECT: u8 = 0x1b;
    pub const LOCAL_GET: u8 = 0x20;
    pub const LOCAL_SET: u8 = 0x21;
    pub const MEMORY_SIZE: u8 = 0x3f;
    pub const MEMORY_GROW: u8 = 0x40;
    pub const CONST_I32: u8 = 0x41;
    pub const CONST_I64: u8 = 0x42;
    pub const CONST_F32: u8 = 0x43;
    pub const CONST_F64: u8 = 0x44;
    pub const REFERENCE: u8 = 0xfe;
    /// In the place of a result type: no result.
    pub const NO_RESULT: u8 = 0x40;
}

#[cfg(test)]
mod tests;
