use super::*;

#[test]
fn a_head_is_whole_at_its_empty_line_however_it_is_cut() {
    let text = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    for cut in 0..text.len() {
        let mut head = Head::default();
        assert!(!head.read(&text[..cut]).whole, "{cut}");
        assert_eq!(head.is_begun(), cut > 0);
        assert!(head.read(&text[cut..]).whole, "{cut}");
        assert!(!head.is_begun());
    }
    let mut head = Head::default();
    assert!(head.read(b"GET / HTTP/1.1\nHost: a\n\n").whole, "bare line feeds end lines too");
    assert!(head.read(b"\r\nGET / HTTP/1.1\r\n\r\nGET /").whole, "one whole, one begun");
    assert!(head.is_begun());
    let mut head = Head::default();
    assert!(!head.read(b"\r\n\r\n").whole && head.is_begun(), "empty lines are no request");
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

#[test]
fn a_last_request_ends_at_its_head_however_it_is_cut_and_however_it_says_so() {
    for field in ["Connection: close", "connection:CLOSE", "Connection: TE , Close"] {
        let head = format!("GET / HTTP/1.1\r\nHost: a\r\n{field}\r\n\r\n");
        let text = format!("{head}GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        for cut in 0..head.len() {
            let mut reader = Head::default();
            assert_eq!(reader.read(&text.as_bytes()[..cut]), Read::default());
            let read = reader.read(&text.as_bytes()[cut..]);
            assert_eq!(read, Read { whole: true, last: Some(head.len() - cut) }, "{field} cut at {cut}");
        }
    }
    for head in [
        "GET /close HTTP/1.1\r\nConnection: keep-alive\r\n\r\n",
        "GET / HTTP/1.1\r\nX-Connection: close\r\n\r\n",
        "POST / HTTP/1.1\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}",
    ] {
        assert_eq!(Head::default().read(head.as_bytes()), Read { whole: true, last: None }, "{head}");
    }
}
