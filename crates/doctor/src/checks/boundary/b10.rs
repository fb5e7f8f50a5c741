//! B10: a deployment cuts off requests that are under way.
//!
//! Source: the documentation of Kubernetes ("Pod Lifecycle", termination of Pods: SIGKILL after the grace period, and endpoints that are
//! taken away at the same time), and of AWS's load balancers (deregistration delay).

use std::time::Duration;

use super::facts::{said, times, told};
use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Severity};
use crate::snapshot::Window;

const FACTS: [&str; 3] = ["longest-request", "termination-grace", "deregistration-delay"];

pub(super) static CHECK: Check = Check {
    id: "B10",
    title: "a deployment cuts off requests that are under way",
    severity: Severity::Warning,
    needs: "facts: longest-request, termination-grace, deregistration-delay",
    expected: "both the grace of a process that is ended and the delay of the load balancer are longer than the longest request",
    guardrail: "a deployment under load in the tests, with no request lost; alert on 5xx during deployments",
    probes: &[
        "--fact longest-request=TIME --fact termination-grace=TIME --fact deregistration-delay=TIME, such as 60s or 2m",
    ],
    proof: Proof::Composed,
    catalogue: &["conntrack-deploy-503"],
    page: Page {
        symptom: "A handful of 502, 503, 504 or reset connections at each deployment and each scaling down; long exports and uploads never get through on a day with deployments.",
        culprit: "A process that is told to end gets a grace period, after which it is killed with what it is doing. The load balancer that has it taken out lets running requests go on for its own delay, and cuts them off then. Whichever is shorter than the longest request loses it.",
        proof: "All three are of configurations that cannot be seen from here: they are given as facts. Fails where either is not longer than the longest request.",
        fix: "Set the grace period and the deregistration delay above the longest request, and have the process stop taking new requests, finish those it has, and end. In Kubernetes a preStop hook of some seconds lets the endpoints go first. What takes longer than a minute belongs in a job, not in a request.",
        cost: "A deployment takes longer, by at most that time for each process.",
        lab: "None: all sides are facts, and the rule is a comparison.",
    },
    rule: Rule::Boundary(rule),
};

fn rule(window: &Window<'_>) -> Result<Verdict, Blind> {
    let [longest, grace, delay] = times(window, FACTS)?;
    let ends = [
        (grace, "termination", FACTS[1], "the process is killed"),
        (delay, "deregistration", FACTS[2], "the load balancer cuts off what runs"),
    ];
    let short = ends.into_iter().filter(|(time, ..)| *time <= longest);
    Ok(Verdict {
        observed: format!(
            "the longest request takes {}, the grace is {}, the delay {}",
            told(longest),
            told(grace),
            told(delay)
        ),
        faults: short
            .map(|(time, aspect, fact, what)| fault(longest, time, aspect, fact, what))
            .collect(),
        unseen: None,
    })
}

fn fault(longest: Duration, time: Duration, aspect: &'static str, fact: &str, what: &str) -> Fault {
    Fault {
        severity: Severity::Warning,
        aspect: Some(aspect),
        at: None,
        observed: format!(
            "{what} after {}, and the longest request takes {}",
            told(time),
            told(longest)
        ),
        impact: "each deployment loses the requests that still run then".to_owned(),
        fix: format!("set {fact} to {} or longer", told(longest + Duration::from_secs(10))),
        actions: Vec::new(),
        risk: "a deployment takes as much longer".to_owned(),
        reversible: true,
        evidence: vec![said(FACTS[0], told(longest)), said(fact, told(time))],
        confidence: Confidence::Low,
    }
}

#[cfg(test)]
mod tests;
