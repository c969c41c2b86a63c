//! `/openapi.json`, `/docs`, `/schemas/{collection}.json`.

use std::sync::OnceLock;

use actix_web::web::Bytes;
use actix_web::{HttpResponse, web};
use serde_json::Value as Json;

use super::home::{JSON, page};
use crate::cli::Command;
use crate::error::{Kind, Problem};
use crate::http_cache;
use crate::openapi::{self, Described};
use crate::published::Published;

/// What is documented. It is written when it is first asked for: most instances never are, and the trees that it is made
/// from would weigh on all of them.
#[derive(Debug)]
pub struct Documentation {
    described: Vec<Described>,
    written: OnceLock<Written>,
}

/// The documentation, ready to send.
#[derive(Debug, Default)]
struct Written {
    openapi: Bytes,
    page: Bytes,
    schemas: Vec<(&'static str, Bytes)>,
}

impl Written {
    fn new(collections: &[Described]) -> serde_json::Result<Self> {
        let document = serde_json::to_value(openapi::document(collections)?)?;
        let schema = |described| Bytes::from(openapi::file_schema(described).to_string());
        let schemas = collections.iter().map(|described| (described.name, schema(described)));
        Ok(Self {
            page: openapi::page::render(&document).into(),
            openapi: document.to_string().into(),
            schemas: schemas.collect(),
        })
    }
}

impl Documentation {
    /// The documentation of these collections.
    #[must_use]
    pub fn new(described: Vec<Described>) -> Self {
        Self { described, written: OnceLock::new() }
    }

    /// The OpenAPI document.
    #[must_use]
    pub fn openapi(&self) -> &Bytes {
        &self.written().openapi
    }

    /// The schema of a collection.
    #[must_use]
    pub fn schema(&self, collection: &str) -> Option<&Bytes> {
        self.written().schemas.iter().find(|(name, _)| *name == collection).map(|(_, schema)| schema)
    }

    fn written(&self) -> &Written {
        self.written.get_or_init(|| {
            Written::new(&self.described).unwrap_or_else(|error| {
                tracing::error!("the documentation cannot be written: {error}");
                Written::default()
            })
        })
    }
}

/// The OpenAPI document.
pub async fn openapi(documentation: web::Data<Documentation>) -> HttpResponse {
    http_cache::page(JSON, "Accept-Encoding", documentation.openapi().clone())
}

/// The same for people.
pub async fn docs(documentation: web::Data<Documentation>) -> HttpResponse {
    page("Accept-Encoding", documentation.written().page.clone())
}

/// The JSON Schema of a file of a collection.
///
/// # Errors
/// `unknown-collection`.
pub async fn schema(documentation: web::Data<Documentation>, name: web::Path<String>) -> Result<HttpResponse, Problem> {
    let unknown = || Problem::new(Kind::UnknownCollection, "There is no schema of this name.");
    let schema = documentation.schema(&name).ok_or_else(unknown)?;
    Ok(http_cache::page("application/schema+json", "Accept-Encoding", schema.clone()))
}

/// What a command prints that needs no settings: the OpenAPI document, or a schema; the error is for a name that is none.
#[must_use]
pub fn printed(command: &Command, published: &[Published]) -> Option<Result<String, String>> {
    let documentation = || Documentation::new(published.iter().map(|published| published.described).collect());
    let text = |bytes: &[u8]| {
        let document: Json = serde_json::from_slice(bytes).unwrap_or_default();
        format!("{document:#}\n")
    };
    match command {
        Command::Openapi => Some(Ok(text(documentation().openapi()))),
        Command::Schema(name) => {
            let names: Vec<_> = published.iter().map(|published| published.described.name).collect();
            let unknown = || format!("there is no collection of this name; there are {}", names.join(", "));
            Some(documentation().schema(name).map(|schema| text(schema)).ok_or_else(unknown))
        }
        _ => None,
    }
}
