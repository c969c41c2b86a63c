//! One condition on a field.

use std::cmp::Ordering;

use jiff::tz::TimeZone;

use crate::collection::{Collection, Item};
use crate::text::fold;
use crate::value::Number;
use crate::view::{Kind, Scalar};
use crate::when::When;

/// A condition: any of the values fits, by the operator, any scalar at the path.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Filter {
    pub(super) path: Vec<String>,
    pub(super) operator: Operator,
    pub(super) values: Vec<Operand>,
}

/// How a field is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Eq,
    Ne,
    In,
    Nin,
    Lt,
    Lte,
    Gt,
    Gte,
    Contains,
    StartsWith,
    Exists,
}

impl Operator {
    pub(super) const NAMES: [(&str, Self); 10] = [
        ("ne", Self::Ne),
        ("in", Self::In),
        ("nin", Self::Nin),
        ("lt", Self::Lt),
        ("lte", Self::Lte),
        ("gt", Self::Gt),
        ("gte", Self::Gte),
        ("contains", Self::Contains),
        ("startswith", Self::StartsWith),
        ("exists", Self::Exists),
    ];

    /// What this operator asks for where a field cannot be compared by it.
    pub(super) fn refuses(self, kind: Option<Kind>) -> Option<&'static str> {
        match (self, kind) {
            (Self::Lt | Self::Lte | Self::Gt | Self::Gte, Some(Kind::Flag | Kind::Texts | Kind::TextOrObject)) => {
                Some("has no order; compare a text, a number or a date")
            }
            (Self::Contains | Self::StartsWith, Some(Kind::Number | Kind::When | Kind::Flag)) => {
                Some("holds no text to look into")
            }
            _ => None,
        }
    }
}

/// A value as every kind that it can be read as.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Operand {
    text: String,
    folded: String,
    number: Option<Number>,
    flag: Option<bool>,
    when: Option<When>,
}

impl Operand {
    /// Reads a value for a field of this kind; the error says what would fit.
    pub(super) fn read(text: &str, kind: Option<Kind>, zone: &TimeZone) -> Result<Self, String> {
        let operand = Self {
            text: text.to_owned(),
            folded: fold(text),
            number: Number::parse(text),
            flag: text.parse().ok(),
            when: When::parse(text, zone).ok(),
        };
        match kind {
            Some(Kind::When) if operand.when.is_none() => {
                Err("a date is wanted, such as 2026-02-05 or 2026-02-05T18:00:00Z".into())
            }
            Some(Kind::Number) if operand.number.is_none() => Err("a number is wanted".into()),
            Some(Kind::Flag) if operand.flag.is_none() => Err("true or false is wanted".into()),
            _ => Ok(operand),
        }
    }

    pub(super) fn flag(&self) -> Option<bool> {
        self.flag
    }

    /// How a scalar stands to this value; `None` where the two cannot be compared.
    fn ordering(&self, scalar: Scalar<'_>) -> Option<Ordering> {
        match scalar {
            Scalar::Text(text) => Some(text.cmp(&self.text)),
            Scalar::Number(number) => self.number.as_ref().map(|own| number.compare(own)),
            Scalar::Flag(flag) => self.flag.map(|own| flag.cmp(&own)),
            // A whole day equals every moment of it.
            Scalar::When(when) => self.when.as_ref().map(|own| when.compare_to(own)),
        }
    }
}

impl Filter {
    pub(super) fn matches<C: Collection>(&self, item: &Item<C>) -> bool {
        let Some((name, rest)) = self.path.split_first() else { return false };
        let view = item.view(name);
        let any = |fits: &dyn Fn(Scalar<'_>, &Operand) -> bool| {
            view.is_some_and(|view| view.any(rest, &mut |scalar| self.values.iter().any(|value| fits(scalar, value))))
        };
        let ordered = |fits: fn(Ordering) -> bool| any(&|scalar, value| value.ordering(scalar).is_some_and(fits));
        match self.operator {
            Operator::Eq | Operator::In => ordered(Ordering::is_eq),
            Operator::Ne | Operator::Nin => !ordered(Ordering::is_eq),
            Operator::Lt => ordered(Ordering::is_lt),
            Operator::Lte => ordered(Ordering::is_le),
            Operator::Gt => ordered(Ordering::is_gt),
            Operator::Gte => ordered(Ordering::is_ge),
            Operator::Contains => {
                any(&|scalar, value| matches!(scalar, Scalar::Text(text) if fold(text).contains(&value.folded)))
            }
            Operator::StartsWith => {
                any(&|scalar, value| matches!(scalar, Scalar::Text(text) if fold(text).starts_with(&value.folded)))
            }
            Operator::Exists => {
                let there = view.is_some_and(|view| view.exists(rest));
                self.values.iter().any(|value| value.flag() == Some(there))
            }
        }
    }
}
