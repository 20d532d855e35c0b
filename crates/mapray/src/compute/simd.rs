//! The same loop for each instruction set: written once, compiled for each, chosen when it is run.
//!
//! No set changes a result. Nothing here contracts a product and a sum into one operation, and how
//! sums are cut into lanes does not depend on how wide a vector is.

/// A loop that is worth compiling for each instruction set. `run`, and all that it is to take along,
/// must be `#[inline(always)]`: what is not inlined is compiled for the least of the sets only.
pub(super) trait Kernel {
    fn run(self);
}

/// Runs the loop with the widest vectors that this processor has.
#[inline]
pub(super) fn dispatch(kernel: impl Kernel) {
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl")
        {
            // SAFETY: the processor has what it takes.
            return unsafe { avx512(kernel) };
        }
        if is_x86_feature_detected!("avx2") {
            // SAFETY: as above.
            return unsafe { avx2(kernel) };
        }
    }
    kernel.run();
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn avx2(kernel: impl Kernel) {
    kernel.run();
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,avx512f,avx512bw,avx512dq,avx512vl")]
fn avx512(kernel: impl Kernel) {
    kernel.run();
}
