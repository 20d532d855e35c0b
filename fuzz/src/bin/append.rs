#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| mapray_fuzz::append::check(bytes));
