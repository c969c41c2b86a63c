#![no_main]

use libfuzzer_sys::fuzz_target;
use server::head::Head;

// However its bytes are cut, a head ends or does not, and a last one ends at the same byte.
fuzz_target!(|parts: Vec<Vec<u8>>| {
    let (mut cut, mut whole) = (Head::default(), Head::default());
    let (mut ends, mut before, mut last) = (0, 0, None);
    for part in &parts {
        let read = cut.read(part);
        ends += usize::from(read.whole);
        if cut.refusal().is_some() {
            return;
        }
        last = read.last.map(|at| before + at);
        if last.is_some() {
            break;
        }
        before += part.len();
    }
    let read = whole.read(&parts.concat());
    assert_eq!((read.whole, read.last), (ends > 0, last));
});
