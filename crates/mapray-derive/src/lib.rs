//! `#[derive(Record)]`, which `mapray` re-exports and documents.

mod expand;
mod parse;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Makes a `#[repr(C)]` struct an element of arrays; `mapray::Record` says how.
#[proc_macro_derive(Record, attributes(record))]
pub fn derive_record(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    let expanded = parse::record(&input).map(|record| expand::record(&record));
    expanded.unwrap_or_else(|error| error.into_compile_error()).into()
}
