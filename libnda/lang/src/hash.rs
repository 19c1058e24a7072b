//! Identities: the Merkle hashes of nodes, functions and modules.
//!
//! `hash(node) = BLAKE3(opcode, type, immediates, hashes of the children)`, the first three spelled as in the binary form
//! ([`crate::binary`]), where the type is either an immediate or follows from the operator and the children. A function's
//! hash binds its signature, its locals, its body and all that it can call, a module's everything in it. Each kind starts
//! with its own tag, so that no two kinds can be confused. Names and layout of the source have no part in it.

use alloc::collections::BTreeSet;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

use crate::binary::encode;
use crate::module::{Function, Module};
use crate::node::{NodeId, Op};

/// A BLAKE3 hash.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// The hash of plain bytes.
    pub fn of(bytes: &[u8]) -> Hash {
        Hash(*blake3::hash(bytes).as_bytes())
    }

    /// Reads 64 hexadecimal digits, as [`fmt::Display`] writes them.
    pub fn from_hex(text: &str) -> Option<Hash> {
        let digits = text.as_bytes();
        if digits.len() != 64 {
            return None;
        }
        let mut hash = [0; 32];
        for (byte, pair) in hash.iter_mut().zip(digits.chunks_exact(2)) {
            let high = (pair[0] as char).to_digit(16)?;
            let low = (pair[1] as char).to_digit(16)?;
            *byte = (high << 4 | low) as u8;
        }
        Some(Hash(hash))
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hash({self})")
    }
}

const NODE_TAG: u8 = b'n';
const CONTENT_TAG: u8 = b'c';
const FUNCTION_TAG: u8 = b'f';
const IMPORT_TAG: u8 = b'i';
const MODULE_TAG: u8 = b'm';

/// The hash of every node of `module`, by node index. Costs one short BLAKE3 a distinct node.
pub fn nodes(module: &Module) -> Vec<Hash> {
    let mut hashes: Vec<Hash> = Vec::with_capacity(module.nodes().len());
    let mut message = Vec::new();
    for node in module.nodes() {
        message.clear();
        message.push(NODE_TAG);
        encode::op(&mut message, node.op(), node.children().len());
        for child in node.children() {
            message.extend_from_slice(&hashes[child.index()].0);
        }
        hashes.push(Hash::of(&message));
    }
    hashes
}

/// The hash of what each function is made of, by function index. Calls name their callees by index, so this alone does not
/// say what a function does.
fn contents(module: &Module) -> Vec<Hash> {
    let nodes = nodes(module);
    let content = |function: &Function| {
        let mut message = vec![CONTENT_TAG];
        encode::signature(&mut message, &function.signature);
        encode::types(&mut message, &function.locals);
        message.extend_from_slice(&nodes[function.body.index()].0);
        Hash::of(&message)
    };
    module.functions().iter().map(content).collect()
}

/// The identity of function `index` of `module`, the one that `import` names: binds the function and every function and
/// import that it can reach, with the indices by which they are called, so that equal hashes mean equal behaviour.
/// Computes all node hashes of the module; then time is in proportion to what is reached.
pub fn function(module: &Module, index: u32) -> Option<Hash> {
    let contents = contents(module);
    let own = contents.get(index as usize)?;
    let mut message = vec![FUNCTION_TAG];
    message.extend_from_slice(&own.0);
    let reached = reach(module, index);
    for function in reached
        .functions
        .into_iter()
        .filter(|reached| *reached != index)
    {
        message.push(FUNCTION_TAG);
        message.extend_from_slice(&function.to_le_bytes());
        message.extend_from_slice(&contents.get(function as usize)?.0);
    }
    for import in reached.imports {
        message.push(IMPORT_TAG);
        message.extend_from_slice(&import.to_le_bytes());
        message.extend_from_slice(&module.imports().get(import as usize)?.hash.0);
    }
    Some(Hash::of(&message))
}

/// What calls can get to, in order of index.
#[derive(Default)]
struct Reached {
    functions: BTreeSet<u32>,
    imports: BTreeSet<u32>,
}

fn reach(module: &Module, index: u32) -> Reached {
    let mut reached = Reached::default();
    let mut seen = vec![false; module.nodes().len()];
    let mut functions = vec![index];
    while let Some(function) = functions.pop() {
        if !reached.functions.insert(function) {
            continue;
        }
        let body = module
            .functions()
            .get(function as usize)
            .map(|function| function.body);
        let mut nodes: Vec<NodeId> = body.into_iter().collect();
        while let Some(id) = nodes.pop() {
            if core::mem::replace(&mut seen[id.index()], true) {
                continue;
            }
            let node = module.node(id);
            match node.op() {
                Op::Call { function, .. } => functions.push(function),
                Op::CallImport { import, .. } => drop(reached.imports.insert(import)),
                _ => {}
            }
            nodes.extend(node.children());
        }
    }
    reached
}

/// The hash of `module`: the root of its graph.
pub fn module(module: &Module) -> Hash {
    let mut message = vec![MODULE_TAG];
    encode::head(&mut message, module);
    for content in contents(module) {
        message.extend_from_slice(&content.0);
    }
    encode::exports(&mut message, module);
    Hash::of(&message)
}
