//! What the verifier finds wrong, and where.

use alloc::string::String;
use core::fmt;

use crate::node::{NodeId, Ty};
use crate::shim::Shim;
use crate::types::Type;

/// Why a module is refused, and where.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VerifyError {
    /// The function, if the fault is in one.
    pub function: Option<u32>,
    /// The node, if the fault is at one.
    pub node: Option<NodeId>,
    /// The reason.
    pub kind: VerifyErrorKind,
}

/// Why a module is refused.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum VerifyErrorKind {
    /// `v128` is part of the language but not yet supported.
    VectorsReserved,
    /// Several results are part of the encoding but not yet supported.
    SeveralResults,
    /// The memory's minimum is above its maximum, or its maximum above 4 GiB.
    BadMemorySize,
    /// A data segment does not fit the memory's minimum size.
    DataOutsideMemory {
        /// The segment's index.
        segment: u32,
    },
    /// The module has no memory and uses it.
    NoMemory,
    /// There is no function with this index.
    NoSuchFunction(u32),
    /// There is no code import with this index.
    NoSuchImport(u32),
    /// There is no parameter or local with this index.
    NoSuchLocal(u32),
    /// Two exports have the same name.
    DuplicateExport(String),
    /// A local is used with another type than it has.
    LocalType {
        /// The local.
        local: u32,
        /// The type at this use.
        found: Ty,
    },
    /// There are not that many enclosing scopes and loops.
    NoSuchLabel {
        /// The number in `break` or `continue`.
        depth: u32,
    },
    /// `continue` names a scope.
    ContinueOfScope {
        /// The number in `continue`.
        depth: u32,
    },
    /// The body does not give the function's result.
    BodyType {
        /// The declared result.
        expected: Option<Type>,
        /// The body's type.
        found: Ty,
    },
    /// `return` does not give the function's result.
    ReturnType {
        /// The declared result.
        expected: Option<Type>,
        /// What is returned.
        found: Ty,
    },
    /// A call has the wrong number of arguments.
    ArgumentCount {
        /// Parameters of the callee.
        expected: usize,
        /// Arguments.
        found: usize,
    },
    /// An argument has the wrong type.
    ArgumentType {
        /// Which argument, from 0.
        argument: usize,
        /// The parameter's type.
        expected: Type,
        /// The argument's type.
        found: Ty,
    },
    /// A call is written with another result type than its callee has.
    CallResult,
    /// A shim is called that the module does not declare.
    UndeclaredShim(Shim),
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(function) = self.function {
            write!(f, "function {function}")?;
            if let Some(node) = self.node {
                write!(f, ", node {}", node.index())?;
            }
            f.write_str(": ")?;
        }
        self.kind.fmt(f)
    }
}

impl fmt::Display for VerifyErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use VerifyErrorKind as Kind;
        let result = |ty: &Option<Type>| ty.map_or("no value", Type::name);
        match self {
            Kind::VectorsReserved => f.write_str("v128 is not supported yet"),
            Kind::SeveralResults => f.write_str("several results are not supported yet"),
            Kind::BadMemorySize => f.write_str("the memory's size is out of range"),
            Kind::DataOutsideMemory { segment } => {
                write!(f, "data segment {segment} does not fit the memory")
            }
            Kind::NoMemory => f.write_str("the module has no memory"),
            Kind::NoSuchFunction(index) => write!(f, "there is no function {index}"),
            Kind::NoSuchImport(index) => write!(f, "there is no import {index}"),
            Kind::NoSuchLocal(index) => write!(f, "there is no local {index}"),
            Kind::DuplicateExport(name) => write!(f, "{name:?} is exported twice"),
            Kind::LocalType { local, found } => write!(f, "local {local} is not {found}"),
            Kind::NoSuchLabel { depth } => {
                write!(f, "there is no enclosing scope or loop number {depth}")
            }
            Kind::ContinueOfScope { depth } => write!(f, "number {depth} is a scope, not a loop"),
            Kind::BodyType { expected, found } => {
                write!(f, "the body gives {found}, not {}", result(expected))
            }
            Kind::ReturnType { expected, found } => {
                write!(f, "returns {found}, not {}", result(expected))
            }
            Kind::ArgumentCount { expected, found } => {
                write!(f, "the callee takes {expected} arguments, not {found}")
            }
            Kind::ArgumentType {
                argument,
                expected,
                found,
            } => write!(f, "argument {argument} must be {expected}, not {found}"),
            Kind::CallResult => f.write_str("the callee has another result type"),
            Kind::UndeclaredShim(shim) => {
                write!(f, "the shim {} is not declared", shim.name())
            }
        }
    }
}

impl core::error::Error for VerifyError {}
