//! R11: a client does not fetch its replies, which pile up until it is cut off.
//!
//! Source: the documentation of Redis, "Clients" (output buffer limits) and `redis.conf` (`client-output-buffer-limit`).

use super::words::{mib, percent, shown};
use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Severity};
use crate::snapshot::{Pair, Redis, RedisClientKind};

/// Percent of the hard limit from which on it is told.
const NEAR: u64 = 50;

/// Where there is no limit: as much as one who subscribes may have by default.
const UNLIMITED: u64 = 32 << 20;

const CUT: &str = "client_output_buffer_limit_disconnections";

pub(super) static CHECK: Check = Check {
    id: "R11",
    title: "replies pile up for a client that does not fetch them",
    severity: Severity::Warning,
    needs: "+info +config|get +client|list",
    expected: "no client is cut off for its output buffer, and none holds half of what it may",
    guardrail: "alert on rate(redis_client_output_buffer_limit_disconnections[5m]) > 0 and on mem_clients_normal, mem_clients_slaves",
    probes: &[
        "INFO: client_output_buffer_limit_disconnections, where the version counts it",
        "CLIENT LIST: omem by kind of client",
        "CONFIG GET client-output-buffer-limit",
    ],
    proof: Proof::Lab,
    catalogue: &[],
    page: Page {
        symptom: "Subscribers miss messages after an unexplained reconnect; a replica starts its first copy again and again and never comes to an end; or the server grows although its keys do not.",
        culprit: "Replies that a client does not fetch wait in the memory of the server. Beyond a limit, by kind of client, it is cut off: one who subscribes at 32 MiB, or at 8 MiB for a minute, and loses what it had not fetched; a replica at 256 MiB, or 64 MiB for a minute, and starts over. Ordinary clients have no limit unless one is set, and may take all memory.",
        proof: "Aspect cut: clients were cut off between the two looks, where the version counts it. Aspect pile: one holds half of its hard limit, or all of its soft one, now; or 32 MiB where it has none. Which client it is is not kept: CLIENT LIST says. Valkey 9.1 counts long strings, of 16 KiB and more, to no client: it keeps them once for all that they go to. Of those that wait only used_memory tells there.",
        fix: "CLIENT LIST, sorted by omem: that client is stuck, too slow, or asks for too much at once. For replicas whose copy takes long: CONFIG SET client-output-buffer-limit \"replica 1gb 256mb 300\". For ordinary clients a limit protects the server: \"normal 256mb 64mb 60\".",
        cost: "A higher limit takes memory beside maxmemory; a limit for ordinary clients cuts off those that ask for more at once. Undo by setting the former line.",
        lab: "A subscriber that reads nothing while much is published; mended by ending it.",
    },
    rule: Rule::Redis(rule),
};

/// What a kind of client may pile up; 0 is any amount.
struct Limit {
    hard: u64,
    soft: u64,
    seconds: u64,
}

fn rule(pair: &Pair<'_, Redis>) -> Result<Verdict, Blind> {
    let server = pair.after()?;
    let mut faults = Vec::new();
    let mut unseen = None;
    let is_counted = server.counter(CUT)?.is_some();
    if is_counted {
        match pair.growth(CUT, |it| it.counter(CUT)) {
            Ok(0) => {}
            Ok(count) => faults.push(cut(count, pair.window.seconds())),
            Err(blind) => unseen = Some(blind),
        }
    }
    let limits = server.setting("client-output-buffer-limit")?;
    let clients = server.clients.seen()?;
    for (kind, most) in &clients.most_output_bytes {
        let Some(class) = kind.class() else { continue };
        let limit = limit(limits, class)?;
        let is_near = match (limit.hard, limit.soft) {
            (0, 0) => *most >= UNLIMITED,
            (hard, soft) => hard > 0 && percent(*most, hard) >= NEAR || soft > 0 && *most >= soft,
        };
        if is_near {
            faults.push(pile(*kind, *most, &limit, limits));
        }
    }
    let most = clients.most_output_bytes.values().max().copied().unwrap_or(0);
    let counted = if is_counted {
        "nobody was cut off"
    } else {
        "this version does not count who is cut off"
    };
    let observed = format!("{counted}; at most {} wait to be fetched by a client", mib(most));
    Ok(Verdict { observed, faults, unseen })
}

/// Of `normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60`.
fn limit(limits: &str, class: &str) -> Result<Limit, Blind> {
    let mut words = limits.split_whitespace().skip_while(|word| *word != class).skip(1);
    let mut number = || words.next()?.parse().ok();
    let limit = (|| Some(Limit { hard: number()?, soft: number()?, seconds: number()? }))();
    limit.ok_or_else(|| {
        Blind::Failed(format!("client-output-buffer-limit is \"{limits}\", without {class}"))
    })
}

fn cut(count: u64, seconds: f64) -> Fault {
    Fault {
        severity: Severity::Warning,
        aspect: Some("cut"),
        at: None,
        observed: format!("{count} clients were cut off in {seconds:.1} s, as they did not fetch their replies"),
        impact: "subscribers lose messages, and a replica starts its copy over".to_owned(),
        fix: "its log says which (\"overcoming of output buffer limits\"); make them read faster, or CONFIG SET client-output-buffer-limit higher (undo: the former line)".to_owned(),
        actions: Vec::new(),
        risk: "a higher limit takes memory beside maxmemory".to_owned(),
        reversible: true,
        evidence: vec![shown(&format!("INFO {CUT}"), &format!("{count} more in {seconds:.1} s"))],
        confidence: Confidence::High,
    }
}

fn pile(kind: RedisClientKind, most: u64, limit: &Limit, limits: &str) -> Fault {
    let who = match kind {
        RedisClientKind::Normal => "an ordinary client",
        RedisClientKind::Replica => "a replica",
        RedisClientKind::Pubsub => "a subscriber",
        RedisClientKind::Primary => "the primary",
    };
    let (bound, impact) = match limit {
        Limit { hard: 0, soft: 0, .. } => {
            ("no limit".to_owned(), "it takes memory until the server is killed".to_owned())
        }
        Limit { hard, soft, seconds } => (
            format!("{} at once or {} for {seconds} s", mib(*hard), mib(*soft)),
            "it is cut off, and loses what it did not fetch; a replica starts its copy over"
                .to_owned(),
        ),
    };
    Fault {
        severity: Severity::Warning,
        aspect: Some("pile"),
        at: None,
        observed: format!("{who} has not fetched {}; it may have {bound}", mib(most)),
        impact,
        fix: "CLIENT LIST, sorted by omem, says which: make it read faster, or end it with CLIENT KILL ID".to_owned(),
        actions: Vec::new(),
        risk: "a client that is ended loses what it did not fetch".to_owned(),
        reversible: false,
        evidence: vec![shown("CLIENT LIST omem", &most), shown("CONFIG GET client-output-buffer-limit", &limits)],
        confidence: Confidence::High,
    }
}

#[cfg(test)]
mod tests;
