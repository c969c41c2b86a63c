//! The head of a request as it arrives: whether it is whole, how large it may be, and whether another may follow.

/// The longest request target, in bytes (RFC 9110 §4.1 recommends at least 8000).
pub const TARGET: usize = 8 << 10;
/// The most bytes of a whole head.
pub const HEAD: usize = 16 << 10;
/// An unfinished head is held no further: a whole one, within its limits, is shorter.
const HELD: usize = TARGET + HEAD;

/// The answers to a target and to a head that are too long (RFC 9110 §15.5.15, RFC 6585 §5).
const TOO_LONG: [&str; 2] = ["414 URI Too Long", "431 Request Header Fields Too Large"];

/// As much of a line as a field that is looked for may have.
const LINE: usize = 128;

/// What has come since the last whole head.
#[derive(Debug, Default)]
pub struct Head {
    bytes: usize,
    lines: usize,
    /// The line that is coming, as far as it is of interest.
    line: Vec<u8>,
    /// The last byte that counts ended a line.
    at_line_start: bool,
    /// The client said that this is its last request.
    closes: bool,
    /// The client said that a body follows.
    has_body: bool,
}

/// What some bytes brought.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Read {
    /// A head has become whole.
    pub whole: bool,
    /// So many of the bytes belong to a last request that has no body: what follows is not to be answered (RFC 9112
    /// §9.6).
    pub last: Option<usize>,
}

impl Head {
    /// Reads on, and tells what that brought.
    pub fn read(&mut self, bytes: &[u8]) -> Read {
        let plain = |first: &u8| !first.is_ascii_control();
        if self.bytes == 0
            && bytes.first().is_some_and(plain)
            && bytes.ends_with(b"\r\n\r\n")
            && bytes.len() <= HELD
            && !says_close(bytes)
        {
            return Read { whole: true, last: None };
        }
        let mut read = Read::default();
        for (at, byte) in bytes.iter().enumerate() {
            self.bytes += 1;
            match byte {
                b'\n' if self.at_line_start => {
                    read.whole = true;
                    let is_last = self.closes && !self.has_body;
                    *self = Self::default();
                    if is_last {
                        read.last = Some(at + 1);
                        break;
                    }
                }
                b'\n' => {
                    // An empty line before the request line is not part of it (RFC 9112 §2.2).
                    self.at_line_start = self.bytes > 2;
                    self.lines += 1;
                    self.end_line();
                }
                b'\r' => {}
                _ => {
                    self.at_line_start = false;
                    if self.line.len() < LINE {
                        self.line.push(byte.to_ascii_lowercase());
                    }
                }
            }
        }
        read
    }

    fn end_line(&mut self) {
        if let Some(options) = self.line.strip_prefix(b"connection:") {
            self.closes |= options.split(|byte| *byte == b',').any(|option| option.trim_ascii() == b"close");
        }
        self.has_body |= self.line.starts_with(b"content-length:") || self.line.starts_with(b"transfer-encoding:");
        self.line.clear();
    }

    /// Whether there is an unfinished one.
    #[must_use]
    pub fn is_begun(&self) -> bool {
        self.bytes > 0
    }

    /// The status line of the answer to a head that is longer than any may be.
    #[must_use]
    pub fn refusal(&self) -> Option<&'static str> {
        (self.bytes > HELD).then(|| TOO_LONG[usize::from(self.lines > 0)])
    }
}

/// Whether the word is in it, wherever.
fn says_close(bytes: &[u8]) -> bool {
    memchr::memchr2_iter(b'c', b'C', bytes)
        .any(|at| bytes.get(at..at + 5).is_some_and(|word| word.eq_ignore_ascii_case(b"close")))
}

#[cfg(test)]
mod tests;
