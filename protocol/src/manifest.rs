//! The capability topology as `init` reads it: made from `servers/system.toml` when the image is built.

use serde::{Deserialize, Serialize};

/// The whole system: its servers in start order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {}
