//! Every bound on what a module may contain, so that hostile input costs a known amount.
//!
//! The constructors ([`crate::build`], [`crate::binary`], [`crate::text`]) enforce them; a [`crate::Module`] that exists
//! keeps them all.

/// Distinct nodes in a module.
pub const NODES_MAX: usize = 1 << 20;
/// Nodes in one function with sharing undone: what evaluation, printing and compilation walk. Without this bound thirty
/// shared nodes could stand for a billion places.
pub const TREE_NODES_MAX: u32 = 1 << 18;
/// The same, summed over all functions of a module.
pub const MODULE_TREE_NODES_MAX: u64 = 1 << 21;
/// Nesting of nodes. All walks keep their stack on the heap, so this bounds memory, not the machine stack.
pub const DEPTH_MAX: u32 = 4_096;
/// Children of one node.
pub const CHILDREN_MAX: usize = 1 << 16;
/// Functions of a module.
pub const FUNCTIONS_MAX: usize = 1 << 14;
/// Parameters of a function.
pub const PARAMS_MAX: usize = 64;
/// Results of a function in the encodings; the verifier takes one at most for now.
pub const RESULTS_MAX: usize = 16;
/// Parameters and locals of a function.
pub const LOCALS_MAX: usize = 4_096;
/// Code imports, data segments and exports, each.
pub const ITEMS_MAX: usize = 4_096;
/// Bytes of an export's name.
pub const NAME_BYTES_MAX: usize = 256;
/// Bytes of all data segments together.
pub const DATA_BYTES_MAX: usize = 16 << 20;
/// Bytes of a module's binary or text form.
pub const SOURCE_BYTES_MAX: usize = 32 << 20;
/// Pages of a linear memory: 4 GiB.
pub const PAGES_MAX: u32 = 1 << 16;
