#![no_main]

use libfuzzer_sys::fuzz_target;
use server::head::Head;

// However its bytes are cut, a head ends or does not.
fuzz_target!(|parts: Vec<Vec<u8>>| {
    let (mut cut, mut whole) = (Head::default(), Head::default());
    let mut ends = 0;
    for part in &parts {
        ends += usize::from(cut.read(part));
        if cut.refusal().is_some() {
            return;
        }
    }
    assert_eq!(whole.read(&parts.concat()), ends > 0);
});
