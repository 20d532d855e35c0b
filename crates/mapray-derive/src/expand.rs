//! The code that makes a struct an element.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

use crate::parse::{Field, Record, Role};

/// All implementations for a struct.
pub fn record(record: &Record) -> TokenStream {
    let name = record.name;
    let members: Vec<_> = record.fields.iter().map(|field| &field.member).collect();
    let types: Vec<_> = record.fields.iter().map(|field| field.ty).collect();
    let parts = record.fields.iter().filter_map(|field| part(record, field));
    let stores = record.fields.iter().filter_map(store);
    let swapped = record.fields.iter().map(swapped);
    // `Part::new` asks for the same of the others.
    let are_fields = record.fields.iter().filter(|field| is_padding(field)).map(|field| {
        let ty = field.ty;
        quote_spanned! { ty.span() => ::mapray::__derived::is_field::<#ty>(); }
    });
    // Declared padding is stored as zeros, so the bytes in memory will not do.
    let declared = record.fields.iter().any(is_padding);
    let proof = if declared {
        quote! { ::core::option::Option::None }
    } else {
        quote! {{
            #[allow(unused_imports)]
            use ::mapray::__derived::Unproved as _;
            ::mapray::__derived::Probe::<#name>::PROOF
        }}
    };
    quote! {
        #[automatically_derived]
        const _: () = {
            #(#are_fields)*
            ::core::assert!(
                ::core::mem::size_of::<#name>() <= 2147483647,
                "a record has at most 2147483647 bytes"
            );

            // SAFETY: the struct is `repr(C)`, and each field is a `RecordField` (checked above and in
            // `MAPRAY_PARTS`), for which any bytes will do, zeros included.
            unsafe impl ::mapray::__derived::bytemuck::Zeroable for #name {}

            // SAFETY: as above; padding may hold anything. A `RecordField` is or consists of
            // `AnyBitPattern`s, so there are neither pointers nor cells in it.
            unsafe impl ::mapray::__derived::bytemuck::AnyBitPattern for #name {}

            // SAFETY: the struct has only fields that are `Gapless`, and is as long as all of them
            // together, so no byte of it is padding. (The `for` makes these conditions ones that
            // may fail.)
            unsafe impl ::mapray::__derived::bytemuck::NoUninit for #name
            where
                for<'always> ::mapray::__derived::Gaps<{
                    ::core::mem::size_of::<#name>() == 0 #(+ ::core::mem::size_of::<#types>())*
                }>: ::mapray::__derived::HasNoGaps,
                #(for<'always> #types: ::mapray::__derived::Gapless,)*
            {
            }

            const MAPRAY_PARTS: &[::mapray::__derived::Part] = &[#(#parts),*];

            impl ::mapray::Element for #name {
                fn dtype() -> ::mapray::DType {
                    ::mapray::__derived::dtype(::core::mem::size_of::<#name>(), MAPRAY_PARTS)
                }

                fn views(dtype: &::mapray::DType) -> bool {
                    ::mapray::__derived::views(dtype, ::core::mem::size_of::<#name>(), MAPRAY_PARTS)
                }

                fn swap_bytes(self) -> Self {
                    #name {
                        #(#members: #swapped,)*
                    }
                }
            }

            impl ::mapray::WritableElement for #name {
                const NO_PADDING: ::core::option::Option<::mapray::element::NoPadding<#name>> =
                    #proof;

                fn store(&self, bytes: &mut [u8]) {
                    #(#stores)*
                }
            }
        };
    }
}

fn is_padding(field: &Field) -> bool {
    matches!(field.role, Role::Padding)
}

/// The value of the field in the other byte order.
fn swapped(field: &Field) -> TokenStream {
    let (ty, member) = (field.ty, &field.member);
    quote_spanned! { ty.span() => ::mapray::__derived::swapped::<#ty>(self.#member) }
}

/// The field as the dtype sees it.
fn part(record: &Record, field: &Field) -> Option<TokenStream> {
    let Role::Named { name, title } = &field.role else { return None };
    let (ty, member, of) = (field.ty, &field.member, record.name);
    let title = match title {
        Some(title) => quote! { ::core::option::Option::Some(#title) },
        None => quote! { ::core::option::Option::None },
    };
    Some(quote_spanned! { ty.span() =>
        ::mapray::__derived::Part::new::<#ty>(
            #name,
            #title,
            ::core::mem::offset_of!(#of, #member),
        )
    })
}

/// Puts the bytes of the field in their place.
fn store(field: &Field) -> Option<TokenStream> {
    let Role::Named { .. } = &field.role else { return None };
    let (ty, member) = (field.ty, &field.member);
    Some(quote_spanned! { ty.span() => {
        // Packed fields cannot be borrowed.
        let value = self.#member;
        let start = ::core::mem::offset_of!(Self, #member);
        let end = start + ::core::mem::size_of::<#ty>();
        ::mapray::__derived::WritableField::field_store(&value, &mut bytes[start..end]);
    }})
}
