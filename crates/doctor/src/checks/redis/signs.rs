//! Signs that a server holds what a cache would not: what nobody can get again once it is gone.
//!
//! None of them is the name of a key: of names only the user knows what they mean. So a server without signs may still be no cache.

use crate::check::Blind;
use crate::record::Evidence;
use crate::snapshot::Redis;

/// Commands in which workers wait for jobs.
const WAITS: &[&str] = &[
    "blpop",
    "brpop",
    "brpoplpush",
    "blmove",
    "blmpop",
    "bzpopmin",
    "bzpopmax",
    "bzmpop",
    "xreadgroup",
];

/// Below so many keys their share says nothing.
const KEYS_MIN: u64 = 100;

/// Percent of keys that never expire from which on it is taken for a store.
const LASTING: u64 = 50;

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Signs {
    /// Of jobs, locks, sessions: of what is waited for, or named by the user. In words, and as evidence.
    pub(super) kept: Vec<(String, Evidence)>,
    /// Most keys stay for ever: a store, or a cache whose author forgot the time to live.
    pub(super) lasting: Option<(String, Evidence)>,
    /// What could not be looked at.
    pub(super) unseen: Option<Blind>,
}

impl Signs {
    /// Of a server.
    pub(super) fn of(server: &Redis) -> Result<Self, Blind> {
        let mut signs = Self::default();
        let all = server.keyspace.seen()?.values();
        let (keys, expires) =
            all.fold((0, 0), |(keys, expires), it| (keys + it.keys, expires + it.expires));
        match server.clients.seen() {
            Ok(clients) => {
                let waits =
                    clients.blocked.iter().filter(|(name, _)| WAITS.contains(&name.as_str()));
                signs.kept.extend(waits.map(|(name, count)| {
                    let words = format!("{count} clients wait in {name}");
                    (words, evidence("CLIENT LIST", format!("cmd={name} flags=b: {count}")))
                }));
            }
            Err(blind) => signs.unseen = Some(blind),
        }
        // Without keys there is nothing to sample.
        match server.sample.seen() {
            Ok(sample) => {
                if let Some(streams) = sample.lasting.get("stream") {
                    let words = format!("{streams} of {} sampled keys are streams", sample.keys);
                    let value = format!("stream {streams} of {}", sample.keys);
                    signs.kept.push((words, evidence("SCAN, TYPE", value)));
                }
                for (prefix, seen) in &sample.prefixes {
                    let count = seen.lasting + seen.expiring;
                    if count > 0 {
                        let words = format!("{count} sampled keys begin with \"{prefix}\"");
                        signs.kept.push((words, evidence("SCAN", format!("{prefix} {count}"))));
                    }
                }
            }
            Err(blind) if keys > 0 => signs.unseen = Some(blind),
            Err(_) => {}
        }
        let lasting = keys.saturating_sub(expires);
        if keys >= KEYS_MIN && lasting * 100 >= keys * LASTING {
            signs.lasting = Some((
                format!("{lasting} of {keys} keys never expire"),
                evidence("INFO keyspace", format!("keys={keys} expires={expires}")),
            ));
        }
        Ok(signs)
    }

    /// Whether any was found.
    pub(super) const fn any(&self) -> bool {
        !self.kept.is_empty() || self.lasting.is_some()
    }

    /// In a few words.
    pub(super) fn words(&self) -> String {
        let all = self.kept.iter().chain(&self.lasting).map(|(words, _)| words.as_str());
        all.collect::<Vec<_>>().join(", ")
    }

    /// As evidence.
    pub(super) fn evidence(self) -> impl Iterator<Item = Evidence> {
        self.kept.into_iter().chain(self.lasting).map(|(_, evidence)| evidence)
    }
}

fn evidence(probe: &str, value: String) -> Evidence {
    Evidence { probe: probe.to_owned(), value }
}
