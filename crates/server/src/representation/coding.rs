//! Content codings: which one a client wants, and how each is made.

use std::io::Write;

use actix_web::http::header::{ACCEPT_ENCODING, HeaderMap};
use actix_web::web::Bytes;

/// A content coding that is offered, the most preferred first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Coding {
    /// Brotli (RFC 7932).
    Brotli,
    /// Zstandard (RFC 8878).
    Zstd,
    /// gzip (RFC 1952).
    Gzip,
    /// None.
    Identity,
}

/// How much time a body is worth: one that is sent for minutes, or one that is sent now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effort {
    /// Made off the request path.
    Much,
    /// Made while a client waits.
    Little,
}

/// Shorter bodies are sent as they are.
const WORTH_CODING: usize = 256;

impl Coding {
    /// Every coding.
    pub const ALL: [Self; 4] = [Self::Brotli, Self::Zstd, Self::Gzip, Self::Identity];

    /// Its name in `Content-Encoding`; identity has none.
    #[must_use]
    pub fn token(self) -> Option<&'static str> {
        match self {
            Self::Brotli => Some("br"),
            Self::Zstd => Some("zstd"),
            Self::Gzip => Some("gzip"),
            Self::Identity => None,
        }
    }

    /// The coding with the highest weight (RFC 9110 §12.5.3), ours to choose among equals. Identity where none fits, even
    /// if it is refused too: content that cannot be read beats no content.
    #[must_use]
    pub fn wanted(headers: &HeaderMap) -> Self {
        let mut weights = [None; 4];
        let mut rest = None;
        for value in headers.get_all(ACCEPT_ENCODING).filter_map(|value| value.to_str().ok()) {
            for part in value.split(',') {
                let (name, parameters) = part.split_once(';').unwrap_or((part, ""));
                let Some(weight) = weight(parameters) else { continue };
                let name = name.trim();
                let is = |known: &str| known.eq_ignore_ascii_case(name);
                if name == "*" {
                    rest = Some(weight);
                } else if is("x-gzip") {
                    weights[Self::Gzip as usize] = Some(weight);
                } else if let Some(known) = Self::ALL.iter().position(|known| is(known.token().unwrap_or("identity"))) {
                    weights[known] = Some(weight);
                }
            }
        }
        let weigh = |index: usize| weights[index].or(rest).unwrap_or(u16::from(index == 3));
        let best = (0..4).filter(|index| weigh(*index) > 0).max_by_key(|index| (weigh(*index), 3 - index));
        best.map_or(Self::Identity, |index| Self::ALL[index])
    }

    /// The coding that a body of this length is sent in.
    #[must_use]
    pub fn worth(self, length: usize) -> Self {
        if length < WORTH_CODING { Self::Identity } else { self }
    }

    /// Encodes a body.
    ///
    /// # Errors
    /// Those of the encoder, which writes to memory.
    pub fn encode(self, body: &Bytes, effort: Effort) -> std::io::Result<Bytes> {
        let much = effort == Effort::Much;
        match self {
            Self::Identity => Ok(body.clone()),
            Self::Gzip => {
                let level = flate2::Compression::new(if much { 9 } else { 5 });
                let mut encoder = flate2::write::GzEncoder::new(Vec::new(), level);
                encoder.write_all(body)?;
                encoder.finish().map(exact)
            }
            Self::Zstd => zstd::bulk::compress(body, if much { 12 } else { 3 }).map(exact),
            Self::Brotli => {
                // Qualities 5 to 9 take 10 MB for a moment, 10 and 11 keep tables of nearly 1 MB: too much for a small pod.
                let mut encoder = brotli::CompressorWriter::new(Vec::new(), 4096, 4, window(body.len()));
                encoder.write_all(body)?;
                Ok(exact(encoder.into_inner()))
            }
        }
    }
}

/// The exponent of a window that spans the body: a larger one costs memory and finds nothing more.
fn window(length: usize) -> u32 {
    (usize::BITS - length.leading_zeros()).clamp(16, 22)
}

/// Bytes without reserve.
fn exact(bytes: Vec<u8>) -> Bytes {
    Bytes::from(bytes.into_boxed_slice())
}

/// The weight in thousandths: 1000 where none is given, `None` where it cannot be read.
fn weight(parameters: &str) -> Option<u16> {
    let parameters = parameters.trim();
    if parameters.is_empty() {
        return Some(1000);
    }
    let (name, value) = parameters.split_once('=')?;
    let value: f32 = value.trim().parse().ok()?;
    let fits = name.trim().eq_ignore_ascii_case("q") && (0.0..=1.0).contains(&value);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 1000")]
    fits.then_some((value * 1000.0).round() as u16)
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use actix_web::http::header::HeaderValue;

    use super::*;

    #[test]
    fn what_a_client_wants() {
        use Coding::{Brotli, Gzip, Identity, Zstd};
        for (values, expected) in [
            (vec![], Identity),
            (vec![""], Identity),
            (vec!["gzip"], Gzip),
            (vec!["GZIP"], Gzip),
            (vec!["x-gzip"], Gzip),
            (vec!["gzip, deflate, br, zstd"], Brotli),
            (vec!["gzip, zstd"], Zstd),
            (vec!["br;q=0.5, gzip;q=0.8"], Gzip),
            (vec!["br; q=0.5 , gzip ; q=0.4"], Brotli),
            (vec!["br;q=0, gzip"], Gzip),
            (vec!["br;q=0"], Identity),
            (vec!["*"], Brotli),
            (vec!["*;q=0.1, gzip"], Gzip),
            (vec!["*;q=0"], Identity),
            (vec!["br;q=0, *"], Zstd),
            (vec!["identity;q=0"], Identity),
            (vec!["identity;q=0, gzip;q=0.1"], Gzip),
            (vec!["identity, gzip;q=0.5"], Identity),
            (vec!["identity;q=0.5, gzip;q=0.5"], Gzip),
            (vec!["deflate, compress"], Identity),
            (vec!["gzip;q=2, br;q=x"], Identity),
            (vec!["gzip;q=0.5", "br;q=0.6"], Brotli),
        ] {
            let mut headers = HeaderMap::new();
            for value in &values {
                headers.append(ACCEPT_ENCODING, HeaderValue::from_str(value).unwrap());
            }
            assert_eq!(Coding::wanted(&headers), expected, "{values:?}");
        }
    }

    #[test]
    fn every_coding_gives_the_body_back() {
        let body = Bytes::from("Fête de la Musique ".repeat(200));
        for effort in [Effort::Much, Effort::Little] {
            let encoded = |coding: Coding| coding.encode(&body, effort).unwrap();
            let mut plain = Vec::new();
            flate2::read::GzDecoder::new(encoded(Coding::Gzip).as_ref()).read_to_end(&mut plain).unwrap();
            assert_eq!(plain, body);
            assert_eq!(zstd::bulk::decompress(&encoded(Coding::Zstd), body.len()).unwrap(), body);
            let mut plain = Vec::new();
            brotli::Decompressor::new(encoded(Coding::Brotli).as_ref(), 4096).read_to_end(&mut plain).unwrap();
            assert_eq!(plain, body);
            assert_eq!(encoded(Coding::Identity), body);
        }
    }
}
