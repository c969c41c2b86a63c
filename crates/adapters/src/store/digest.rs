//! The digest that a store sends with a document: what arrives is what was uploaded, to the bit.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest as _, Md5};
use object_store::HeaderMap;

/// `Content-MD5` (RFC 1864), which Azure keeps with a blob. Against accidents on the way, not against attackers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ContentMd5(Vec<u8>);

impl ContentMd5 {
    /// The digest that an answer names, if it can be read.
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let written = headers.get("content-md5")?.as_bytes();
        STANDARD.decode(written).ok().filter(|digest| digest.len() == 16).map(Self)
    }

    /// Whether it is the digest of these bytes.
    pub(crate) fn is_of(&self, bytes: &[u8]) -> bool {
        Md5::digest(bytes)[..] == self.0
    }
}
