//! Reads lines from standard input and prints what the grammar understands of each, as `cargo xtask understand` does.

use std::io::BufRead;

use shell::understand::{Context, understand};

fn main() {
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        println!("{}", understand(&line, &Context::default()).to_json());
    }
}
