//! The `mapray` command.

#[allow(dead_code, reason = "the subcommands that print arrays call it")]
mod render;

fn main() {}
