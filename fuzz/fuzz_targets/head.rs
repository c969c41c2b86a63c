#![no_main]

use libfuzzer_sys::fuzz_target;
use server::head::Head;

// However the bytes of a head are cut, it is the same head.
fuzz_target!(|parts: Vec<Vec<u8>>| {
    let (mut cut, mut whole) = (Head::default(), Head::default());
    let mut ends = 0;
    for part in &parts {
        ends += usize::from(cut.read(part));
        if cut.refusal().is_some() {
            return;
        }
    }
    let ended = whole.read(&parts.concat());
    assert_eq!((ended, cut.is_begun()), (ends > 0, whole.is_begun()));
});
