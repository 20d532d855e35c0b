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
    let are_fields = types.iter().map(|ty| {
        quote_spanned! { ty.span() => is_field::<#ty>(); }
    });
    // Declared padding is stored as zeros, so the bytes in memory will not do.
    let declared = record.fields.iter().any(|field| matches!(field.role, Role::Padding));
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
            const fn is_field<T: ::mapray::__derived::RecordField>() {}
            #(#are_fields)*
            ::core::assert!(
                ::core::mem::size_of::<#name>() <= 2147483647,
                "a record has at most 2147483647 bytes"
            );

            // SAFETY: the struct is `repr(C)`, and each field is a `RecordField` (checked above),
            // for which any bytes will do, zeros included.
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

            const PARTS: &[::mapray::__derived::Part] = &[#(#parts),*];

            impl ::mapray::Element for #name {
                fn dtype() -> ::mapray::DType {
                    ::mapray::__derived::dtype(::core::mem::size_of::<#name>(), PARTS)
                }

                fn views(dtype: &::mapray::DType) -> bool {
                    ::mapray::__derived::views(dtype, ::core::mem::size_of::<#name>(), PARTS)
                }

                fn swap_bytes(self) -> Self {
                    #name {
                        #(#members: ::mapray::__derived::RecordField::field_swapped(
                            self.#members
                        ),)*
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

/// The field as the dtype sees it.
fn part(record: &Record, field: &Field) -> Option<TokenStream> {
    let Role::Named { name, title } = &field.role else { return None };
    let (ty, member, of) = (field.ty, &field.member, record.name);
    let title = match title {
        Some(title) => quote! { ::core::option::Option::Some(#title) },
        None => quote! { ::core::option::Option::None },
    };
    Some(quote! {
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
