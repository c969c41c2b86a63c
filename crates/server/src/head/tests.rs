use super::*;

#[test]
fn a_head_is_whole_at_its_empty_line_however_it_is_cut() {
    let text = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    for cut in 0..text.len() {
        let mut head = Head::default();
        assert!(!head.read(&text[..cut]), "{cut}");
        assert_eq!(head.is_begun(), cut > 0);
        assert!(head.read(&text[cut..]), "{cut}");
        assert!(!head.is_begun());
    }
    let mut head = Head::default();
    assert!(head.read(b"GET / HTTP/1.1\nHost: a\n\n"), "bare line feeds end lines too");
    assert!(head.read(b"\r\nGET / HTTP/1.1\r\n\r\nGET /"), "one whole, one begun");
    assert!(head.is_begun());
    let mut head = Head::default();
    assert!(!head.read(b"\r\n\r\n") && head.is_begun(), "empty lines are no request");
}

#[test]
fn what_is_longer_than_any_head_is_refused_by_its_part_that_is_too_long() {
    let mut head = Head::default();
    head.read(&vec![b'a'; HELD]);
    assert_eq!(head.refusal(), None);
    head.read(b"a");
    assert_eq!(head.refusal(), Some("414 URI Too Long"));
    let mut head = Head::default();
    head.read(b"GET / HTTP/1.1\r\nX: ");
    head.read(&vec![b'a'; HELD]);
    assert_eq!(head.refusal(), Some("431 Request Header Fields Too Large"));
}
