//! The bytes of a document as text: UTF-8, with or without a byte order mark, and nothing else.

use domain::mistakes::{EMPTY_FILE, ENCODING};
use domain::{Fault, Position};

const SAVE_AS: &str = "save the file as UTF-8";

/// The text of a document, without its byte order mark.
pub(super) fn from_bytes(bytes: &[u8]) -> Result<&str, Fault> {
    let start =
        |mistake, message: &'static str, hint: &'static str| Fault::new(mistake, Position::START, message).hint(hint);
    match bytes {
        [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => {
            return Err(start(&ENCODING, "the file is UTF-32, not UTF-8", SAVE_AS));
        }
        [0xff, 0xfe, ..] => return Err(start(&ENCODING, "the file is UTF-16 (little-endian), not UTF-8", SAVE_AS)),
        [0xfe, 0xff, ..] => return Err(start(&ENCODING, "the file is UTF-16 (big-endian), not UTF-8", SAVE_AS)),
        [0x89, b'P', b'N', b'G', ..] => {
            return Err(start(&ENCODING, "the file is a PNG picture, not text", "upload the content file"));
        }
        [0, c, 0, _, ..] if *c != 0 => {
            return Err(start(&ENCODING, "the file is UTF-16 (big-endian), not UTF-8", SAVE_AS));
        }
        [c, 0, _, 0, ..] if *c != 0 => {
            return Err(start(&ENCODING, "the file is UTF-16 (little-endian), not UTF-8", SAVE_AS));
        }
        _ => {}
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let good = String::from_utf8_lossy(&bytes[..error.valid_up_to()]);
        let byte = bytes[error.valid_up_to()];
        Fault::new(
            &ENCODING,
            end_of(&good),
            format!("the byte 0x{byte:02x} at offset {} is not UTF-8; the file may be Latin-1", error.valid_up_to()),
        )
        .hint(SAVE_AS)
    })?;
    if let Some(offset) = text.find('\0') {
        return Err(Fault::new(&ENCODING, end_of(&text[..offset]), "the file holds a NUL byte: it is not text")
            .hint("upload the content file"));
    }
    if text.trim().is_empty() {
        return Err(start(&EMPTY_FILE, "the file is empty", "write [] for an empty list"));
    }
    Ok(text)
}

/// The place that follows a text.
fn end_of(text: &str) -> Position {
    Cursor::new(text).at(text.len())
}

/// Turns byte offsets that only grow into positions, in one pass over the text.
pub(super) struct Cursor<'a> {
    text: &'a str,
    offset: usize,
    position: Position,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, offset: 0, position: Position::START }
    }

    /// The position of an offset, which must not be before the last one asked for.
    pub(super) fn at(&mut self, offset: usize) -> Position {
        let offset = self.text.floor_char_boundary(offset.max(self.offset));
        for c in self.text[self.offset..offset].chars() {
            if c == '\n' {
                self.position = Position { line: self.position.line + 1, column: 1 };
            } else {
                self.position.column += 1;
            }
        }
        self.offset = offset;
        self.position
    }
}

/// Turns positions, in any order, into byte offsets.
pub(super) struct Places<'a> {
    text: &'a str,
    lines: Vec<usize>,
}

impl<'a> Places<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        Self { text, lines: std::iter::once(0).chain(ends).collect() }
    }

    /// The offset of a position; beyond the text it is the text's end.
    pub(super) fn offset(&self, at: Position) -> Option<usize> {
        let start = *self.lines.get(usize::try_from(at.line).ok()?.checked_sub(1)?)?;
        let column = usize::try_from(at.column).ok()?.checked_sub(1)?;
        let rest = &self.text[start..];
        Some(start + rest.char_indices().nth(column).map_or(rest.len(), |(offset, _)| offset))
    }
}
