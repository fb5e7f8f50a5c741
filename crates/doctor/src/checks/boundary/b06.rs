//! B06: many keys of a cache expire within the same second, and whoever fills it is asked for all of them at once.
//!
//! What fills the cache is not seen, nor whether it lets one caller fill for all: so it is a sign, from a sample.

use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Redis, RedisSample, Server, Window};

/// Of fewer sampled keys with a time to live nothing is said.
const KEYS_MIN: u64 = 100;

/// Percent of them that expire within one second beyond which it is told.
const TOGETHER: u64 = 20;

pub(super) static CHECK: Check = Check {
    id: "B06",
    title: "many keys of a cache expire within the same second",
    severity: Severity::Warning,
    needs: "+scan +type +pttl ~*",
    expected: "of at least 100 sampled keys with a time to live no more than 20 % expire within one second",
    guardrail: "a time to live with a random part of a tenth; one caller that fills for all (single flight)",
    probes: &[
        "SCAN of at most 1000 keys with PTTL, counted; keys with less than 10 s left are not counted together",
    ],
    proof: Proof::Lab,
    catalogue: &[],
    page: Page {
        symptom: "The database is busy for some seconds at a full hour, or an hour after each deployment, and pages are slow for all; then all is well again.",
        culprit: "Keys were written at once with the same time to live, when the cache was filled or started, and so they expire at once. Each reader that misses asks the database for the same.",
        proof: "Of at most a thousand sampled keys in the largest database, how many expire within the fullest second, at least 10 s from now: short times to live lie close together by nature. More than a fifth of them, of at least 100, is told. It is a sample, and whether one caller fills for all cannot be seen: of low confidence.",
        fix: "Give each key its time to live and a random part of a tenth; let one caller fill while the others wait or get the old value. The keys that are there now can be spread by EXPIRE with random values.",
        cost: "Some keys are up to a tenth older than before. Undone by leaving the random part out.",
        lab: "A server with keys that expire together and others that do not; mended by spreading them.",
    },
    rule: Rule::Boundary(rule),
};

fn rule(window: &Window<'_>) -> Result<Verdict, Blind> {
    let servers = &window.after.redis;
    if servers.is_empty() {
        return Err(Blind::OutOfPlace("there is no redis".to_owned()));
    }
    let (mut faults, mut unseen, mut keys) = (Vec::new(), None, 0);
    for server in servers {
        match sample(server) {
            Ok(sample) => {
                keys += sample.expiring();
                faults.extend(fault(server, sample));
            }
            Err(blind) => unseen = Some(blind),
        }
    }
    let observed = format!("{keys} sampled keys with a time to live do not expire together");
    Ok(Verdict { observed, faults, unseen })
}

fn sample(server: &Server<Redis>) -> Result<&RedisSample, Blind> {
    if let Some(refused) = &server.refused {
        let why = format!("session with {}: it refused, \"{}\"", server.at, refused.message);
        return Err(Blind::Absent(why));
    }
    server.seen.seen()?.sample.seen()
}

fn fault(server: &Server<Redis>, sample: &RedisSample) -> Option<Fault> {
    let RedisSample { together, together_in_seconds: after, database, .. } = sample;
    let expiring = sample.expiring();
    if expiring < KEYS_MIN || together * 100 <= expiring * TOGETHER {
        return None;
    }
    Some(Fault {
        severity: Severity::Warning,
        aspect: None,
        at: Some(format!("redis {}", server.at)),
        observed: format!("{together} of {expiring} sampled keys expire within one second, in {after} s"),
        impact: format!("in {after} s whoever fills the cache is asked for all of them at once"),
        fix: "add a random part to the time to live, and let one caller fill for all; spread those that are there with EXPIRE".to_owned(),
        actions: Vec::new(),
        risk: "some keys are older than before by that part".to_owned(),
        reversible: true,
        evidence: vec![Evidence {
            probe: format!("SCAN, PTTL of db{database}"),
            value: format!("{together} of {expiring} within 1 s, in {after} s"),
        }],
        confidence: Confidence::Low,
    })
}

#[cfg(test)]
mod tests;
