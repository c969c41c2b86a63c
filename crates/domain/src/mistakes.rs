//! The one table of what can be wrong in content: the server, `check` and the documentation page read it. A code keeps
//! its meaning for ever; a new mistake gets a new one.

use std::fmt;

use crate::fault::Severity;

/// A kind of mistake.
#[derive(PartialEq, Eq)]
pub struct Mistake {
    /// Such as `E041`; `E` costs the item or the document, `W` costs nothing yet.
    pub code: &'static str,
    /// Such as `missing-field`.
    pub name: &'static str,
    /// What is wrong, in a sentence.
    pub title: &'static str,
    /// What to write instead, in a sentence.
    pub instead: &'static str,
    /// The same content with the mistake and without, where a few lines can show it.
    pub example: Option<Example>,
}

/// A file with one mistake, and mended.
#[derive(Debug, PartialEq, Eq)]
pub struct Example {
    /// What it is called.
    pub file: &'static str,
    /// With the mistake.
    pub before: &'static str,
    /// Without.
    pub after: &'static str,
}

impl Mistake {
    /// What it costs, which its code begins with.
    #[must_use]
    pub fn severity(&self) -> Severity {
        if self.code.starts_with('W') { Severity::Warning } else { Severity::Error }
    }
}

impl fmt::Debug for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code)
    }
}

const fn mistake(code: &'static str, name: &'static str, title: &'static str, instead: &'static str) -> Mistake {
    Mistake { code, name, title, instead, example: None }
}

impl Mistake {
    const fn shown(self, file: &'static str, before: &'static str, after: &'static str) -> Self {
        Self { example: Some(Example { file, before, after }), ..self }
    }
}

macro_rules! table {
    ($($id:ident = $mistake:expr;)+) => {
        $(#[doc = concat!("The mistake `", stringify!($id), "` of the table.")] pub static $id: Mistake = $mistake;)+

        /// Every mistake, in the order of the codes.
        pub static ALL: &[&Mistake] = &[$(&$id),+];
    };
}

table! {
    ENCODING = mistake("E001", "encoding",
        "The file is not UTF-8 text.",
        "Save the file as UTF-8; with or without a byte order mark.");
    EMPTY_FILE = mistake("E002", "empty-file",
        "The file holds nothing.",
        "Write `[]` where a list is empty.")
        .shown("faq.yaml",
            "# to come\n",
            "[] # to come\n");
    TOO_LARGE = mistake("E003", "too-large",
        "The file is larger than `source.max_bytes`.",
        "Shorten it, or raise `source.max_bytes`.");
    TOO_DEEP = mistake("E004", "too-deep",
        "Lists and objects nest deeper than `source.max_depth`.",
        "Flatten them, or raise `source.max_depth`.");
    TOO_MANY_ITEMS = mistake("E005", "too-many-items",
        "The list is longer than `source.max_items`.",
        "Split the content, or raise `source.max_items`.");
    TOO_MANY_VALUES = mistake("E006", "too-many-values",
        "The file holds or repeats more values than its size can mean.",
        "Split the content; write out what aliases repeat.");
    SYNTAX = mistake("E010", "syntax",
        "The file cannot be read as JSON or YAML from here on.",
        "Look at this place and at the line before it: indentation, quotes, brackets.")
        .shown("faq.yaml",
            "- question: How: really?\n  answer: So.\n",
            "- question: \"How: really?\"\n  answer: So.\n");
    EXTRA_COMMA = mistake("E011", "extra-comma",
        "A comma stands after the last entry.",
        "Remove the comma.")
        .shown("faq.json",
            "[{\"question\": \"Where?\", \"answer\": \"Here.\",}]\n",
            "[{\"question\": \"Where?\", \"answer\": \"Here.\"}]\n");
    MISSING_COMMA = mistake("E012", "missing-comma",
        "A comma, or a closing bracket, is missing between two entries.",
        "Write a comma after the entry before this place.")
        .shown("faq.json",
            "[{\"question\": \"Where?\"\n  \"answer\": \"Here.\"}]\n",
            "[{\"question\": \"Where?\",\n  \"answer\": \"Here.\"}]\n");
    UNCLOSED = mistake("E013", "unclosed",
        "A list, an object or a text is not closed.",
        "Close it with `]`, `}` or the quote that opens it.")
        .shown("faq.json",
            "[{\"question\": \"Where?\", \"answer\": \"Here.\"}\n",
            "[{\"question\": \"Where?\", \"answer\": \"Here.\"}]\n");
    UNQUOTED = mistake("E014", "unquoted",
        "In JSON names and texts stand in double quotes.",
        "Write double quotes around it.")
        .shown("faq.json",
            "[{question: \"Where?\", \"answer\": \"Here.\"}]\n",
            "[{\"question\": \"Where?\", \"answer\": \"Here.\"}]\n");
    COMMENT = mistake("E015", "comment",
        "JSON has no comments.",
        "Remove the comment, or use YAML.")
        .shown("faq.json",
            "[ // none yet\n]\n",
            "[]\n");
    TAB = mistake("E016", "tab",
        "A tab indents a line of YAML.",
        "Indent with spaces.")
        .shown("faq.yaml",
            "items:\n\t- question: Where?\n",
            "items:\n  - question: Where?\n    answer: Here.\n");
    BAD_TEXT = mistake("E017", "bad-text",
        "A text holds a line break, a control character or a wrong backslash.",
        "Write `\\n` for a line break and `\\\\` for a backslash.")
        .shown("faq.json",
            "[{\"question\": \"Where?\", \"answer\": \"C:\\Docs\"}]\n",
            "[{\"question\": \"Where?\", \"answer\": \"C:\\\\Docs\"}]\n");
    BAD_NUMBER = mistake("E018", "bad-number",
        "This is no number that can be served.",
        "Write it as `-12.5`, or as text in double quotes.")
        .shown("faq.json",
            "[{\"question\": \"Code?\", \"answer\": \"Yes.\", \"code\": 0123}]\n",
            "[{\"question\": \"Code?\", \"answer\": \"Yes.\", \"code\": \"0123\"}]\n");
    AFTER_END = mistake("E019", "after-the-end",
        "Something follows the end of the content.",
        "Keep one document in a file.")
        .shown("faq.yaml",
            "[]\n---\n[]\n",
            "[]\n");
    DUPLICATE_NAME = mistake("E020", "duplicate-name",
        "A name stands twice in one object.",
        "Remove or rename one of them.")
        .shown("faq.yaml",
            "- question: Where?\n  answer: Here.\n  answer: There.\n",
            "- question: Where?\n  answer: Here.\n");
    ALIAS = mistake("E021", "alias",
        "An alias or a merge of YAML names nothing that it can take.",
        "Define the anchor above with `&name`, or write the values out.")
        .shown("faq.yaml",
            "- question: Where?\n  answer: *same\n",
            "- question: Where?\n  answer: Here.\n");
    TAG = mistake("E022", "tag",
        "A tag of YAML means nothing here.",
        "Write the value itself.")
        .shown("faq.yaml",
            "- question: Where?\n  answer: !include here.txt\n",
            "- question: Where?\n  answer: Here.\n");
    MISSING_COLON = mistake("E023", "missing-colon",
        "A colon is missing after a name.",
        "Write `\"name\": value`.")
        .shown("faq.json",
            "[{\"question\" \"Where?\", \"answer\": \"Here.\"}]\n",
            "[{\"question\": \"Where?\", \"answer\": \"Here.\"}]\n");
    NO_LIST = mistake("E030", "no-list",
        "There is no list of items where one is wanted.",
        "Write `[ … ]`, or an object with a list named as the collection.")
        .shown("faq.yaml",
            "faq: none\n",
            "faq: []\n");
    TWO_LISTS = mistake("E031", "two-lists",
        "Two lists could be the items of the file.",
        "Name the one that is meant `items`.")
        .shown("faq.yaml",
            "site: []\nclub: []\n",
            "items: []\nclub: []\n");
    NO_OBJECT = mistake("E040", "no-object",
        "An item is not an object.",
        "Write the fields of the item in `{ }`, or indented under a `-`.")
        .shown("faq.yaml",
            "- Where?\n",
            "- question: Where?\n  answer: Here.\n");
    MISSING_FIELD = mistake("E041", "missing-field",
        "A field that every item must have is missing.",
        "Add it, or correct its name.")
        .shown("events.yaml",
            "- titel: Open day\n  start: 2027-02-06\n",
            "- title: Open day\n  start: 2027-02-06\n");
    EMPTY_FIELD = mistake("E042", "empty-field",
        "A field that every item must have says nothing.",
        "Give it a value.")
        .shown("faq.yaml",
            "- question: Where?\n  answer: \"\"\n",
            "- question: Where?\n  answer: Here.\n");
    WRONG_TYPE = mistake("E043", "wrong-type",
        "A field holds another type of value than it must.",
        "Write the type of value that the message names.")
        .shown("faq.yaml",
            "- question: How many?\n  answer: 12\n",
            "- question: How many?\n  answer: \"12\"\n");
    BAD_DATE = mistake("E044", "bad-date",
        "This is not a date in a form that everyone reads alike.",
        "Write `2026-02-05`, `2026-02-05 18:00` or `2026-02-05T18:00:00+01:00`.")
        .shown("events.yaml",
            "- title: Open day\n  start: 06/02/2027\n",
            "- title: Open day\n  start: 2027-02-06\n");
    BAD_ZONE = mistake("E045", "bad-zone",
        "This is not the name of a time zone.",
        "Write an IANA name such as `Europe/Paris`.")
        .shown("events.yaml",
            "- title: Open day\n  start: 2027-02-06 14:00\n  timezone: Paris\n",
            "- title: Open day\n  start: 2027-02-06 14:00\n  timezone: Europe/Paris\n");
    END_BEFORE_START = mistake("E046", "end-before-start",
        "An event ends before it starts.",
        "Write an end that comes later, or leave it out.")
        .shown("events.yaml",
            "- title: Open day\n  start: 2027-02-06\n  end: 2026-02-07\n",
            "- title: Open day\n  start: 2027-02-06\n  end: 2027-02-07\n");
    BAD_ID = mistake("E047", "bad-id",
        "An id is neither text nor a whole number.",
        "Write text or a whole number, or leave the id out.")
        .shown("faq.yaml",
            "- id: 1.5\n  question: Where?\n  answer: Here.\n",
            "- id: \"1.5\"\n  question: Where?\n  answer: Here.\n");
    DUPLICATE_ID = mistake("E048", "duplicate-id",
        "Two items have one id; `1` and `\"1\"` are one.",
        "Give each item an id of its own.")
        .shown("faq.yaml",
            "- {id: 1, question: Where?, answer: Here.}\n- {id: 1, question: When?, answer: Now.}\n",
            "- {id: 1, question: Where?, answer: Here.}\n- {id: 2, question: When?, answer: Now.}\n");
    UNKNOWN_FIELD = mistake("W001", "unknown-field",
        "A name that no model knows resembles one that it knows.",
        "Correct it if the other is meant; as it is, it passes through untouched.")
        .shown("news.yaml",
            "- title: Prize\n  date: 2026-11-16\n  sumary: We won.\n",
            "- title: Prize\n  date: 2026-11-16\n  summary: We won.\n");
    NO_DATE = mistake("W002", "no-date",
        "A news item has no date: it stands after all that have one.",
        "Write when it was published.")
        .shown("news.yaml",
            "- title: Prize\n",
            "- title: Prize\n  date: 2026-11-16\n");
    LONG_TEXT = mistake("W003", "long-text",
        "A text is longer than readers expect: 200 characters of a title or a question, 10,000 of another text.",
        "Shorten it, or move the rest to another field or page.");
    RIVAL_FILES = mistake("W004", "rival-files",
        "A collection has two files; the first of `.json`, `.yaml`, `.yml` is read.",
        "Keep one of the two.");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_rise_and_names_differ() {
        assert!(ALL.windows(2).all(|pair| pair[0].code < pair[1].code));
        let mut names: Vec<_> = ALL.iter().map(|mistake| mistake.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ALL.len());
    }
}
