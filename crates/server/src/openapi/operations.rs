//! What can be asked, and what is answered.

use domain::Kind;
use domain::query::{LIMIT, MAX_LIMIT, Moment, operators};
use serde_json::{Map, Value as Json, json};

use super::{Described, schemas};

/// `GET /api/{collection}`.
pub(super) fn list(described: &Described) -> Json {
    let Described { name, rules, timed } = *described;
    let text = || json!({"type": "string"});
    // What an item has beside the model's fields can be named too; a schema cannot know it.
    let names = |sign: &str| {
        let ordered = rules.iter().filter(|rule| sign.is_empty() || rule.kind != Kind::Texts).map(|rule| rule.name);
        let name = format!("{sign}({})", ["id"].into_iter().chain(ordered).collect::<Vec<_>>().join("|"));
        json!({"type": "string", "pattern": format!("^{name}(,{name})*$")})
    };
    let whole = |most: Option<usize>| match most {
        Some(most) => json!({"type": "integer", "minimum": 0, "maximum": most, "default": LIMIT}),
        None => json!({"type": "integer", "minimum": 0, "default": 0}),
    };
    let mut parameters = vec![
        query("limit", whole(Some(MAX_LIMIT)), "The most items of a page; 0 for `meta` alone.", json!(20)),
        query("offset", whole(None), "How many items to pass over.", json!(0)),
        query("sort", names("[-+]?"), "Fields with commas, `-` for descending.", json!(format!("-{}", rules[0].name))),
        query("fields", names(""), "The fields to send, with commas.", json!(format!("id,{}", rules[0].name))),
        query("q", text(), "Words that stand somewhere in the item.", json!("fete")),
    ];
    if timed {
        let moments = Moment::NAMES.map(|(name, _)| name);
        parameters.push(query(
            "when",
            json!({"type": "string", "enum": moments}),
            "What takes place when.",
            json!("upcoming"),
        ));
        parameters.push(query("from", date(), "Takes place on this day or later.", json!("2027-01-01")));
        parameters.push(query("to", date(), "Takes place on this day or earlier.", json!("2027-12-31")));
    }
    for rule in rules {
        let example = serde_json::from_str::<Json>(rule.example)
            .ok()
            .filter(|example| !example.is_object() && !example.is_array());
        parameters.push(query(rule.name, operand(rule.kind), rule.about, example.unwrap_or_else(|| json!("musique"))));
        for operator in operators(rule.kind) {
            let schema = if operator == "exists" { json!({"type": "boolean"}) } else { operand(rule.kind) };
            let schema = if matches!(operator, "in" | "nin") { text() } else { schema };
            let name = format!("{}[{operator}]", rule.name);
            parameters.push(json!({"name": name, "in": "query", "required": false, "schema": schema, "description": about(operator)}));
        }
    }
    let example = json!({
        "items": [schemas::example(described)],
        "meta": {"total": 1, "count": 1, "limit": LIMIT, "offset": 0, "version": "d196d6c253bb0970", "updated_at": "2026-11-23T08:00:00Z", "skipped": 0},
        "links": {"self": format!("/api/{name}"), "first": format!("/api/{name}"), "prev": null, "next": null, "last": format!("/api/{name}")},
    });
    let good = content(&format!("{name}-list"), &example, "A page of items.", true);
    let responses = responses(
        good,
        &[
            "invalid-query:400",
            "content-missing:404",
            "precondition-failed:412",
            "uri-too-long:414",
            "headers-too-large:431",
            "content-invalid:502",
            "storage-unavailable:503",
        ],
    );
    operation(name, &format!("list-{name}"), &format!("The {name} that a query finds"), &json!(parameters), &responses)
}

/// `GET /api/{collection}/{id}`.
pub(super) fn item(described: &Described) -> Json {
    let name = described.name;
    let id = json!([{"name": "id", "in": "path", "required": true, "schema": {"type": "string", "minLength": 1}, "description": "Its id.", "example": "1"}]);
    let good = content(&format!("{name}-item"), &schemas::example(described), "The item.", false);
    let responses = responses(
        good,
        &[
            "invalid-query:400",
            "unknown-item:404",
            "precondition-failed:412",
            "uri-too-long:414",
            "headers-too-large:431",
            "content-invalid:502",
            "storage-unavailable:503",
        ],
    );
    operation(name, &format!("get-{name}-item"), &format!("One item of {name}"), &id, &responses)
}

/// `GET /schemas/{collection}.json`.
pub(super) fn schema(described: &Described) -> Json {
    let name = described.name;
    let good = json!({"200": {"description": "JSON Schema (2020-12).", "content": {"application/schema+json": {"schema": {"type": "object"}}}}});
    operation(
        name,
        &format!("schema-{name}"),
        &format!("The shape of a file of {name} as it may be written; `$defs/item` is that of an item"),
        &json!([]),
        &good,
    )
}

/// The routes that are there whatever is published.
pub(super) fn fixed() -> Map<String, Json> {
    let answer = |media: &str, description: &str| json!({"200": {"description": description, "content": {media: {}}}});
    let ready = json!({
        "200": {"description": "Ready.", "content": {"application/json": {"schema": {"type": "object"}}}},
        "503": {"description": "Not ready, or draining.", "content": {"application/json": {"schema": {"type": "object"}}}},
    });
    let routes = [
        (
            "/",
            "home",
            "What is served, for people; the index for whoever asks for JSON",
            answer("text/html", "A page."),
        ),
        ("/api", "index", "The collections and their formats", answer("application/json", "The index.")),
        ("/healthz", "live", "Whether the process answers", answer("application/json", "It does.")),
        ("/readyz", "ready", "Whether to send clients here, and how each collection is", ready),
        ("/openapi.json", "openapi", "This document", answer("application/json", "OpenAPI 3.1.")),
        ("/docs", "docs", "This document, for people", answer("text/html", "A page.")),
        ("/docs/problems", "problems", "What can go wrong, for people", answer("text/html", "A page.")),
    ];
    let operations = routes.map(|(path, id, summary, responses)| {
        (path.to_owned(), operation("service", id, summary, &json!([]), &responses))
    });
    operations.into_iter().collect()
}

/// The headers that several answers have.
pub(super) fn headers() -> Json {
    let text = |about: &str| json!({"description": about, "schema": {"type": "string"}});
    let whole = |about: &str| json!({"description": about, "schema": {"type": "integer", "minimum": 0}});
    json!({
        "ETag": text("A weak validator, the same in every coding."),
        "Last-Modified": text("When the file was last changed."),
        "Cache-Control": text("How long the answer is good for."),
        "Age": whole("Seconds since the store was last asked."),
        "Vary": text("Accept-Encoding."),
        "Link": text("The pages around this one (RFC 8288)."),
        "X-Total-Count": whole("How many items there are on all pages."),
        "X-Request-Id": text("The request's name in the log."),
    })
}

fn operation(tag: &str, id: &str, summary: &str, parameters: &Json, responses: &Json) -> Json {
    json!({"get": {"tags": [tag], "operationId": id, "summary": summary, "parameters": parameters, "responses": responses}})
}

#[expect(clippy::needless_pass_by_value, reason = "both are made for this call")]
fn query(name: &str, schema: Json, about: &str, example: Json) -> Json {
    json!({"name": name, "in": "query", "required": false, "schema": schema, "description": about, "example": example})
}

/// What a field of a kind is compared with.
fn operand(kind: Kind) -> Json {
    match kind {
        Kind::When => date(),
        Kind::Number => json!({"type": "number"}),
        Kind::Flag => json!({"type": "boolean"}),
        Kind::Text | Kind::Texts | Kind::TextOrObject => json!({"type": "string"}),
    }
}

fn date() -> Json {
    json!({"type": "string", "anyOf": [{"format": "date"}, {"format": "date-time"}]})
}

fn about(operator: &str) -> &'static str {
    match operator {
        "ne" => "Is not this.",
        "in" => "Is one of these, with commas.",
        "nin" => "Is none of these, with commas.",
        "lt" => "Is less.",
        "lte" => "Is less or equal.",
        "gt" => "Is greater.",
        "gte" => "Is greater or equal.",
        "contains" => "Contains this, without regard to case and accents.",
        "startswith" => "Starts with this, without regard to case and accents.",
        _ => "Is there, or is not.",
    }
}

/// A 200 with the headers of content, and a 304.
fn content(schema: &str, example: &Json, description: &str, paged: bool) -> Json {
    let paging: &[&str] = if paged { &["Link", "X-Total-Count"] } else { &[] };
    let validators = ["ETag", "Last-Modified", "Cache-Control", "Age", "Vary", "X-Request-Id"];
    let named = |names: &mut dyn Iterator<Item = &&str>| -> Json {
        names
            .map(|name| ((*name).to_owned(), json!({"$ref": format!("#/components/headers/{name}")})))
            .collect::<Map<_, _>>()
            .into()
    };
    let body =
        json!({"application/json": {"schema": {"$ref": format!("#/components/schemas/{schema}")}, "example": example}});
    json!({
        "200": {"description": description, "headers": named(&mut validators.iter().chain(paging)), "content": body},
        "304": {"description": "The client has it already.", "headers": named(&mut validators.iter())},
    })
}

fn responses(mut responses: Json, problems: &[&str]) -> Json {
    for problem in problems {
        if let Some((name, status)) = problem.split_once(':') {
            responses[status] = json!({"$ref": format!("#/components/responses/{name}")});
        }
    }
    responses
}
