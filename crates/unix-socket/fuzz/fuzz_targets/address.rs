//! The names of Unix sockets and the text of internet addresses. What is checked is written where the seeded tests have it, too.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| unix_socket::fuzz::address(data));
