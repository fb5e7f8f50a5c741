//! B01: a proxy sends a request on a connection that its backend is just closing.
//!
//! Source: RFC 9112, 9.3 and 9.6 (either side may close an idle connection at any time, and a client cannot tell); the documentation of
//! AWS's application load balancers ("idle time-out" and "keep-alive time-out of targets") and of Node.js (`server.keepAliveTimeout`).

use std::time::Duration;

use super::facts::{said, times, told};
use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Severity};
use crate::snapshot::Window;

const FACTS: [&str; 2] = ["lb-idle-timeout", "backend-keepalive"];

pub(super) static CHECK: Check = Check {
    id: "B01",
    title: "requests fail with 502 when a connection closes on its side before the proxy gives it up",
    severity: Severity::Warning,
    needs: "facts: lb-idle-timeout, backend-keepalive",
    expected: "the backend keeps an idle connection longer than the proxy in front of it does",
    guardrail: "backend keep-alive = idle time-out of the proxy + 5 s, in the same repository; alert on 502 of targets that have no error of their own",
    probes: &[
        "--fact lb-idle-timeout=TIME --fact backend-keepalive=TIME, such as 60s, 2m, 8h or 7d",
    ],
    proof: Proof::Composed,
    catalogue: &[],
    page: Page {
        symptom: "A 502 or \"connection reset\" now and then, a few in a million, at any load, more when it is quiet; the backend's log has nothing.",
        culprit: "Between two requests a connection stays open. The one that gives it up first closes it. If that is the backend, the proxy may send a request in the very moment in which the close is on its way: the request falls into a closed connection, and the proxy cannot know whether it was done, so it answers 502. Usual defaults are on the wrong side: 60 s of the proxy against 5 s (Node.js), 65 s of gunicorn behind 75 s and so on.",
        proof: "Both times are of configurations that cannot be seen from here: they are given as facts. Fails where the backend's is not longer.",
        fix: "Set the keep-alive time-out of the backend above the idle time-out of the proxy, by some seconds; Node.js: server.keepAliveTimeout, and server.headersTimeout above that.",
        cost: "Idle connections stay open a little longer on the backend: some kilobytes each.",
        lab: "None: both sides are facts, and the rule is a comparison.",
    },
    rule: Rule::Boundary(rule),
};

fn rule(window: &Window<'_>) -> Result<Verdict, Blind> {
    let [proxy, backend] = times(window, FACTS)?;
    let is_wrong = backend <= proxy;
    Ok(Verdict {
        observed: format!(
            "the proxy keeps an idle connection {}, and the backend {}, which is {}",
            told(proxy),
            told(backend),
            if backend > proxy { "longer" } else { "not longer" }
        ),
        faults: is_wrong.then(|| fault(proxy, backend)).into_iter().collect(),
        unseen: None,
    })
}

fn fault(proxy: Duration, backend: Duration) -> Fault {
    Fault {
        severity: Severity::Warning,
        aspect: None,
        at: None,
        observed: format!("the backend closes an idle connection after {}, and the proxy in front of it only after {}", told(backend), told(proxy)),
        impact: "now and then a request falls into a connection that is just closed: a 502 that the backend never hears of".to_owned(),
        fix: format!("set the keep-alive time-out of the backend to {}", told(proxy + Duration::from_secs(5))),
        actions: Vec::new(),
        risk: "idle connections stay open longer on the backend".to_owned(),
        reversible: true,
        evidence: vec![said(FACTS[0], told(proxy)), said(FACTS[1], told(backend))],
        confidence: Confidence::Low,
    }
}

#[cfg(test)]
mod tests;
