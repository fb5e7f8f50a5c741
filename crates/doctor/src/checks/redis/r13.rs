//! R13: somebody listens for keyspace events that the server does not send.
//!
//! Source: the documentation of Redis, "Keyspace notifications": none are sent unless `notify-keyspace-events` says which, and those who are
//! not connected at that moment never hear of them.

use super::words::shown;
use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Severity};
use crate::snapshot::{Pair, Redis};

pub(super) static CHECK: Check = Check {
    id: "R13",
    title: "somebody listens for keyspace events that the server does not send",
    severity: Severity::Warning,
    needs: "+config|get +pubsub",
    expected: "where channels of keyspace events are listened to, notify-keyspace-events names them",
    guardrail: "notify-keyspace-events in the file of settings of every server and replica; a sweep besides, as events may be missed",
    probes: &["PUBSUB CHANNELS __key*__:*, counted", "CONFIG GET notify-keyspace-events"],
    proof: Proof::Lab,
    catalogue: &[],
    page: Page {
        symptom: "What should happen when a key expires, an order that is not paid or a session that ends, does not happen; nobody sees an error.",
        culprit: "The service subscribes to channels such as __keyevent@0__:expired, which succeeds on every server; but events are off unless notify-keyspace-events says otherwise. After a failover, a new server or a restart without CONFIG REWRITE they are off again, and the service waits for ever.",
        proof: "Channels of keyspace events that somebody has subscribed to by name, while the setting is empty. Patterns (PSUBSCRIBE) cannot be seen from outside: who listens by those is not found.",
        fix: "CONFIG SET notify-keyspace-events Ex (E for __keyevent, K for __keyspace, x for expired; A for all kinds), and CONFIG REWRITE, on replicas as well. Whatever must not be missed needs a sweep besides, as an event is sent once, to those who are connected.",
        cost: "Each event costs some processor time; choose only the kinds that are used. Undo with an empty value.",
        lab: "A subscriber to channels of events on a server that sends none; mended by turning them on.",
    },
    rule: Rule::Redis(rule),
};

fn rule(pair: &Pair<'_, Redis>) -> Result<Verdict, Blind> {
    let server = pair.after()?;
    let channels = *server.event_channels.seen()?;
    let sent = server.setting("notify-keyspace-events")?;
    if channels == 0 {
        let observed = "nobody listens to keyspace events by name".to_owned();
        return Ok(Verdict { observed, ..Verdict::default() });
    }
    let fault = || {
        Fault {
        severity: Severity::Warning,
        aspect: None,
        at: None,
        observed: format!("{channels} channels of keyspace events are listened to, and notify-keyspace-events is empty"),
        impact: "whoever waits for them waits for ever: what should happen when a key expires does not".to_owned(),
        fix: "CONFIG SET notify-keyspace-events Ex; CONFIG REWRITE (undo: CONFIG SET notify-keyspace-events \"\"); choose the letters by what is listened to".to_owned(),
        actions: Vec::new(),
        risk: "each event costs some processor time".to_owned(),
        reversible: true,
        evidence: vec![
            shown("PUBSUB CHANNELS __key*__:*", &channels),
            shown("CONFIG GET notify-keyspace-events", "\"\""),
        ],
        confidence: Confidence::High,
    }
    };
    Ok(Verdict {
        observed: format!(
            "{channels} channels of keyspace events are listened to, and \"{sent}\" are sent"
        ),
        faults: if sent.is_empty() { vec![fault()] } else { Vec::new() },
        unseen: None,
    })
}

#[cfg(test)]
mod tests;
