//! The text form: what people and models read and write.
//!
//! ```text
//! module  = "(" "module" item* ")"
//! item    = "(" "memory" min-pages [max-pages] ")"
//!         | "(" "data" offset STRING ")"
//!         | "(" "use" shim* ")"
//!         | "(" "import" [$NAME] HASH-STRING header ")"
//!         | "(" "func" [$NAME] header local* node* ")"
//!         | "(" "export" STRING function ")"
//! header  = ( "(" "export" STRING ")" | "(" "param" ($NAME type | type*) ")" | "(" "result" type* ")" )*
//! local   = "(" "local" ($NAME type | type*) ")"
//! type    = "i32" | "i64" | "f32" | "f64"
//!
//! node    = literal                                     a constant
//!         | local                                       its value
//!         | "(" "set" local node ")"
//!         | "(" "seq" node* ")"
//!         | "(" ("scope" | "loop") [$NAME] node* ")"
//!         | "(" "if" node "(" "then" node* ")" [ "(" "else" node* ")" ] ")"
//!         | "(" "switch" node ( "(" "case" node* ")" )* "(" "else" node* ")" ")"
//!         | "(" ("break" | "continue") [label] ")"
//!         | "(" "return" node* ")" | "(" "unreachable" ")"
//!         | "(" "call" function node* ")" | "(" "call_import" function node* ")"
//!         | "(" ("drop" | "select" | "memory.size" | "memory.grow") node* ")"
//!         | "(" load-or-store ["offset=" INT] node* ")"
//!         | "(" (numeric-operator | shim) node* ")"
//! literal = INT[":i32" | ":i64" | ":f32" | ":f64"] | FLOAT[":f32" | ":f64"] | "#" HEX ":" ("f32" | "f64")
//! local   = "$" INT | $NAME
//! function= INT | $NAME
//! label   = INT | $NAME                                 counted from the innermost scope or loop, 0
//! ```
//!
//! Where several nodes stand in a body or arm, they are one `seq`; exactly one stands for itself. A literal without suffix
//! is an `i32`, or an `f64` if it has a point or an exponent; `#` gives the bits of a float. Integers are decimal or `0x…`,
//! `_` may separate digits. Strings are in `"`, with `\n \t \r \" \\` and `\hh` for any byte. `;;` starts a comment. Items may
//! stand in any order. Names are the writer's own: a module does not keep them, [`print()`] gives numbers.
//!
//! [`print()`] is canonical: the same module always gives the same text, and [`parse()`] of it gives an equal module for every
//! module that passes the verifier.

mod body;
mod cursor;
mod error;
mod lex;
mod literal;
mod parse;
mod print;
#[cfg(test)]
mod tests;

pub use error::{ParseError, ParseErrorKind};
pub use parse::parse;
pub use print::print;
