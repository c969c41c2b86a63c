//! Durations and sizes as people write them.

use std::time::Duration;

use jiff::SignedDuration;

/// `500ms`, `60s`, `1m 30s`, `24h`; a plain number is seconds.
pub(super) fn duration(text: &str) -> Option<Duration> {
    match text.parse::<u64>() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => text.parse::<SignedDuration>().ok().and_then(|duration| duration.try_into().ok()),
    }
}

/// `5MiB`, `512 KB`, `1000`.
pub(super) fn bytes(text: &str) -> Option<u64> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let factor: u64 = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kb" => 1000,
        "kib" => 1 << 10,
        "m" | "mb" => 1_000_000,
        "mib" => 1 << 20,
        "gib" => 1 << 30,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_as_people_write_them() {
        for (text, millis) in [
            ("500ms", 500),
            ("60s", 60_000),
            ("60", 60_000),
            ("24h", 86_400_000),
            ("1m30s", 90_000),
            ("2 min", 120_000),
            ("0", 0),
        ] {
            assert_eq!(duration(text), Some(Duration::from_millis(millis)), "{text}");
        }
        for text in ["", "abc", "-1", "-5s", "1.5", "60 bananas", "99999999999999999999"] {
            assert_eq!(duration(text), None, "{text}");
        }
    }

    #[test]
    fn sizes_as_people_write_them() {
        for (text, size) in [("5MiB", 5 << 20), ("512 KB", 512_000), ("1000", 1000), ("2k", 2000)] {
            assert_eq!(bytes(text), Some(size), "{text}");
        }
        for text in ["", "MiB", "-1", "5 elephants", "99999999999999999999GiB"] {
            assert_eq!(bytes(text), None, "{text}");
        }
    }
}
