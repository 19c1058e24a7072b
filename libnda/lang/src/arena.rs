//! The arena: nodes of one module, each distinct node once (hash-consing).
//!
//! The table that finds an equal node is ordered by operator and children, not hashed: its cost is bounded for every input,
//! and the BLAKE3 identities are only computed when someone asks for them ([`crate::hash`]).

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::fmt;

use crate::limits;
use crate::node::{Children, Node, NodeId, Op, Ty, TypeError, type_of};

/// Why a node cannot be added.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NodeError {
    /// The operator does not fit its children.
    Type(TypeError),
    /// The module has [`limits::NODES_MAX`] nodes.
    TooManyNodes,
    /// The node has more than [`limits::CHILDREN_MAX`] children.
    TooManyChildren,
    /// The node and those below are more than [`limits::TREE_NODES_MAX`] with sharing undone.
    TreeTooLarge,
    /// The nodes nest deeper than [`limits::DEPTH_MAX`].
    TooDeep,
}

impl fmt::Display for NodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NodeError::Type(error) => error.fmt(f),
            NodeError::TooManyNodes => f.write_str("too many nodes in the module"),
            NodeError::TooManyChildren => f.write_str("too many operands"),
            NodeError::TreeTooLarge => f.write_str("the function is too large"),
            NodeError::TooDeep => f.write_str("nested too deeply"),
        }
    }
}

impl core::error::Error for NodeError {}

impl From<TypeError> for NodeError {
    fn from(error: TypeError) -> NodeError {
        NodeError::Type(error)
    }
}

/// Nodes and the table that keeps them distinct.
#[derive(Default, Debug)]
pub(crate) struct Arena {
    nodes: Vec<Node>,
    index: BTreeMap<(Op, Children), NodeId>,
}

impl Arena {
    /// Adds a node, or finds the equal one. The flag says whether it is new.
    pub(crate) fn intern(
        &mut self,
        op: Op,
        children: &[NodeId],
    ) -> Result<(NodeId, bool), NodeError> {
        if children.len() > limits::CHILDREN_MAX {
            return Err(NodeError::TooManyChildren);
        }
        let key = (op, Children::new(children));
        if let Some(id) = self.index.get(&key) {
            return Ok((*id, false));
        }
        let node = self.derive(op, children, &key.1)?;
        let id = NodeId(self.nodes.len() as u32);
        self.nodes.push(node);
        self.index.insert(key, id);
        Ok((id, true))
    }

    fn derive(&self, op: Op, children: &[NodeId], stored: &Children) -> Result<Node, NodeError> {
        if self.nodes.len() >= limits::NODES_MAX {
            return Err(NodeError::TooManyNodes);
        }
        let types: Vec<Ty> = children.iter().map(|child| self.get(*child).ty).collect();
        let ty = type_of(op, &types)?;
        let (mut tree_size, mut depth, mut effects) = (1u32, 1u32, op.effects());
        for child in children {
            let child = self.get(*child);
            tree_size = tree_size.saturating_add(child.tree_size);
            depth = depth.max(child.depth + 1);
            effects = effects.and(child.effects);
        }
        if tree_size > limits::TREE_NODES_MAX {
            return Err(NodeError::TreeTooLarge);
        }
        if depth > limits::DEPTH_MAX {
            return Err(NodeError::TooDeep);
        }
        Ok(Node {
            op,
            children: stored.clone(),
            ty,
            effects,
            tree_size,
            depth,
        })
    }

    pub(crate) fn get(&self, id: NodeId) -> &Node {
        &self.nodes[id.index()]
    }

    pub(crate) fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    pub(crate) fn into_nodes(self) -> Vec<Node> {
        self.nodes
    }
}
