//! Archives that are edited: members added, replaced, removed and aligned, without rewriting the others.

mod align;
mod editor;
mod guard;
mod in_place;
mod options;
mod rewrite;

pub use align::Aligned;
pub use editor::NpzEditor;
pub(super) use editor::Opened;
pub(super) use guard::Guard;
pub use options::NpzEditOptions;
