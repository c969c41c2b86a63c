//! A date or a moment as content gives it.

use std::cmp::Ordering;
use std::str::FromStr;

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp, Zoned};
use serde::{Serialize, Serializer};

use crate::fault::quote;

/// A day (`2026-02-05`) or a moment (`2026-02-05T18:00:00+01:00`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct When {
    zoned: Zoned,
    offset: Offset,
    whole_day: bool,
}

/// Why a text is no date, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotADate {
    /// What is wrong.
    pub message: String,
    /// What to write.
    pub hint: String,
}

const FORMS: &str = "write a date as 2026-02-05, a time as 2026-02-05 18:00 or 2026-02-05T18:00:00+01:00";

impl When {
    /// Reads RFC 3339, `2026-02-05`, or `2026-02-05 18:00[:00]`, the last two in `zone`.
    ///
    /// # Errors
    /// [`NotADate`] for anything else; a day written `05/02/2026` is told its ISO form.
    pub fn parse(text: &str, zone: &TimeZone) -> Result<Self, NotADate> {
        let text = text.trim();
        let day = text.get(..10).filter(|day| has_shape(day, "dddd-dd-dd")).ok_or_else(|| not_a_date(text))?;
        let date = Date::from_str(day)
            .map_err(|_| NotADate { message: format!("{} is not in the calendar", quote(day)), hint: FORMS.into() })?;
        let rest = &text[10..];
        if rest.is_empty() {
            let zoned = date.to_zoned(zone.clone()).map_err(|_| out_of_range(text))?;
            return Ok(Self { offset: zoned.offset(), zoned, whole_day: true });
        }
        let clock = rest.strip_prefix([' ', 'T', 't']).ok_or_else(|| not_a_date(text))?;
        let (time, offset) = split_offset(clock).ok_or_else(|| not_a_date(text))?;
        let moment = DateTime::from_parts(date, time);
        let zoned = match offset {
            Some(offset) => offset.to_timestamp(moment).map_err(|_| out_of_range(text))?.to_zoned(zone.clone()),
            None => zone.to_zoned(moment).map_err(|_| out_of_range(text))?,
        };
        Ok(Self { offset: offset.unwrap_or(zoned.offset()), zoned, whole_day: false })
    }

    /// The first instant: of the day in its zone, or the moment itself.
    #[must_use]
    pub fn instant(&self) -> Timestamp {
        self.zoned.timestamp()
    }

    /// The local day in the zone of the content.
    #[must_use]
    pub fn day(&self) -> Date {
        self.zoned.date()
    }

    /// The first instant after it: of the next day in its zone, or the one after the moment itself.
    #[must_use]
    pub fn end(&self) -> Timestamp {
        let tomorrow = || self.zoned.tomorrow().and_then(|day| day.start_of_day()).map(|day| day.timestamp());
        let next = || self.instant().checked_add(SignedDuration::from_nanos(1));
        if self.whole_day { tomorrow() } else { next() }.unwrap_or(Timestamp::MAX)
    }

    /// The end of the local day of this moment.
    #[must_use]
    pub fn end_of_day(&self) -> Timestamp {
        Self { whole_day: true, ..self.clone() }.end()
    }

    /// How this stands to a bound: a bound that is a whole day equals all that is within it.
    #[must_use]
    pub fn compare_to(&self, bound: &Self) -> Ordering {
        if !bound.whole_day {
            return self.instant().cmp(&bound.instant());
        }
        if self.instant() < bound.instant() && self.day() < bound.day() {
            Ordering::Less
        } else if self.instant() >= bound.end() {
            Ordering::Greater
        } else {
            Ordering::Equal
        }
    }

    /// Whether this is a whole day rather than a moment.
    #[must_use]
    pub fn is_whole_day(&self) -> bool {
        self.whole_day
    }

    /// Whether something that starts then can end here. A whole day as an end is inclusive.
    #[must_use]
    pub fn can_end(&self, start: &Self) -> bool {
        if self.whole_day || start.whole_day { self.day() >= start.day() } else { self.instant() >= start.instant() }
    }
}

/// A day as `2026-02-05`, a moment as RFC 3339 with the offset that it was written with, or that of its zone.
impl std::fmt::Display for When {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.whole_day {
            self.day().fmt(f)
        } else if self.offset == Offset::UTC {
            self.instant().fmt(f)
        } else {
            self.instant().display_with_offset(self.offset).fmt(f)
        }
    }
}

impl Serialize for When {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Whether `text` has a digit for each `d` of `shape` and its other characters as they stand.
fn has_shape(text: &str, shape: &str) -> bool {
    text.len() == shape.len()
        && text.bytes().zip(shape.bytes()).all(|(c, s)| if s == b'd' { c.is_ascii_digit() } else { c == s })
}

/// `18:00`, `18:00:00`, `18:00:00.5`, each with or without `Z` or `+01:00`.
fn split_offset(clock: &str) -> Option<(Time, Option<Offset>)> {
    let (time, offset) = match clock.strip_suffix(['Z', 'z']) {
        Some(time) => (time, Some(Offset::UTC)),
        None => match clock.len().checked_sub(6).and_then(|at| clock.split_at_checked(at)) {
            Some((time, zone)) if zone.starts_with(['+', '-']) && has_shape(&zone[1..], "dd:dd") => {
                (time, Some(offset(zone)?))
            }
            _ => (clock, None),
        },
    };
    let (whole, fraction) = time.split_once('.').map_or((time, None), |(whole, fraction)| (whole, Some(fraction)));
    let shaped = has_shape(whole, "dd:dd:dd") || (fraction.is_none() && has_shape(whole, "dd:dd"));
    let digits = fraction.is_none_or(|f| (1..=9).contains(&f.len()) && f.bytes().all(|c| c.is_ascii_digit()));
    (shaped && digits).then(|| Time::from_str(time).ok()).flatten().map(|time| (time, offset))
}

fn offset(zone: &str) -> Option<Offset> {
    let number = |range| zone.get(range).and_then(|digits: &str| digits.parse::<i32>().ok());
    let (hours, minutes) = (number(1..3)?, number(4..6)?);
    let sign = if zone.starts_with('-') { -1 } else { 1 };
    (hours < 24 && minutes < 60).then(|| Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok()).flatten()
}

fn out_of_range(text: &str) -> NotADate {
    NotADate { message: format!("{} is out of range", quote(text)), hint: FORMS.into() }
}

fn not_a_date(text: &str) -> NotADate {
    let message = format!("{} is not a date", quote(text));
    let hint = iso_form(text).map_or_else(|| FORMS.into(), |iso| format!("write {iso}"));
    NotADate { message, hint }
}

/// The ISO form of a day that is not written so: `05/02/2026`, `5.2.2026` or `05-02-2026 18:30`, day first unless only month first can be.
#[must_use]
pub fn iso_form(text: &str) -> Option<String> {
    let (day, rest) = text.split_once([' ', 'T']).unwrap_or((text, ""));
    let mut parts = day.split(['/', '.', '-']).map(str::parse::<i16>);
    let (Some(Ok(a)), Some(Ok(b)), Some(Ok(c)), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return None;
    };
    if day.get(..10).is_some_and(|day| has_shape(day, "dddd-dd-dd")) {
        return None;
    }
    let (year, month, day) = if a > 31 {
        (a, b, c)
    } else if b > 12 {
        (c, a, b)
    } else {
        (c, b, a)
    };
    let year = if (0..100).contains(&year) { year + 2000 } else { year };
    let date = Date::new(year, month.try_into().ok()?, day.try_into().ok()?).ok()?;
    let clock = rest.trim().replace('h', ":");
    Some(if has_shape(&clock, "dd:dd") || has_shape(&clock, "dd:dd:dd") {
        format!("{date} {clock}")
    } else {
        date.to_string()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paris() -> TimeZone {
        TimeZone::get("Europe/Paris").unwrap()
    }

    #[test]
    fn what_is_a_date_and_how_it_leaves() {
        for (written, served) in [
            ("2026-02-05", "2026-02-05"),
            ("2026-02-05 18:00", "2026-02-05T18:00:00+01:00"),
            ("2025-04-01 09:10:01", "2025-04-01T09:10:01+02:00"),
            ("2026-07-05T18:00", "2026-07-05T18:00:00+02:00"),
            ("2026-02-05T18:00:00Z", "2026-02-05T18:00:00Z"),
            ("2026-02-05t18:00:00z", "2026-02-05T18:00:00Z"),
            ("2026-02-05T18:00:00.25-05:00", "2026-02-05T18:00:00.25-05:00"),
            ("2026-03-29 02:30", "2026-03-29T03:30:00+02:00"),
            (" 2026-02-05 ", "2026-02-05"),
        ] {
            assert_eq!(When::parse(written, &paris()).unwrap().to_string(), served, "{written}");
        }
    }

    #[test]
    fn what_is_no_date_and_what_to_write() {
        for (written, hint) in [
            ("05/02/2026", "write 2026-02-05"),
            ("5/2/26", "write 2026-02-05"),
            ("02/15/2026", "write 2026-02-15"),
            ("05.02.2026 18:30", "write 2026-02-05 18:30"),
            ("05/02/2026 18h30", "write 2026-02-05 18:30"),
            ("2026/02/05", "write 2026-02-05"),
            ("demain", FORMS),
            ("20260205", FORMS),
            ("2026-02-30", FORMS),
            ("2026-02-05T25:00", FORMS),
            ("2026-02-05T18:00:00+99:00", FORMS),
            ("2026-02-05 18", FORMS),
            ("", FORMS),
            ("2026-02-0é", FORMS),
            ("2026-02-05T1é:00", FORMS),
            ("2026-02-05T-01Tǰ:00:", FORMS),
        ] {
            let fault = When::parse(written, &paris()).unwrap_err();
            assert!(fault.hint.starts_with(hint), "{written}: {fault:?}");
        }
    }

    #[test]
    fn a_whole_day_ends_inclusively() {
        let when = |text| When::parse(text, &paris()).unwrap();
        assert!(when("2026-02-05").can_end(&when("2026-02-05 18:00")));
        assert!(when("2026-02-05").can_end(&when("2026-02-05")));
        assert!(!when("2026-02-04").can_end(&when("2026-02-05")));
        assert!(!when("2026-02-05 17:00").can_end(&when("2026-02-05 18:00")));
    }

    #[test]
    fn a_moment_with_an_offset_belongs_to_the_day_of_its_zone() {
        let when = When::parse("2026-02-05T23:30:00Z", &paris()).unwrap();
        assert_eq!(when.day().to_string(), "2026-02-06");
        assert_eq!(when.to_string(), "2026-02-05T23:30:00Z");
    }
}
