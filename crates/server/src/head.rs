//! The head of a request as it arrives: whether it is whole, and how large it may be.

/// The longest request target, in bytes (RFC 9110 §4.1 recommends at least 8000).
pub const TARGET: usize = 8 << 10;
/// The most bytes of a whole head.
pub const HEAD: usize = 16 << 10;
/// An unfinished head is held no further: a whole one, within its limits, is shorter.
const HELD: usize = TARGET + HEAD;

/// The answers to a target and to a head that are too long (RFC 9110 §15.5.15, RFC 6585 §5).
const TOO_LONG: [&str; 2] = ["414 URI Too Long", "431 Request Header Fields Too Large"];

/// What has come since the last whole head.
#[derive(Debug, Default)]
pub struct Head {
    bytes: usize,
    lines: usize,
    /// The last byte that counts ended a line.
    at_line_start: bool,
}

impl Head {
    /// Reads on, and tells whether a head has become whole.
    pub fn read(&mut self, bytes: &[u8]) -> bool {
        let plain = |first: &u8| !first.is_ascii_control();
        if self.bytes == 0 && bytes.first().is_some_and(plain) && bytes.ends_with(b"\r\n\r\n") && bytes.len() <= HELD {
            return true;
        }
        let mut whole = false;
        for byte in bytes {
            self.bytes += 1;
            match byte {
                b'\n' if self.at_line_start => {
                    whole = true;
                    *self = Self::default();
                }
                b'\n' => {
                    // An empty line before the request line is not part of it (RFC 9112 §2.2).
                    self.at_line_start = self.bytes > 2;
                    self.lines += 1;
                }
                b'\r' => {}
                _ => self.at_line_start = false,
            }
        }
        whole
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

#[cfg(test)]
mod tests;
