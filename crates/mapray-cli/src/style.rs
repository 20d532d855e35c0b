//! Colours, and where they are wanted.

use std::ffi::OsString;

use anstyle::{AnsiColor, Style};
use clap::ValueEnum;

/// The names of columns.
pub const HEAD: Style = Style::new().bold();
/// What only says what something else is.
pub const FAINT: Style = Style::new().dimmed();
/// Something wrong.
pub const BAD: Style = AnsiColor::Red.on_default().bold();

/// When to use colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, ValueEnum)]
pub enum When {
    /// On a terminal, unless NO_COLOR is set
    #[default]
    Auto,
    /// Everywhere
    Always,
    /// Nowhere
    Never,
}

impl When {
    /// For everything that is printed from now on.
    pub fn apply(self) {
        let choice = match self {
            When::Auto => anstream::ColorChoice::Auto,
            When::Always => anstream::ColorChoice::Always,
            When::Never => anstream::ColorChoice::Never,
        };
        choice.write_global();
    }

    /// The same for the help, which is printed before all arguments have been understood.
    pub fn for_help(args: impl Iterator<Item = OsString>) -> clap::ColorChoice {
        let mut choice = clap::ColorChoice::Auto;
        let mut is_next = false;
        for arg in args.take_while(|arg| arg != "--") {
            let arg = arg.to_string_lossy();
            let value = if is_next { Some(&*arg) } else { arg.strip_prefix("--color=") };
            choice = match value {
                Some("always") => clap::ColorChoice::Always,
                Some("never") => clap::ColorChoice::Never,
                Some("auto") => clap::ColorChoice::Auto,
                _ => choice,
            };
            is_next = arg == "--color";
        }
        choice
    }
}
