//! Walking a function in evaluation order without recursion.
//!
//! Printing, encoding, flattening and code generation all follow the same walk; its stack is on the heap, so that no
//! program, however deep, can exhaust the machine stack of the process that handles it.

use alloc::vec::Vec;

use crate::node::{Node, NodeId};

/// A step of the walk. For a node with children `a` and `b` the steps are `Enter`, `Child(0)`, all of `a`, `Child(1)`,
/// all of `b`, `Leave`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// The node is reached.
    Enter(NodeId),
    /// The n-th child of the node is next.
    Child(NodeId, usize),
    /// All children of the node are done.
    Leave(NodeId),
}

/// The walk over a node and all below it, with sharing undone.
#[derive(Debug)]
pub struct Walk<'m> {
    nodes: &'m [Node],
    stack: Vec<(NodeId, usize)>,
    next: Option<NodeId>,
}

impl<'m> Walk<'m> {
    /// Starts at `root`, a node of `nodes`.
    pub fn new(nodes: &'m [Node], root: NodeId) -> Walk<'m> {
        Walk {
            nodes,
            stack: Vec::new(),
            next: Some(root),
        }
    }

    /// After [`Step::Child`]: leaves that child out.
    pub fn skip_child(&mut self) {
        self.next = None;
    }

    /// After [`Step::Enter`] or [`Step::Child`]: leaves out all further children; `Leave` comes next.
    pub fn skip_rest(&mut self) {
        self.next = None;
        if let Some((node, child)) = self.stack.last_mut() {
            *child = self.nodes[node.index()].children().len();
        }
    }
}

impl Iterator for Walk<'_> {
    type Item = Step;

    fn next(&mut self) -> Option<Step> {
        if let Some(node) = self.next.take() {
            self.stack.push((node, 0));
            return Some(Step::Enter(node));
        }
        let (node, child) = self.stack.last_mut()?;
        let (id, index) = (*node, *child);
        match self.nodes[id.index()].children().get(index) {
            Some(next) => {
                *child += 1;
                self.next = Some(*next);
                Some(Step::Child(id, index))
            }
            None => {
                self.stack.pop();
                Some(Step::Leave(id))
            }
        }
    }
}
