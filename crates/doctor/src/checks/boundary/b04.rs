//! B04: a lock, or the visibility of a job, ends while its holder still works.
//!
//! Source: M. Kleppmann, "How to do distributed locking" (2016): a holder that is paused past its lease goes on as if it had it.

use std::time::Duration;

use super::facts::{said, times, told};
use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Severity};
use crate::snapshot::Window;

const FACTS: [&str; 2] = ["lock-ttl", "handler-p99"];

pub(super) static CHECK: Check = Check {
    id: "B04",
    title: "a lock or a job ends before the work that it is for",
    severity: Severity::Critical,
    needs: "facts: lock-ttl, handler-p99",
    expected: "a lock or a job is held longer than one in a hundred handlers takes",
    guardrail: "alert when the p99 of the handler comes above half of the time of its lock; fencing tokens that the store checks in the write itself",
    probes: &["--fact lock-ttl=TIME --fact handler-p99=TIME, such as 60s, 2m, 8h or 7d"],
    proof: Proof::Composed,
    catalogue: &[],
    page: Page {
        symptom: "The same order is charged twice, the same mail goes out twice, rarely and never in tests; two workers log the same job.",
        culprit: "The lock, or the visibility time-out of the queue, is shorter than the slow handlers take. It ends, another worker takes the job, and the first goes on, since nothing tells it.",
        proof: "The time of the lock and the p99 of the handler are of the application: they are given as facts. Fails where one in a hundred takes as long as the lock or longer.",
        fix: "Renew the lock while the work goes on, and stop the work where that fails. What must not happen twice carries a fencing token that is checked in the same transaction as the write (LOCK.CHECK of Groundsill), or a key of idempotency. A longer time alone makes it rarer, and a crash longer to heal.",
        cost: "Renewal costs a request each third of the time. A longer lock keeps the job waiting as long after a crash.",
        lab: "None: both sides are facts, and the rule is a comparison.",
    },
    rule: Rule::Boundary(rule),
};

fn rule(window: &Window<'_>) -> Result<Verdict, Blind> {
    let [ttl, p99] = times(window, FACTS)?;
    let is_wrong = p99 >= ttl;
    Ok(Verdict {
        observed: format!(
            "a lock is held for {}, and one in a hundred handlers takes {}",
            told(ttl),
            told(p99)
        ),
        faults: is_wrong.then(|| fault(ttl, p99)).into_iter().collect(),
        unseen: None,
    })
}

fn fault(ttl: Duration, p99: Duration) -> Fault {
    Fault {
        severity: Severity::Critical,
        aspect: None,
        at: None,
        observed: format!(
            "a lock ends after {}, and one in a hundred handlers takes {}",
            told(ttl),
            told(p99)
        ),
        impact: "one in a hundred jobs, at least, is done by two workers at once".to_owned(),
        fix: format!(
            "renew it while the work goes on, and check a fencing token in the write; until then hold it for {}",
            told(p99 * 3)
        ),
        actions: Vec::new(),
        risk: "after a crash of its holder the job waits as long".to_owned(),
        reversible: true,
        evidence: vec![said(FACTS[0], told(ttl)), said(FACTS[1], told(p99))],
        confidence: Confidence::Low,
    }
}

#[cfg(test)]
mod tests;
