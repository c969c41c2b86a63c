//! One field of a model as a table has it: for reading, for queries, for schemas and for documentation.

use crate::view::Kind;

/// A field of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// The name that it leaves by.
    pub name: &'static str,
    /// The names that are read beside it, in this order.
    pub aliases: &'static [&'static str],
    /// What it holds.
    pub kind: Kind,
    /// Whether an item without it is at fault.
    pub required: bool,
    /// Whether an item without it is worth a warning.
    pub expected: bool,
    /// The most characters that its readers expect.
    pub longest: usize,
    /// What it is, in a sentence.
    pub about: &'static str,
    /// A value as JSON.
    pub example: &'static str,
}

impl Rule {
    /// A field that may be left out.
    #[must_use]
    pub const fn new(name: &'static str, kind: Kind, about: &'static str, example: &'static str) -> Self {
        Self { name, aliases: &[], kind, required: false, expected: false, longest: 10_000, about, example }
    }

    /// The same field, which must be there.
    #[must_use]
    pub const fn required(self) -> Self {
        Self { required: true, ..self }
    }

    /// The same field, which should be there.
    #[must_use]
    pub const fn expected(self) -> Self {
        Self { expected: true, ..self }
    }

    /// The same field, which is a line rather than a page.
    #[must_use]
    pub const fn short(self) -> Self {
        Self { longest: 200, ..self }
    }

    /// The same field, read by other names too.
    #[must_use]
    pub const fn also(self, aliases: &'static [&'static str]) -> Self {
        Self { aliases, ..self }
    }
}
