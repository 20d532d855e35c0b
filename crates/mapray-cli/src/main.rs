//! The `mapray` command.

#[allow(dead_code, unused_imports, reason = "the subcommands that print arrays call it")]
mod render;

fn main() {}
