//! The `mapray` command.

fn main() {}
