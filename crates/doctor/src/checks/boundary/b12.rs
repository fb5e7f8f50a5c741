//! B12: after a failover a client still writes to the server that is a replica now.
//!
//! Source: the documentation of Redis, "INFO" (`errorstats`, from 6.2 on) and "Replication" (replicas refuse writes with READONLY).

use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Pair, Redis, Window};

const KIND: &str = "READONLY";

pub(super) static CHECK: Check = Check {
    id: "B12",
    title: "a client writes to a server of Redis that is a replica",
    severity: Severity::Warning,
    needs: "+info, of each replica",
    expected: "no replica refuses a write",
    guardrail: "alert on increase(redis_errors_total{err=\"READONLY\"}[5m]) > 0 (redis_exporter); clients that ask Sentinel or the cluster anew after READONLY, and names with a short time to live",
    probes: &["INFO replication: role; INFO errorstats: errorstat_READONLY, in both looks"],
    proof: Proof::Lab,
    catalogue: &[],
    page: Page {
        symptom: "After a failover a part of the application works and a part logs \"READONLY You can't write against a read only replica\", for minutes or until it is restarted; reads work everywhere.",
        culprit: "The client still holds connections to the server that was the primary, or has its address from a name that it resolved once: JVMs with networkaddress.cache.ttl=-1 never ask again. The server has become a replica meanwhile and refuses each write.",
        proof: "The number of READONLY errors of a server that is a replica in both looks grew in between. What stood there before is not told. Who writes is not seen: CLIENT LIST shows who is connected.",
        fix: "Have the client ask anew for the primary: restart it now; then set it to do so by itself on READONLY (reconnectOnError of ioredis, Sentinel or cluster mode of the others), and limit how long names are kept (networkaddress.cache.ttl=30). CLIENT KILL TYPE normal on the replica makes them all connect anew, which helps only where the name or Sentinel already points to the new primary.",
        cost: "Connections that are ended show an error to their clients once.",
        lab: "A primary and a replica, and a client that writes a drawn number of times to the replica; mended as it writes to the primary.",
    },
    rule: Rule::Boundary(rule),
};

fn rule(window: &Window<'_>) -> Result<Verdict, Blind> {
    let pairs = window.pairs(|it| &it.redis);
    if pairs.is_empty() {
        return Err(Blind::OutOfPlace("there is no redis".to_owned()));
    }
    let (mut faults, mut unseen, mut replicas) = (Vec::new(), None, 0);
    for pair in &pairs {
        match refused(pair) {
            Ok(Some(count)) => {
                replicas += 1;
                faults.extend((count > 0).then(|| fault(pair, count)));
            }
            Ok(None) => {}
            Err(blind) => unseen = Some(blind),
        }
    }
    if replicas == 0 && unseen.is_none() {
        return Err(Blind::OutOfPlace("no redis that is seen here is a replica".to_owned()));
    }
    Ok(Verdict { observed: format!("{replicas} replicas refused no write"), faults, unseen })
}

/// How many writes it refused in the window; none if it was not a replica all the time.
fn refused(pair: &Pair<'_, Redis>) -> Result<Option<u64>, Blind> {
    if !pair.after()?.is_replica()? || !pair.before()?.is_replica()? {
        return Ok(None);
    }
    // A kind that is not there never was.
    let count = |it: &Redis| Ok(Some(it.errors.seen()?.get(KIND).copied().unwrap_or(0)));
    pair.growth("errorstat_READONLY", count).map(Some)
}

fn fault(pair: &Pair<'_, Redis>, count: u64) -> Fault {
    let (at, seconds) = (&pair.server.at, pair.window.seconds());
    Fault {
        severity: Severity::Warning,
        aspect: None,
        at: Some(format!("redis {at}")),
        observed: format!("{count} writes were refused with READONLY in {seconds:.1} s: it is a replica"),
        impact: "whoever writes there loses each write, until it finds the primary".to_owned(),
        fix: "restart the client, or have it ask anew for the primary on READONLY; CLIENT LIST TYPE normal shows who is connected".to_owned(),
        actions: Vec::new(),
        risk: "a client that connects anew sees an error once".to_owned(),
        reversible: true,
        evidence: vec![
            Evidence { probe: "INFO role, both looks".to_owned(), value: "slave".to_owned() },
            Evidence {
                probe: "INFO errorstat_READONLY".to_owned(),
                value: format!("+{count} in {seconds:.1} s"),
            },
        ],
        confidence: Confidence::High,
    }
}

#[cfg(test)]
mod tests;
