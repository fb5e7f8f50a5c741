//! B08: a request is sent again after the key that would know it has gone.
//!
//! Source: the IETF draft "The Idempotency-Key HTTP Header Field"; Stripe's documentation (keys are kept for at least 24 h, webhooks sent
//! again for up to three days); SQS's (messages are kept for up to 14 days).

use std::time::Duration;

use super::facts::{said, times, told};
use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Severity};
use crate::snapshot::Window;

const FACTS: [&str; 2] = ["idempotency-ttl", "retry-window"];

pub(super) static CHECK: Check = Check {
    id: "B08",
    title: "a retry comes after its idempotency key is forgotten, and is done again",
    severity: Severity::Critical,
    needs: "facts: idempotency-ttl, retry-window",
    expected: "keys of idempotency are kept longer than anybody sends a request again",
    guardrail: "keep keys for the longest retry window of all callers and a day; a test that sends a webhook again after it",
    probes: &["--fact idempotency-ttl=TIME --fact retry-window=TIME, such as 60s, 2m, 8h or 7d"],
    proof: Proof::Composed,
    catalogue: &[],
    page: Page {
        symptom: "A payment or a webhook of days ago is done a second time, after an outage or after somebody has pressed \"send again\".",
        culprit: "A key of idempotency is kept for a time, and callers send again for a time: clients for minutes, providers of webhooks for three days, queues for up to 14, people for ever. What comes after the key is gone looks new.",
        proof: "Both times are of applications: they are given as facts. Fails where requests may come as late as the key is kept, or later.",
        fix: "Keep keys longer than the longest window of all who send, and let what is older be refused by a time in the request. Or make the write itself know: a unique key of the business (order, payment) in the table.",
        cost: "Keys take space for as long: about a hundred bytes each.",
        lab: "None: both sides are facts, and the rule is a comparison.",
    },
    rule: Rule::Boundary(rule),
};

fn rule(window: &Window<'_>) -> Result<Verdict, Blind> {
    let [ttl, window_of] = times(window, FACTS)?;
    let is_wrong = window_of >= ttl;
    Ok(Verdict {
        observed: format!(
            "keys are kept for {}, and requests sent again for {}",
            told(ttl),
            told(window_of)
        ),
        faults: is_wrong.then(|| fault(ttl, window_of)).into_iter().collect(),
        unseen: None,
    })
}

fn fault(ttl: Duration, window_of: Duration) -> Fault {
    Fault {
        severity: Severity::Critical,
        aspect: None,
        at: None,
        observed: format!(
            "keys are kept for {}, and requests are sent again for {}",
            told(ttl),
            told(window_of)
        ),
        impact: "a request that comes again after its key is gone is done again: money moves twice"
            .to_owned(),
        fix: format!(
            "keep keys for {} or longer, or a unique key of the business in the table",
            told(window_of + Duration::from_hours(24))
        ),
        actions: Vec::new(),
        risk: "keys take space for as long".to_owned(),
        reversible: true,
        evidence: vec![said(FACTS[0], told(ttl)), said(FACTS[1], told(window_of))],
        confidence: Confidence::Low,
    }
}

#[cfg(test)]
mod tests;
