//! JSON to a tree, with the position of every value.

use domain::mistakes::{
    AFTER_END, BAD_NUMBER, BAD_TEXT, COMMENT, EXTRA_COMMA, MISSING_COLON, MISSING_COMMA, Mistake, UNCLOSED, UNQUOTED,
};
use domain::{Fault, Field, Node, Number, Value};
use jiter::{Jiter, JiterError, JiterErrorType, JsonErrorType, Peek};

use super::text::Cursor;
use super::{Budget, Parsed, unique};

pub(super) fn parse(text: &str, budget: Budget, faults: &mut Vec<Fault>) -> Parsed {
    let mut parser = Parser { text, jiter: Jiter::new(text.as_bytes()), cursor: Cursor::new(text), budget, faults };
    let peek = parser.jiter.peek();
    let root = parser.check(peek).and_then(|peek| parser.value(peek, 1))?;
    let end = parser.jiter.finish();
    parser.check(end)?;
    Ok(root)
}

struct Parser<'a> {
    text: &'a str,
    jiter: Jiter<'a>,
    cursor: Cursor<'a>,
    budget: Budget,
    faults: &'a mut Vec<Fault>,
}

impl Parser<'_> {
    fn value(&mut self, peek: Peek, depth: usize) -> Parsed {
        let at = self.cursor.at(self.jiter.current_index());
        if !matches!(peek, Peek::Array | Peek::Object) {
            self.budget.spend(1, at)?;
            return Ok(Node { value: self.scalar(peek)?, at });
        }
        self.budget.spend(depth, at)?;
        let value = if peek == Peek::Array { self.list(depth)? } else { self.object(depth)? };
        Ok(Node { value, at })
    }

    fn scalar(&mut self, peek: Peek) -> Result<Value, Fault> {
        match peek {
            Peek::Null => {
                let read = self.jiter.known_null();
                self.check(read).map(|()| Value::Null)
            }
            Peek::True | Peek::False => {
                let read = self.jiter.known_bool(peek);
                self.check(read).map(Value::Bool)
            }
            Peek::String => {
                let read = self.jiter.known_str().map(str::to_owned);
                self.check(read).map(Value::Text)
            }
            _ if peek.is_num() && peek != Peek::Infinity && peek != Peek::NaN => {
                let start = self.jiter.current_index();
                let read = self.jiter.known_number_bytes(peek).map(|_| ());
                self.check(read)?;
                let digits = &self.text[start..self.jiter.current_index()];
                Ok(Number::parse(digits).map_or_else(|| self.out_of_range(start, digits), Value::Number))
            }
            _ => Err(self.syntax(&JsonErrorType::ExpectedSomeValue, self.jiter.current_index())),
        }
    }

    /// Notes a number that no 64-bit float comes near, and reads it as text.
    fn out_of_range(&mut self, start: usize, digits: &str) -> Value {
        let message = format!("the number {} is out of range", domain::fault::quote(digits));
        let fault = Fault::new(&BAD_NUMBER, self.cursor.at(start), message);
        self.faults.push(fault.hint("put it in double quotes if it is text"));
        Value::Text(digits.to_owned())
    }

    fn list(&mut self, depth: usize) -> Result<Value, Fault> {
        let mut nodes = Vec::new();
        let mut next = self.jiter.known_array();
        while let Some(peek) = self.check(next)? {
            nodes.push(self.value(peek, depth + 1)?);
            next = self.jiter.array_step();
        }
        Ok(Value::List(nodes))
    }

    fn object(&mut self, depth: usize) -> Result<Value, Fault> {
        let mut fields = Vec::new();
        let mut name_at = self.jiter.current_index();
        let mut next = self.jiter.known_object().map(|name| name.map(str::to_owned));
        while let Some(name) = self.check(next)? {
            let skipped = self.text[name_at..].find('"').unwrap_or(0);
            let at = self.cursor.at(name_at + skipped);
            let peek = self.jiter.peek();
            let peek = self.check(peek)?;
            fields.push(Field { name, at, node: self.value(peek, depth + 1)? });
            name_at = self.jiter.current_index();
            next = self.jiter.next_key().map(|name| name.map(str::to_owned));
        }
        Ok(Value::Map(unique(fields, self.faults)))
    }

    fn check<T>(&mut self, read: Result<T, JiterError>) -> Result<T, Fault> {
        read.map_err(|error| match error.error_type {
            JiterErrorType::JsonError(kind) => self.syntax(&kind, error.index),
            JiterErrorType::WrongType { .. } => self.syntax(&JsonErrorType::ExpectedSomeValue, error.index),
        })
    }

    fn syntax(&mut self, kind: &JsonErrorType, index: usize) -> Fault {
        let found = self.text.get(index..).and_then(|rest| rest.chars().next());
        let (mistake, message, hint) = explain(kind, found);
        Fault::new(mistake, self.cursor.at(index), message).hint(hint)
    }
}

/// Says what a syntax error means to the person who wrote it, and what to write instead.
fn explain(kind: &JsonErrorType, found: Option<char>) -> (&'static Mistake, String, &'static str) {
    use JsonErrorType as E;
    let (mistake, message, hint) = match (kind, found) {
        (E::TrailingComma, _) => (&EXTRA_COMMA, "a comma stands before this closing bracket", "remove the comma"),
        (E::ExpectedListCommaOrEnd, _) => (&MISSING_COMMA, "a comma or `]` is missing before this", "add it"),
        (E::ExpectedObjectCommaOrEnd, _) => {
            (&MISSING_COMMA, "a comma or `}` is missing before this", "add it; or the text before it lacks a quote")
        }
        (E::ExpectedColon, _) => (&MISSING_COLON, "a colon is missing after the name", "write \"name\": value"),
        (E::KeyMustBeAString, _) => (&UNQUOTED, "a name in double quotes is wanted here", "write \"name\": value"),
        (E::EofWhileParsingList, _) => (&UNCLOSED, "the file ends within a list", "close it with ]"),
        (E::EofWhileParsingObject, _) => (&UNCLOSED, "the file ends within an object", "close it with }"),
        (E::EofWhileParsingString, _) => (&UNCLOSED, "the file ends within a text", "close it with \""),
        (E::EofWhileParsingValue, _) => (&UNCLOSED, "the file ends where a value is wanted", "complete it"),
        (E::TrailingCharacters, _) => (&AFTER_END, "something follows the end of the content", "remove it"),
        (E::ControlCharacterWhileParsingString, _) => {
            (&BAD_TEXT, "a text holds a line break or a control character", "write \\n for a line break")
        }
        (E::ExpectedSomeValue | E::ExpectedSomeIdent, Some('\'')) => {
            (&UNQUOTED, "single quotes mean nothing in JSON", "write double quotes")
        }
        (E::ExpectedSomeValue | E::ExpectedSomeIdent, Some('/' | '#')) => {
            (&COMMENT, "JSON has no comments", "remove it, or use YAML")
        }
        (E::ExpectedSomeValue | E::ExpectedSomeIdent, _) => {
            (&UNQUOTED, "no JSON value starts here", "write text in double quotes")
        }
        (E::InvalidNumber, _) => {
            (&BAD_NUMBER, "this is no number in JSON", "write it as -12.5, or as text in double quotes")
        }
        (E::InvalidEscape, _) => {
            (&BAD_TEXT, "a backslash stands before a character that needs none", "write \\\\ for a backslash")
        }
        (other, _) => return (&BAD_TEXT, other.to_string(), "write the character itself"),
    };
    (mistake, message.to_owned(), hint)
}
