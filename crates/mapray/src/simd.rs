//! The same loop for each instruction set: written once, compiled for each, chosen when it is run.
//!
//! No set changes a result. Nothing here contracts a product and a sum into one operation, and how
//! sums are cut into lanes does not depend on how wide a vector is.

/// A loop that is worth compiling for each instruction set. `run`, and all that it is to take along,
/// must be `#[inline(always)]`: what is not inlined is compiled for the least of the sets only.
pub(crate) trait Kernel {
    fn run(self);
}

/// Runs the loop with the widest vectors that this processor has.
#[inline]
pub(crate) fn dispatch(kernel: impl Kernel) {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has what it takes.
        return unsafe { avx2(kernel) };
    }
    kernel.run();
}

/// Memory is as fast as this already; wider vectors would be more code and no gain.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn avx2(kernel: impl Kernel) {
    kernel.run();
}
