//! Complex numbers: real part first, then imaginary.

use num_complex::Complex;

use super::Element;
use super::traits::without_padding;
use crate::DType;
use crate::dtype::Kind;

macro_rules! complex {
    ($($part:ty => $kind:ident),*) => {$(
        without_padding!([] Complex<$part>);

        impl Element for Complex<$part> {
            fn dtype() -> DType {
                DType::native(Kind::$kind)
            }

            #[inline]
            fn swap_bytes(self) -> Self {
                Complex::new(Element::swap_bytes(self.re), Element::swap_bytes(self.im))
            }
        }
    )*};
}

complex!(f32 => Complex64, f64 => Complex128);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn swap_bytes_swaps_each_part_and_keeps_their_order() {
        // np.array([1.5-2j], '>c8').tobytes()
        let mut bytes = [0x3f, 0xc0, 0, 0, 0xc0, 0, 0, 0];
        if cfg!(target_endian = "big") {
            bytes[..4].reverse();
            bytes[4..].reverse();
        }
        let foreign: Complex<f32> = bytemuck::pod_read_unaligned(&bytes);
        assert_eq!(foreign.swap_bytes(), Complex::new(1.5, -2.0));
    }
}
