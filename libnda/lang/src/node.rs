//! Nodes: the operators of the language, their types and their effects.
//!
//! A program is a tree of nodes, stored as a graph: equal subtrees exist once (hash-consing), yet each place that names
//! a subtree evaluates it again. Children are evaluated left to right. A node's type is fixed by its operator and its
//! children alone, so a subtree means the same wherever it stands: locals and functions carry their types as immediates,
//! and `break` and `continue` count enclosing `scope` and `loop` nodes instead of naming them.
//!
//! | operator | children | type | meaning |
//! |---|---|---|---|
//! | `seq` | any number | the last one's; `never` if any is | one after the other; values before the last are not allowed |
//! | `scope` | body | unit | the body; `break` leaves it |
//! | `loop` | body | unit | the body again and again until `break`; `continue` starts the next turn |
//! | `if` | condition, then | unit | the condition is an `i32`, true if not 0 |
//! | `if` | condition, then, else | the arms' | |
//! | `switch` | selector, arms…, default | unit, or `never` if all arms are | arm number `selector` (unsigned); no fall-through |
//! | `break n`, `continue n` | – | never | leaves, or starts again, the `n`-th enclosing scope or loop |
//! | `return` | the results | never | |
//! | `unreachable` | – | never | traps |
//! | `call f`, `call_import i`, *shim* | the arguments | the result | |
//! | `drop` | a value | unit | |
//! | `select` | a, b, condition | theirs | evaluates all three, gives `a` if the condition is not 0 |
//! | `get l`, `set l` | – / value | the local's / unit | |
//! | loads and stores | address, value | value / unit | [`crate::access`] |
//! | `memory.size`, `memory.grow` | – / pages | `i32` | pages; growing gives the old size, or -1 |
//! | constants, [`NumOp`] | operands | value | [`crate::numeric`] |

use alloc::sync::Arc;
use core::fmt;

use crate::access::{LoadOp, StoreOp};
use crate::numeric::NumOp;
use crate::shim::Shim;
use crate::types::{Type, Value};

/// The place of a node in its arena.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct NodeId(pub(crate) u32);

impl NodeId {
    /// The node's index: children have smaller ones than their parents.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// An operator with its immediates.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Op {
    /// Traps.
    Unreachable,
    /// Evaluates the children in order.
    Seq,
    /// A block that `break` can leave.
    Scope,
    /// Repeats its body until it is left.
    Loop,
    /// One of two ways.
    If,
    /// One of several ways.
    Switch,
    /// Leaves the n-th enclosing scope or loop.
    Break(u32),
    /// Starts the next turn of the n-th enclosing scope or loop, which is a loop.
    Continue(u32),
    /// Leaves the function.
    Return,
    /// Calls a function of this module.
    Call {
        /// Its index.
        function: u32,
        /// Its result type.
        result: Option<Type>,
    },
    /// Calls code imported by hash.
    CallImport {
        /// The import's index.
        import: u32,
        /// Its result type.
        result: Option<Type>,
    },
    /// Calls a host routine.
    Shim(Shim),
    /// Evaluates a value and forgets it.
    Drop,
    /// One of two values.
    Select,
    /// Reads a parameter or local.
    LocalGet {
        /// Its index; parameters come first.
        local: u32,
        /// Its type.
        ty: Type,
    },
    /// Writes a parameter or local.
    LocalSet(u32),
    /// Reads memory.
    Load {
        /// Width and type.
        op: LoadOp,
        /// Added to the address.
        offset: u32,
    },
    /// Writes memory.
    Store {
        /// Width and type.
        op: StoreOp,
        /// Added to the address.
        offset: u32,
    },
    /// The memory's size in pages.
    MemorySize,
    /// Adds pages to the memory.
    MemoryGrow,
    /// A constant.
    Const(Value),
    /// Arithmetic, comparison or conversion.
    Num(NumOp),
}

impl Op {
    /// The effects of the operator itself, without those of its children.
    pub const fn effects(self) -> Effects {
        match self {
            Op::Seq | Op::Scope | Op::If | Op::Switch | Op::Drop | Op::Select | Op::Const(_) => {
                Effects::PURE
            }
            Op::Unreachable => Effects::MAY_TRAP,
            // A loop uses fuel at its head.
            Op::Loop => Effects::MAY_TRAP,
            Op::Break(_) | Op::Continue(_) | Op::Return => Effects::BRANCHES,
            // Until calls are analysed, a call can do whatever a module can.
            Op::Call { .. } | Op::CallImport { .. } => Effects::READS_MEMORY
                .and(Effects::WRITES_MEMORY)
                .and(Effects::READS_HOST)
                .and(Effects::WRITES_HOST)
                .and(Effects::MAY_TRAP),
            Op::Shim(shim) => shim.effects(),
            Op::LocalGet { .. } => Effects::READS_LOCAL,
            Op::LocalSet(_) => Effects::WRITES_LOCAL,
            Op::Load { .. } => Effects::READS_MEMORY.and(Effects::MAY_TRAP),
            Op::Store { .. } => Effects::WRITES_MEMORY.and(Effects::MAY_TRAP),
            Op::MemorySize => Effects::READS_MEMORY,
            Op::MemoryGrow => Effects::READS_MEMORY.and(Effects::WRITES_MEMORY),
            Op::Num(op) => {
                if op.may_trap() {
                    Effects::MAY_TRAP
                } else {
                    Effects::PURE
                }
            }
        }
    }
}

/// What evaluating a node can do or depend on: its effect class.
///
/// Two neighbours may be exchanged only if neither writes what the other reads or writes, at most one of them acts on the
/// host, may trap or branches, and the other then writes nothing that can be seen after a trap.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Effects(u16);

impl Effects {
    /// Nothing: the value depends on the operands alone.
    pub const PURE: Effects = Effects(0);
    /// Reads a local.
    pub const READS_LOCAL: Effects = Effects(1);
    /// Writes a local.
    pub const WRITES_LOCAL: Effects = Effects(2);
    /// Depends on the linear memory or its size.
    pub const READS_MEMORY: Effects = Effects(4);
    /// Changes the linear memory or its size.
    pub const WRITES_MEMORY: Effects = Effects(8);
    /// May trap.
    pub const MAY_TRAP: Effects = Effects(16);
    /// Transfers control out of itself.
    pub const BRANCHES: Effects = Effects(32);
    /// Asks the host something that can change.
    pub const READS_HOST: Effects = Effects(64);
    /// Acts on the world outside.
    pub const WRITES_HOST: Effects = Effects(128);

    /// Both together.
    #[must_use]
    pub const fn and(self, other: Effects) -> Effects {
        Effects(self.0 | other.0)
    }

    /// Whether all of `other` is in here.
    pub const fn contains(self, other: Effects) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether there is no effect at all.
    pub const fn is_pure(self) -> bool {
        self.0 == 0
    }

    /// Whether a value with these effects can be dropped without anyone noticing: it only reads.
    pub const fn is_removable(self) -> bool {
        let reads = Effects::READS_LOCAL.0 | Effects::READS_MEMORY.0 | Effects::READS_HOST.0;
        self.0 & !reads == 0
    }
}

/// The type of a node.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ty {
    /// Ends normally and gives nothing.
    Unit,
    /// Never ends normally.
    Never,
    /// Gives a value.
    Value(Type),
}

impl fmt::Display for Ty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ty::Unit => f.write_str("no value"),
            Ty::Never => f.write_str("a branch that never gives a value"),
            Ty::Value(ty) => write!(f, "{ty}"),
        }
    }
}

/// Why an operator does not fit its children.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TypeError {
    /// The operator takes another number of children.
    Arity {
        /// Children it takes (at least).
        expected: usize,
        /// Children it was given.
        found: usize,
    },
    /// A child has the wrong type.
    Operand {
        /// Which child, from 0.
        child: usize,
        /// The type it needs.
        expected: Type,
        /// The type it has.
        found: Ty,
    },
    /// A child has to be a value and is none.
    NotAValue {
        /// Which child, from 0.
        child: usize,
    },
    /// A child is a value that nothing uses; `drop` says that it is meant.
    UnusedValue {
        /// Which child, from 0.
        child: usize,
    },
    /// The arms of an `if`, or the values of a `select`, have different types.
    ArmsDiffer {
        /// The first one's type.
        first: Ty,
        /// The second one's type.
        second: Ty,
    },
}

impl fmt::Display for TypeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TypeError::Arity { expected, found } => {
                write!(f, "takes {expected} operands, not {found}")
            }
            TypeError::Operand {
                child,
                expected,
                found,
            } => write!(f, "operand {child} must be {expected}, not {found}"),
            TypeError::NotAValue { child } => write!(f, "operand {child} must be a value"),
            TypeError::UnusedValue { child } => {
                write!(f, "the value of operand {child} is unused; drop it")
            }
            TypeError::ArmsDiffer { first, second } => {
                write!(f, "the two ways have different types: {first} and {second}")
            }
        }
    }
}

impl core::error::Error for TypeError {}

/// The type of `op` over children of these types.
pub fn type_of(op: Op, children: &[Ty]) -> Result<Ty, TypeError> {
    match op {
        Op::Unreachable | Op::Break(_) | Op::Continue(_) => {
            operands(children, &[]).map(|()| Ty::Never)
        }
        Op::Seq => type_of_seq(children),
        Op::Scope | Op::Loop => {
            arity(children, 1)?;
            statement(children, 0).map(|()| Ty::Unit)
        }
        Op::If => type_of_if(children),
        Op::Switch => type_of_switch(children),
        Op::Return => values(children).map(|()| Ty::Never),
        Op::Call { result, .. } | Op::CallImport { result, .. } => {
            values(children).map(|()| result.map_or(Ty::Unit, Ty::Value))
        }
        Op::Shim(shim) => {
            operands(children, shim.params())?;
            Ok(shim.result().map_or(Ty::Unit, Ty::Value))
        }
        Op::Drop => {
            arity(children, 1)?;
            values(children).map(|()| Ty::Unit)
        }
        Op::Select => type_of_select(children),
        Op::LocalGet { ty, .. } => operands(children, &[]).map(|()| Ty::Value(ty)),
        Op::LocalSet(_) => {
            arity(children, 1)?;
            values(children).map(|()| Ty::Unit)
        }
        Op::Load { op, .. } => operands(children, &[Type::I32]).map(|()| Ty::Value(op.ty())),
        Op::Store { op, .. } => operands(children, &[Type::I32, op.ty()]).map(|()| Ty::Unit),
        Op::MemorySize => operands(children, &[]).map(|()| Ty::Value(Type::I32)),
        Op::MemoryGrow => operands(children, &[Type::I32]).map(|()| Ty::Value(Type::I32)),
        Op::Const(value) => operands(children, &[]).map(|()| Ty::Value(value.ty())),
        Op::Num(op) => operands(children, op.params()).map(|()| Ty::Value(op.result())),
    }
}

fn type_of_seq(children: &[Ty]) -> Result<Ty, TypeError> {
    let Some((last, before)) = children.split_last() else {
        return Ok(Ty::Unit);
    };
    for child in 0..before.len() {
        statement(children, child)?;
    }
    Ok(if before.contains(&Ty::Never) {
        Ty::Never
    } else {
        *last
    })
}

fn type_of_if(children: &[Ty]) -> Result<Ty, TypeError> {
    if children.len() != 2 {
        arity(children, 3)?;
    }
    operand(children, 0, Type::I32)?;
    if children.len() == 2 {
        return statement(children, 1).map(|()| Ty::Unit);
    }
    match (children[1], children[2]) {
        (first, second) if first == second => Ok(first),
        (Ty::Never, other) | (other, Ty::Never) => Ok(other),
        (first, second) => Err(TypeError::ArmsDiffer { first, second }),
    }
}

fn type_of_switch(children: &[Ty]) -> Result<Ty, TypeError> {
    if children.len() < 2 {
        arity(children, 2)?;
    }
    operand(children, 0, Type::I32)?;
    for child in 1..children.len() {
        statement(children, child)?;
    }
    let returns = children[1..].contains(&Ty::Unit);
    Ok(if returns { Ty::Unit } else { Ty::Never })
}

fn type_of_select(children: &[Ty]) -> Result<Ty, TypeError> {
    arity(children, 3)?;
    values(children)?;
    operand(children, 2, Type::I32)?;
    if children[0] != children[1] {
        return Err(TypeError::ArmsDiffer {
            first: children[0],
            second: children[1],
        });
    }
    Ok(children[0])
}

fn arity(children: &[Ty], expected: usize) -> Result<(), TypeError> {
    let found = children.len();
    if found == expected {
        Ok(())
    } else {
        Err(TypeError::Arity { expected, found })
    }
}

fn operands(children: &[Ty], expected: &[Type]) -> Result<(), TypeError> {
    arity(children, expected.len())?;
    for (child, ty) in expected.iter().enumerate() {
        operand(children, child, *ty)?;
    }
    Ok(())
}

fn operand(children: &[Ty], child: usize, expected: Type) -> Result<(), TypeError> {
    let found = children[child];
    if found == Ty::Value(expected) {
        Ok(())
    } else {
        Err(TypeError::Operand {
            child,
            expected,
            found,
        })
    }
}

fn values(children: &[Ty]) -> Result<(), TypeError> {
    match children.iter().position(|ty| !matches!(ty, Ty::Value(_))) {
        None => Ok(()),
        Some(child) => Err(TypeError::NotAValue { child }),
    }
}

fn statement(children: &[Ty], child: usize) -> Result<(), TypeError> {
    match children[child] {
        Ty::Value(_) => Err(TypeError::UnusedValue { child }),
        Ty::Unit | Ty::Never => Ok(()),
    }
}

/// The children of a node: up to three in place, more behind one shared allocation.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Children {
    /// The first `u8` of the three.
    Few(u8, [NodeId; 3]),
    Many(Arc<[NodeId]>),
}

impl Children {
    pub(crate) fn new(children: &[NodeId]) -> Children {
        if children.len() > 3 {
            return Children::Many(children.into());
        }
        let mut few = [NodeId(0); 3];
        few[..children.len()].copy_from_slice(children);
        Children::Few(children.len() as u8, few)
    }

    pub(crate) fn as_slice(&self) -> &[NodeId] {
        match self {
            Children::Few(len, few) => &few[..usize::from(*len)],
            Children::Many(many) => many,
        }
    }
}

/// A node with what is derived from its children.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Node {
    pub(crate) op: Op,
    pub(crate) children: Children,
    pub(crate) ty: Ty,
    pub(crate) effects: Effects,
    pub(crate) tree_size: u32,
    pub(crate) depth: u32,
}

impl Node {
    /// The operator.
    pub fn op(&self) -> Op {
        self.op
    }

    /// The children, in evaluation order.
    pub fn children(&self) -> &[NodeId] {
        self.children.as_slice()
    }

    /// The type.
    pub fn ty(&self) -> Ty {
        self.ty
    }

    /// The effects of the node and all below it.
    pub fn effects(&self) -> Effects {
        self.effects
    }

    /// Nodes below and including this one with sharing undone.
    pub fn tree_size(&self) -> u32 {
        self.tree_size
    }

    /// Whether the node has no children. Leaves are written out at each use, never as a reference.
    pub fn is_leaf(&self) -> bool {
        self.children().is_empty()
    }
}
