//! The `mapray` command.

#[allow(dead_code, unused_imports)]
mod render;
mod tour;

fn main() {
    let done = tour::run(&mut std::io::stdout().lock());
    std::process::exit(i32::from(!done.is_ok_and(|good| good)));
}
