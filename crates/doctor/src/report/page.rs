//! The page of a check in `docs/doctor/`.

use crate::check::{Check, Page};

/// Its text, as Markdown.
pub fn page(check: &Check) -> String {
    let Check { id, title, needs, expected, guardrail, probes, proof, catalogue, severity, .. } =
        check;
    let Page { symptom, culprit, proof: how, fix, cost, lab } = check.page;
    let severity = format!("{severity:?}").to_lowercase();
    let probes = probes.join("\n* ");
    format!(
        "# {id}: {title}\n\n\
         At worst {severity}; target {target}; proved by {proof}{known}.\n\n\
         ## Symptom\n{symptom}\n\n\
         ## Culprit\n{culprit}\n\n\
         ## Proof\n{how}\n\nExpected: {expected}.\n\nIt reads:\n* {probes}\n\nIt needs {needs}.\n\n\
         ## Fix\n{fix}\n\n\
         ## Cost\n{cost}\n\n\
         ## Guardrail\n{guardrail}\n\n\
         ## Lab\n{lab}\n",
        target = check.target().name(),
        proof = proof.name(),
        known = if catalogue.is_empty() {
            String::new()
        } else {
            format!("; known from {}", catalogue.join(", "))
        },
    )
}
