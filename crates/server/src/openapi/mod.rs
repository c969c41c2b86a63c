//! The OpenAPI 3.1 document, made from the collections, the table of problems and the types that are sent.

mod operations;
pub mod page;
mod schemas;
mod written;

use domain::{Collection, Rule};
use serde_json::{Map, Value as Json, json};
use utoipa::openapi::OpenApi;

use crate::error::Kind;

pub use written::file as file_schema;

/// What the documentation knows of a collection.
#[derive(Debug, Clone, Copy)]
pub struct Described {
    /// Its name.
    pub name: &'static str,
    /// Its fields.
    pub rules: &'static [Rule],
    /// Whether its items take place.
    pub timed: bool,
}

impl Described {
    /// A collection.
    #[must_use]
    pub fn of<C: Collection>() -> Self {
        Self { name: C::NAME, rules: C::FIELDS, timed: C::TIMED }
    }
}

/// The document of these collections.
///
/// # Errors
/// When it is no OpenAPI document, which a test rules out.
pub fn document(collections: &[Described]) -> serde_json::Result<OpenApi> {
    let mut paths = Map::new();
    let tags: Vec<Json> = collections.iter().map(|described| json!({"name": described.name})).collect();
    for described in collections {
        paths.insert(format!("/api/{}", described.name), operations::list(described));
        paths.insert(format!("/api/{}/{{id}}", described.name), operations::item(described));
        paths.insert(format!("/schemas/{}.json", described.name), operations::schema(described));
    }
    paths.extend(operations::fixed());
    serde_json::from_value(json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Blobcast",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Files in a bucket, served as a typed, cached content API.",
            "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": tags,
        "paths": paths,
        "components": {"schemas": schemas::components(collections), "responses": problems(), "headers": operations::headers()},
    }))
}

/// Every problem as a response.
fn problems() -> Json {
    let responses = Kind::ALL.iter().map(|kind| {
        let (name, status, title, advice) = kind.row();
        let example = json!({
            "type": format!("/docs/problems#{name}"),
            "title": title,
            "status": status.as_u16(),
            "detail": advice,
            "instance": "/api/events",
            "request_id": "a6e232099f88d051",
        });
        let content = json!({"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}, "example": example}});
        let mut headers = json!({"X-Request-Id": {"$ref": "#/components/headers/X-Request-Id"}});
        if *kind == Kind::StorageUnavailable {
            headers["Retry-After"] = json!({"description": "Seconds to wait.", "schema": {"type": "integer"}});
        }
        (name.to_owned(), json!({"description": format!("{title}. {advice}"), "headers": headers, "content": content}))
    });
    Json::Object(responses.collect())
}
