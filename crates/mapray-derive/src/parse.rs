//! What a struct says, and what it must not.

use std::collections::HashSet;

use proc_macro2::Span;
use syn::ext::IdentExt;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{
    Attribute, Data, DeriveInput, Error, Fields, Ident, LitStr, Member, Meta, Result, Token, Type,
};

/// A struct that is to be a record.
pub struct Record<'a> {
    pub name: &'a Ident,
    pub fields: Vec<Field<'a>>,
}

/// One of its fields.
pub struct Field<'a> {
    pub member: Member,
    pub ty: &'a Type,
    pub role: Role,
}

/// What a field is to the dtype.
pub enum Role {
    /// A field too.
    Named { name: String, title: Option<String> },
    /// Nothing.
    Padding,
}

/// # Errors
///
/// Where no record can be made of it.
pub fn record(input: &DeriveInput) -> Result<Record<'_>> {
    let refuse = |span: Span, message: &str| Err(Error::new(span, message));
    let fields = match &input.data {
        Data::Struct(data) => &data.fields,
        Data::Enum(data) => {
            let message = "an enum cannot be a record: a file may hold a number that is none of \
                           its variants; use the integer";
            return refuse(data.enum_token.span(), message);
        }
        Data::Union(data) => {
            let message = "a union cannot be a record: its fields share their bytes";
            return refuse(data.union_token.span(), message);
        }
    };
    if !input.generics.params.is_empty() {
        let message = "a record cannot have parameters: its dtype is that of one struct";
        return refuse(input.generics.span(), message);
    }
    require_repr_c(input)?;
    if let Some(attribute) =
        input.attrs.iter().find(|attribute| attribute.path().is_ident("record"))
    {
        return refuse(attribute.span(), "`record(…)` stands at a field");
    }
    let span = match fields {
        Fields::Unit => input.ident.span(),
        fields => fields.span(),
    };
    let fields: Vec<_> = fields.iter().enumerate().map(field).collect::<Result<_>>()?;
    let mut taken = HashSet::new();
    for (i, field) in fields.iter().enumerate() {
        let Role::Named { name, title } = &field.role else { continue };
        for text in [Some(name), title.as_ref()].into_iter().flatten() {
            if !taken.insert(text.clone()) {
                let span = fields[i].ty.span();
                return refuse(span, &format!("{text:?} is the name or title of another field"));
            }
        }
    }
    if taken.is_empty() {
        return refuse(span, "a record needs a field");
    }
    Ok(Record { name: &input.ident, fields })
}

fn field((index, field): (usize, &syn::Field)) -> Result<Field<'_>> {
    let (member, name) = match &field.ident {
        Some(ident) => (Member::Named(ident.clone()), ident.unraw().to_string()),
        None => (Member::Unnamed(index.into()), format!("f{index}")),
    };
    let said = Said::of(&field.attrs)?;
    let role = if said.padding {
        Role::Padding
    } else {
        Role::Named { name: said.name.unwrap_or(name), title: said.title }
    };
    Ok(Field { member, ty: &field.ty, role })
}

/// What the attributes of a field say.
#[derive(Default)]
struct Said {
    name: Option<String>,
    title: Option<String>,
    padding: bool,
}

impl Said {
    fn of(attributes: &[Attribute]) -> Result<Said> {
        let mut said = Said::default();
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("record")) {
            attribute.parse_nested_meta(|meta| {
                if meta.path.is_ident("padding") {
                    said.padding = true;
                    return Ok(());
                }
                let (text, what) = if meta.path.is_ident("rename") {
                    (&mut said.name, "name")
                } else if meta.path.is_ident("title") {
                    (&mut said.title, "title")
                } else {
                    return Err(meta.error("expected `rename`, `title` or `padding`"));
                };
                let literal: LitStr = meta.value()?.parse()?;
                if literal.value().is_empty() {
                    let message = format!(
                        "an empty {what} means padding to NumPy; that is `#[record(padding)]`"
                    );
                    return Err(Error::new(literal.span(), message));
                }
                match text.replace(literal.value()) {
                    None => Ok(()),
                    Some(_) => Err(Error::new(literal.span(), format!("the second {what}"))),
                }
            })?;
            if said.padding && (said.name.is_some() || said.title.is_some()) {
                return Err(Error::new(attribute.span(), "padding has neither name nor title"));
            }
        }
        Ok(said)
    }
}

/// Checks that the struct lies in memory as it is written.
fn require_repr_c(input: &DeriveInput) -> Result<()> {
    for attribute in input.attrs.iter().filter(|attribute| attribute.path().is_ident("repr")) {
        let parts = attribute.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated)?;
        if parts.iter().any(|part| part.path().is_ident("C")) {
            return Ok(());
        }
    }
    let message = "a record must be `#[repr(C)]`, or `#[repr(C, packed)]` for NumPy's default \
                   without padding: else Rust may put its fields in any order";
    Err(Error::new(input.ident.span(), message))
}
