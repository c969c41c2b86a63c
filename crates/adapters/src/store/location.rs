//! Where content lies: a folder, `file:///…`, `az://CONTAINER[/PREFIX]`, `memory:///`.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use object_store::path::Path;

/// Where content lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// A folder of this machine.
    Folder(PathBuf),
    /// A container of Azure Blob Storage and the path within it.
    Azure {
        /// The container.
        container: String,
        /// The path, empty for the container's root.
        prefix: Path,
    },
    /// Nowhere: a store that starts empty, for tests.
    Memory,
}

impl FromStr for Location {
    type Err = String;

    /// Reads a location; the error is the rule that it breaks.
    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once("://") {
            None if text.trim().is_empty() => Err("is empty: write a folder or az://CONTAINER".into()),
            None => Ok(Self::Folder(text.into())),
            Some(("file", path)) if path.starts_with('/') => Ok(Self::Folder(path.into())),
            Some(("file", _)) => Err("names no absolute folder: write file:///path/to/folder".into()),
            Some(("memory", "" | "/")) => Ok(Self::Memory),
            Some(("az", rest)) => {
                let (container, prefix) = rest.split_once('/').unwrap_or((rest, ""));
                if !is_container(container) {
                    return Err("names no container: 3 to 63 lower-case letters, digits and single hyphens".into());
                }
                let prefix =
                    Path::parse(prefix.trim_matches('/')).map_err(|_| "has a prefix that is no path".to_owned())?;
                Ok(Self::Azure { container: container.into(), prefix })
            }
            Some(_) => {
                Err("has an unknown scheme: write a folder, file:///…, az://CONTAINER[/PREFIX] or memory:///".into())
            }
        }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(folder) => folder.display().fmt(f),
            Self::Azure { container, prefix } if prefix.as_ref().is_empty() => write!(f, "az://{container}"),
            Self::Azure { container, prefix } => write!(f, "az://{container}/{prefix}"),
            Self::Memory => f.write_str("memory:///"),
        }
    }
}

/// Azure's rule for the name of a container, with its two special ones.
fn is_container(name: &str) -> bool {
    let plain = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
    matches!(name, "$root" | "$web")
        || ((3..=63).contains(&name.len())
            && name.bytes().all(plain)
            && !name.starts_with('-')
            && !name.ends_with('-')
            && !name.contains("--"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_a_location() {
        for (text, display) in [
            ("./content", "./content"),
            ("file:///srv/content", "/srv/content"),
            ("az://content", "az://content"),
            ("az://content/", "az://content"),
            ("az://content/site/fr/", "az://content/site/fr"),
            ("az://$web", "az://$web"),
            ("memory:///", "memory:///"),
        ] {
            assert_eq!(text.parse::<Location>().unwrap().to_string(), display);
        }
        for text in [
            "",
            " ",
            "az://",
            "az://Content",
            "az://a",
            "az://a--b",
            "az://-ab",
            "file://x",
            "s3://b",
            "http://x",
            "az://content/a//b",
        ] {
            text.parse::<Location>().expect_err(text);
        }
    }
}
