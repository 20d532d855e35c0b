//! From a dtype known at run time to the type that its elements are loaded as.

/// Runs `$body` with `$T` standing for the type of the elements: for booleans, integers and
/// floating-point numbers, and for what the further arms name, the last of which is for all others.
macro_rules! for_type {
    ($kind:expr, $T:ident => $body:expr, { $($pattern:pat => $Other:ty,)* } else $otherwise:expr) => {{
        use $crate::dtype::Kind;
        #[allow(unused_imports, reason = "not every caller names them")]
        use $crate::element::{Bool8, DateTime64, TimeDelta64};
        #[allow(unused_imports, reason = "not every caller names them")]
        use num_complex::Complex;
        match $kind {
            Kind::Bool => { type $T = Bool8; $body }
            Kind::Int8 => { type $T = i8; $body }
            Kind::Int16 => { type $T = i16; $body }
            Kind::Int32 => { type $T = i32; $body }
            Kind::Int64 => { type $T = i64; $body }
            Kind::UInt8 => { type $T = u8; $body }
            Kind::UInt16 => { type $T = u16; $body }
            Kind::UInt32 => { type $T = u32; $body }
            Kind::UInt64 => { type $T = u64; $body }
            Kind::Float16 => { type $T = half::f16; $body }
            Kind::Float32 => { type $T = f32; $body }
            Kind::Float64 => { type $T = f64; $body }
            $($pattern => { type $T = $Other; $body })*
            _ => $otherwise,
        }
    }};
}

pub(crate) use for_type;
