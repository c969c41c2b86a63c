//! The OpenAPI document as a page: everything on it stands in the page itself, so that it needs no script and no network.

use std::fmt::Write as _;

use serde_json::Value as Json;

use crate::representation::home;

/// The page of a document.
#[must_use]
pub fn render(document: &Json) -> String {
    let mut body = String::from(
        "<h1>The API</h1>\n<p><a href=\"/\">Blobcast</a> · <a href=\"/openapi.json\">OpenAPI 3.1</a> · <a href=\"/docs/problems\">problems</a></p>\n",
    );
    let paths = document["paths"].as_object();
    for (path, item) in paths.into_iter().flatten() {
        let operation = &item["get"];
        let _ = writeln!(
            body,
            "<h2><code>GET {}</code></h2>\n<p>{}.</p>",
            escaped(path),
            escaped(text(&operation["summary"]))
        );
        parameters(&operation["parameters"], &mut body);
        responses(&operation["responses"], document, &mut body);
    }
    home::document("The API", &body)
}

/// The parameters but for the operators of each field, which are told once.
fn parameters(parameters: &Json, body: &mut String) {
    let all = parameters.as_array().map(Vec::as_slice).unwrap_or_default();
    let plain: Vec<&Json> = all.iter().filter(|parameter| !text(&parameter["name"]).contains('[')).collect();
    if plain.is_empty() {
        return;
    }
    body.push_str(
        "<table>\n<thead><tr><th>Parameter</th><th>What it does</th><th>Example</th></tr></thead>\n<tbody>\n",
    );
    for parameter in plain {
        let example = parameter["example"].as_str().map_or_else(|| parameter["example"].to_string(), str::to_owned);
        let _ = writeln!(
            body,
            "<tr><td><code>{}</code></td><td>{}</td><td><code>{}</code></td></tr>",
            escaped(text(&parameter["name"])),
            escaped(text(&parameter["description"])),
            escaped(&example),
        );
    }
    body.push_str("</tbody>\n</table>\n");
    let mut operators: Vec<&str> =
        all.iter().filter_map(|parameter| text(&parameter["name"]).split_once('[')?.1.strip_suffix(']')).collect();
    operators.sort_unstable();
    operators.dedup();
    if !operators.is_empty() {
        let named: Vec<String> = operators.iter().map(|operator| format!("<code>[{operator}]</code>")).collect();
        let _ = writeln!(body, "<p>Fields also take {}, as in <code>field[ne]=value</code>.</p>", named.join(", "));
    }
}

fn responses(responses: &Json, document: &Json, body: &mut String) {
    body.push_str("<ul>\n");
    for (status, response) in responses.as_object().into_iter().flatten() {
        let referred =
            response["$ref"].as_str().and_then(|reference| document.pointer(reference.trim_start_matches('#')));
        let response = referred.unwrap_or(response);
        let _ = writeln!(body, "<li><strong>{status}</strong> {}</li>", escaped(text(&response["description"])));
    }
    body.push_str("</ul>\n");
    let example = &responses["200"]["content"]["application/json"]["example"];
    if !example.is_null() {
        let written = serde_json::to_string_pretty(example).unwrap_or_default();
        let _ = writeln!(body, "<details><summary>An answer</summary><pre>{}</pre></details>", escaped(&written));
    }
}

fn text(value: &Json) -> &str {
    value.as_str().unwrap_or_default()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
