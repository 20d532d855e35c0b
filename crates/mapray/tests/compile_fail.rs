//! What must not compile: the promises that the types make. They are the same on every system.
#![cfg(not(mapray_portable))]

#[test]
fn programs_that_would_break_a_promise_do_not_compile() {
    trybuild::TestCases::new().compile_fail("tests/compile_fail/*.rs");
}
