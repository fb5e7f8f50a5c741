//! B09: the clocks of two systems are further apart than leases and tokens allow.
//!
//! Source: the node mixin, `NodeClockSkewDetected` (50 ms); the documentation of Redis, "Distributed Locks with Redis" (the drift that a lock must leave
//! room for); the estimate of an offset is that of Cristian, "Probabilistic clock synchronization" (1989): it is off by half the round trip at most.

use std::time::Duration;

use super::facts::{said, time, told};
use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Offset, Probed, Server, Window};

/// What leases, locks and tokens leave as room for clocks that differ.
const FACT: &str = "lease-slack";

/// Where nobody said it: what the node mixin takes for skew.
const USUAL: Duration = Duration::from_millis(50);

pub(super) static CHECK: Check = Check {
    id: "B09",
    title: "the clocks of two systems are further apart than leases and tokens allow",
    severity: Severity::Critical,
    needs: "fact: lease-slack; without it, 50 ms is a warning. Redis: +time in the ACL of the user",
    expected: "the clocks of this machine and of all servers are less than 50 ms apart, or than the smallest room that leases leave for it",
    guardrail: "chrony on each machine with the same servers of time; alert on abs(node_timex_offset_seconds) > 0.05; leases that compare no clocks of two machines (a fencing token)",
    probes: &[
        "PostgreSQL: SELECT clock_timestamp()",
        "MySQL: SELECT UTC_TIMESTAMP(6)",
        "Redis: TIME",
        "the wall clock of this machine, before the question and after the answer, and one that nobody sets, for how long that took",
        "--fact lease-slack=TIME, such as 200ms",
    ],
    proof: Proof::Lab,
    catalogue: &["node-clock-drift-tls-jwt"],
    page: Page {
        symptom: "A lock is taken while its holder still works. Tokens are \"not yet valid\" on one machine only. The newest row is not the last by its time stamp; a cleanup deletes what was written a moment ago.",
        culprit: "Two machines that compare times have clocks that differ, and what they compare leaves less room than that: the end of a lease that one computed and the other checks, the issue of a token, last writer wins, expiry times that an application computes and a server judges.",
        proof: "Each server is asked what time it is, and the answer compared with the clock of this machine in the middle between question and answer; what the way may hide, half of the round trip, counts for the server. The two that are furthest apart for certain are told: more than --fact lease-slack is critical, and without that fact more than 50 ms (as in the node mixin) a warning. H23 tells which of them is wrong, where a server of time can be asked.",
        fix: "See which is off: chronyc tracking or timedatectl timesync-status on both; mend what should keep it. Give leases more room than the clocks differ, or let one clock judge: expiry computed by the server (SET key value PX ms, now() of the database), a fencing token in place of a time.",
        cost: "A clock that is set by a leap backwards repeats seconds, one forwards ends leases: chrony corrects slowly unless it is told to step. More room makes a lock of a dead holder last longer.",
        lab: "A server of MariaDB whose calls for the time are answered ahead or behind by as much as is drawn (libfaketime); mended by starting it without.",
    },
    rule: Rule::Boundary(rule),
};

/// Somebody's clock: how far it is ahead of ours, and how unsure that is, in microseconds.
struct Clock {
    of: String,
    ahead_us: i64,
    unsure_us: u64,
}

impl Clock {
    /// How far two are apart at least.
    fn apart(&self, other: &Self) -> Duration {
        let apart = self.ahead_us.abs_diff(other.ahead_us);
        Duration::from_micros(apart.saturating_sub(self.unsure_us + other.unsure_us))
    }
}

fn rule(window: &Window<'_>) -> Result<Verdict, Blind> {
    let given = time(window, FACT)?;
    let most = given.unwrap_or(USUAL);
    let (clocks, unseen) = clocks(window);
    if clocks.len() < 2 {
        let none = || Blind::OutOfPlace("no server is looked at that tells the time".to_owned());
        return Err(unseen.unwrap_or_else(none));
    }
    let pairs = clocks.iter().enumerate().flat_map(|(at, one)| {
        clocks[at + 1..].iter().map(move |other| (one.apart(other), one, other))
    });
    let Some((apart, one, other)) = pairs.max_by_key(|(apart, ..)| *apart) else {
        return Err(Blind::Failed("there are no two clocks to compare".to_owned()));
    };
    let observed =
        format!("{} clocks are no more than {} apart for certain", clocks.len(), told(apart));
    let faults = (apart > most).then(|| fault((apart, one, other), &clocks, most, given.is_some()));
    Ok(Verdict { observed, faults: faults.into_iter().collect(), unseen })
}

/// That of this machine first; and why one could not be seen.
fn clocks(window: &Window<'_>) -> (Vec<Clock>, Option<Blind>) {
    let mut clocks = vec![Clock { of: "this machine".to_owned(), ahead_us: 0, unsure_us: 0 }];
    let mut unseen = None;
    let after = window.after;
    let mut add = |kind: &str, at: &str, seen: Result<&Offset, Blind>| match seen {
        Ok(offset) => clocks.push(Clock {
            of: format!("{kind} {at}"),
            ahead_us: offset.ahead_us,
            unsure_us: offset.delay_us.div_ceil(2),
        }),
        Err(blind) => unseen = unseen.take().or(Some(blind)),
    };
    each(&after.postgres, |it| &it.clock, |at, seen| add("postgres", at, seen));
    each(&after.mysql, |it| &it.clock, |at, seen| add("mysql", at, seen));
    each(&after.redis, |it| &it.clock, |at, seen| add("redis", at, seen));
    (clocks, unseen)
}

/// Of a server that let nobody in this is told by others.
fn each<'a, T>(
    servers: &'a [Server<T>],
    clock: impl Fn(&'a T) -> &'a Probed<Offset>,
    mut tell: impl FnMut(&'a str, Result<&'a Offset, Blind>),
) {
    for server in servers {
        if let Ok(seen) = server.seen.seen() {
            tell(&server.at, clock(seen).seen());
        }
    }
}

fn fault(
    (apart, one, other): (Duration, &Clock, &Clock),
    clocks: &[Clock],
    most: Duration,
    is_given: bool,
) -> Fault {
    let (ahead, behind) = if one.ahead_us > other.ahead_us { (one, other) } else { (other, one) };
    let evidence = clocks.iter().skip(1).map(|clock| Evidence {
        probe: format!("time of {}", clock.of),
        value: format!("{} us ahead, +/- {} us", clock.ahead_us, clock.unsure_us),
    });
    Fault {
        severity: if is_given { Severity::Critical } else { Severity::Warning },
        aspect: None,
        at: Some(format!("{} and {}", one.of, other.of)),
        observed: format!("the clock of {} is at least {} ahead of that of {}", ahead.of, told(apart), behind.of),
        impact: format!("a lease, token or time stamp of one that the other judges is off by that, and {} of room is left for it", told(most)),
        fix: "chronyc tracking on both says which is off: mend that; or let one clock judge alone, and fence with a number instead of a time".to_owned(),
        actions: Vec::new(),
        risk: "a leap of a clock backwards repeats seconds, one forwards ends leases: at a quiet time".to_owned(),
        reversible: false,
        evidence: evidence.chain(is_given.then(|| said(FACT, told(most)))).collect(),
        confidence: Confidence::High,
    }
}

#[cfg(test)]
mod tests;
