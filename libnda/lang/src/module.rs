//! Modules: functions, memory, data, imports and exports over one graph of nodes.
//!
//! Invariants of every [`Module`], kept by the one place that makes them (`Module::assemble`):
//! (1) each distinct node exists once, none is unused, and their order is the postfix order of the functions, so equal
//! modules are equal field by field; (2) each node fits its children ([`crate::node::type_of`]); (3) all of
//! [`crate::limits`] hold. Whether the parts fit *each other* is what [`crate::verify`] decides.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

use crate::arena::{Arena, NodeError};
use crate::hash::Hash;
use crate::limits;
use crate::node::{Node, NodeId};
use crate::shim::Shim;
use crate::types::{MemoryType, Type};
use crate::walk::{Step, Walk};

/// Parameter and result types.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Signature {
    /// Parameters, in order.
    pub params: Vec<Type>,
    /// Results; the verifier takes one at most for now.
    pub results: Vec<Type>,
}

impl Signature {
    /// The signature with these parameters and at most one result.
    pub fn new(params: &[Type], result: Option<Type>) -> Signature {
        Signature {
            params: params.to_vec(),
            results: result.into_iter().collect(),
        }
    }

    /// The result, if there is one.
    pub fn result(&self) -> Option<Type> {
        self.results.first().copied()
    }
}

/// A function.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Function {
    /// Parameters and results.
    pub signature: Signature,
    /// Locals beside the parameters, all zero at the start.
    pub locals: Vec<Type>,
    /// The body: one node, whose value is the result.
    pub body: NodeId,
}

impl Function {
    /// The type of parameter or local `index`.
    pub fn local(&self, index: u32) -> Option<Type> {
        let index = index as usize;
        let params = &self.signature.params;
        match params.get(index) {
            Some(ty) => Some(*ty),
            None => self.locals.get(index - params.len()).copied(),
        }
    }
}

/// Code of another module, named by the hash of the function it must be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CodeImport {
    /// The function's hash.
    pub hash: Hash,
    /// Its signature as this module understands it.
    pub signature: Signature,
}

/// Bytes that are in the memory at the start.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DataSegment {
    /// Where.
    pub offset: u32,
    /// What.
    pub bytes: Vec<u8>,
}

/// A function that can be called from outside.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Export {
    /// The name.
    pub name: String,
    /// The function's index.
    pub function: u32,
}

/// The parts of a module beside its nodes.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(crate) struct Parts {
    /// The linear memory, if there is one.
    pub memory: Option<MemoryType>,
    /// Data segments, applied in order.
    pub data: Vec<DataSegment>,
    /// Capability imports: the shims that the module may call, in number order.
    pub uses: Vec<Shim>,
    /// Code imports.
    pub imports: Vec<CodeImport>,
    /// Functions.
    pub functions: Vec<Function>,
    /// Exports, in order of name.
    pub exports: Vec<Export>,
}

/// A program, well-formed but not yet verified.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Module {
    parts: Parts,
    nodes: Vec<Node>,
}

/// Why parts do not make a module.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ModuleError {
    /// A node cannot exist.
    Node(NodeError),
    /// More of something than [`limits`] allows; the text names it.
    TooMany(&'static str),
    /// All functions together have more than [`limits::MODULE_TREE_NODES_MAX`] nodes with sharing undone.
    TooLarge,
    /// A function was declared and never given a body.
    NoBody {
        /// Its index.
        function: u32,
    },
}

impl fmt::Display for ModuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ModuleError::Node(error) => error.fmt(f),
            ModuleError::TooMany(what) => write!(f, "too many {what}"),
            ModuleError::TooLarge => f.write_str("the functions together are too large"),
            ModuleError::NoBody { function } => write!(f, "function {function} has no body"),
        }
    }
}

impl core::error::Error for ModuleError {}

impl From<NodeError> for ModuleError {
    fn from(error: NodeError) -> ModuleError {
        ModuleError::Node(error)
    }
}

impl Module {
    /// Makes a module of parts whose bodies are nodes of `arena`, dropping what no function uses.
    pub(crate) fn assemble(mut parts: Parts, arena: &Arena) -> Result<Module, ModuleError> {
        check_counts(&parts)?;
        parts.uses.sort_unstable();
        parts.uses.dedup();
        parts.exports.sort_by(|a, b| a.name.cmp(&b.name));
        let mut places: Vec<Option<NodeId>> = vec![None; arena.nodes().len()];
        let mut kept = Arena::default();
        let mut tree_nodes = 0u64;
        for function in &mut parts.functions {
            tree_nodes += u64::from(arena.get(function.body).tree_size());
            function.body = copy(arena, &mut kept, &mut places, function.body)?;
        }
        if tree_nodes > limits::MODULE_TREE_NODES_MAX {
            return Err(ModuleError::TooLarge);
        }
        Ok(Module {
            parts,
            nodes: kept.into_nodes(),
        })
    }

    /// The linear memory, if there is one.
    pub fn memory(&self) -> Option<MemoryType> {
        self.parts.memory
    }

    /// Data segments.
    pub fn data(&self) -> &[DataSegment] {
        &self.parts.data
    }

    /// Capability imports, in number order.
    pub fn uses(&self) -> &[Shim] {
        &self.parts.uses
    }

    /// Code imports.
    pub fn imports(&self) -> &[CodeImport] {
        &self.parts.imports
    }

    /// Functions.
    pub fn functions(&self) -> &[Function] {
        &self.parts.functions
    }

    /// Exports, in order of name.
    pub fn exports(&self) -> &[Export] {
        &self.parts.exports
    }

    /// The index of the function exported as `name`.
    pub fn export(&self, name: &str) -> Option<u32> {
        let found = self.exports().iter().find(|export| export.name == name)?;
        Some(found.function)
    }

    /// Every node, children before parents.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// A node of this module.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.index()]
    }

    /// Walks the tree at `root` in evaluation order.
    pub fn walk(&self, root: NodeId) -> Walk<'_> {
        Walk::new(&self.nodes, root)
    }
}

fn check_counts(parts: &Parts) -> Result<(), ModuleError> {
    let within = |what, count: usize, max: usize| {
        if count > max {
            Err(ModuleError::TooMany(what))
        } else {
            Ok(())
        }
    };
    let signature = |signature: &Signature| {
        within("parameters", signature.params.len(), limits::PARAMS_MAX)?;
        within("results", signature.results.len(), limits::RESULTS_MAX)
    };
    within("functions", parts.functions.len(), limits::FUNCTIONS_MAX)?;
    within("data segments", parts.data.len(), limits::ITEMS_MAX)?;
    within("imports", parts.imports.len(), limits::ITEMS_MAX)?;
    within("exports", parts.exports.len(), limits::ITEMS_MAX)?;
    let data: usize = parts.data.iter().map(|segment| segment.bytes.len()).sum();
    within("bytes of data", data, limits::DATA_BYTES_MAX)?;
    for import in &parts.imports {
        signature(&import.signature)?;
    }
    for function in &parts.functions {
        signature(&function.signature)?;
        let locals = function.signature.params.len() + function.locals.len();
        within("locals", locals, limits::LOCALS_MAX)?;
    }
    for export in &parts.exports {
        within("bytes in a name", export.name.len(), limits::NAME_BYTES_MAX)?;
    }
    Ok(())
}

/// Copies the nodes under `root` that are not yet in `to`, in postfix order.
fn copy(
    from: &Arena,
    to: &mut Arena,
    places: &mut [Option<NodeId>],
    root: NodeId,
) -> Result<NodeId, NodeError> {
    let mut walk = Walk::new(from.nodes(), root);
    while let Some(step) = walk.next() {
        match step {
            Step::Enter(node) if places[node.index()].is_some() => walk.skip_rest(),
            Step::Leave(node) if places[node.index()].is_none() => {
                let source = from.get(node);
                let children: Vec<NodeId> = source
                    .children()
                    .iter()
                    .map(|child| places[child.index()].expect("children are left before parents"))
                    .collect();
                places[node.index()] = Some(to.intern(source.op(), &children)?.0);
            }
            Step::Enter(_) | Step::Child(..) | Step::Leave(_) => {}
        }
    }
    Ok(places[root.index()].expect("the root is left last"))
}
