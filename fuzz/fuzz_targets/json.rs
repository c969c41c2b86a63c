#![no_main]

use adapters::decode::Format;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| fuzz::document(bytes, Format::Json));
