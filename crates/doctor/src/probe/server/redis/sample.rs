//! Some keys: how many there are of a type, when they expire, how large they are. Their names stay here.

use std::collections::BTreeMap;

use redis_client::cmd;
use tokio::time::Instant;

use super::commands::command;
use super::{Answer, Redis, parts};
use crate::snapshot::{self, Probed, RedisLarge, RedisPrefix, RedisSample};

/// So many keys are met.
const KEYS_MAX: usize = 1_000;

/// So many steps of `SCAN` are gone: an emptied table is full of holes.
const STEPS_MAX: usize = 50;

/// So many keys are measured; a deep look takes ten times as many.
const MEASURED_MAX: usize = 50;

/// Keys that expire sooner lie close together by nature, and hide those that do so later.
const SOON_MS: i64 = 10_000;

/// The largest that are told of.
const LARGEST_MAX: usize = 5;

/// Of the database that the address names, or else of the one with the most keys.
pub(super) async fn look(
    session: &mut Redis,
    seen: &snapshot::Redis,
    deep: bool,
) -> Probed<RedisSample> {
    let database = match &seen.keyspace {
        _ if session.database > 0 => session.database,
        Probed::Seen(all) => all.iter().max_by_key(|(_, it)| it.keys).map_or(0, |(at, _)| *at),
        _ => 0,
    };
    let select = session.ask(cmd("SELECT").arg(database)).await;
    let keys = match select.probed("+select") {
        Probed::Seen(_) => names(session).await,
        // Where it may not choose, it looks at the one that it is in.
        Probed::Denied(_) if database == 0 => names(session).await,
        other => other.and_then(|_| Probed::Absent("key".to_owned())),
    };
    let keys = match keys {
        Probed::Seen(keys) => keys,
        other => return other.map(|_| RedisSample::default()),
    };
    let sample = RedisSample { database, ..RedisSample::default() };
    let sample = lives(session, &keys, sample).await;
    match sample {
        Probed::Seen(sample) => measure(session, &keys, sample, deep).await,
        other => other,
    }
}

/// Names of keys.
async fn names(session: &mut Redis) -> Probed<Vec<Vec<u8>>> {
    let (mut keys, mut cursor) = (Vec::new(), "0".to_owned());
    for _ in 0..STEPS_MAX {
        let answer = session.ask(cmd("SCAN").arg(&cursor).arg("COUNT").arg(100)).await;
        let page = match answer.probed("+scan").and_then(parts::list) {
            Probed::Seen(page) => page,
            other => return other.map(|_| Vec::new()),
        };
        let mut page = page.into_iter();
        let next = page.next().map(parts::text);
        let Some(Probed::Seen(next)) = next else { break };
        let found = page.next().map(parts::list);
        if let Some(Probed::Seen(found)) = found {
            keys.extend(found.into_iter().filter_map(|key| match key {
                value @ redis_client::Value::BulkString(_) => bytes(value),
                _ => None,
            }));
        }
        cursor = next;
        if cursor == "0" || keys.len() >= KEYS_MAX {
            break;
        }
    }
    // `SCAN` may meet a key twice.
    keys.sort_unstable();
    keys.dedup();
    keys.truncate(KEYS_MAX);
    Probed::Seen(keys)
}

fn bytes(value: redis_client::Value) -> Option<Vec<u8>> {
    match value {
        redis_client::Value::BulkString(bytes) => Some(bytes),
        _ => None,
    }
}

/// Types, and when they expire.
async fn lives(
    session: &mut Redis,
    keys: &[Vec<u8>],
    mut sample: RedisSample,
) -> Probed<RedisSample> {
    let began = Instant::now();
    let (mut ends, prefixes) = (Vec::new(), session.prefixes.clone());
    sample.prefixes = prefixes.iter().map(|it| (it.clone(), RedisPrefix::default())).collect();
    for batch in keys.chunks(50) {
        let asked: Vec<_> = batch
            .iter()
            .flat_map(|key| [cmd("PTTL").arg(key).clone(), cmd("TYPE").arg(key).clone()])
            .collect();
        let answers = session.ask_all(&asked).await;
        let passed = i64::try_from(began.elapsed().as_millis()).unwrap_or(0);
        for (key, both) in batch.iter().zip(answers.chunks(2)) {
            let [left, kind] = both else { continue };
            let (left, kind) = match told(left, kind) {
                Probed::Seen(told) => told,
                other => return other.map(|_| RedisSample::default()),
            };
            // -2: it has gone meanwhile. -1: it stays.
            let is_lasting = match left {
                -1 => true,
                0.. => false,
                _ => continue,
            };
            count(&mut sample, key, &kind, is_lasting);
            if !is_lasting {
                ends.push(left + passed);
            }
        }
    }
    ends.retain(|end| *end >= SOON_MS);
    (sample.together, sample.together_in_seconds) = together(&mut ends);
    Probed::Seen(sample)
}

/// Milliseconds that are left, and the type.
fn told(left: &Answer, kind: &Answer) -> Probed<(i64, String)> {
    let left = left.clone().probed("+pttl ~*").and_then(|value| {
        parts::number(&value)
            .map_or_else(|| Probed::Failed("PTTL told no number".to_owned()), Probed::Seen)
    });
    left.and_then(|left| {
        kind.clone().probed("+type ~*").and_then(parts::text).map(|kind| (left, kind))
    })
}

fn count(sample: &mut RedisSample, key: &[u8], kind: &str, is_lasting: bool) {
    sample.keys += 1;
    let of: &mut BTreeMap<String, u64> =
        if is_lasting { &mut sample.lasting } else { &mut sample.expiring };
    *of.entry(kind.to_owned()).or_default() += 1;
    for (prefix, seen) in &mut sample.prefixes {
        if key.starts_with(prefix.as_bytes()) {
            *(if is_lasting { &mut seen.lasting } else { &mut seen.expiring }) += 1;
        }
    }
}

/// The most that end within one second, and in how many seconds that begins; of times in milliseconds.
pub(super) fn together(ends: &mut [i64]) -> (u64, u64) {
    ends.sort_unstable();
    let (mut most, mut from, mut first) = (0, 0, 0);
    for (at, end) in ends.iter().enumerate() {
        while ends[first] <= end - 1_000 {
            first += 1;
        }
        let many = at - first + 1;
        if many > most {
            (most, from) = (many, ends[first]);
        }
    }
    (most as u64, u64::try_from(from / 1_000).unwrap_or(0))
}

/// How large some of them are. Where it may not measure, the rest stays what it is.
async fn measure(
    session: &mut Redis,
    keys: &[Vec<u8>],
    mut sample: RedisSample,
    deep: bool,
) -> Probed<RedisSample> {
    let most = if deep { MEASURED_MAX * 10 } else { MEASURED_MAX };
    // Spread over all that were met.
    let step = keys.len().div_ceil(most).max(1);
    let some: Vec<&Vec<u8>> = keys.iter().step_by(step).collect();
    let asked: Vec<_> = some
        .iter()
        .flat_map(|key| {
            [command(&["MEMORY", "USAGE"]).arg(*key).clone(), cmd("TYPE").arg(*key).clone()]
        })
        .collect();
    let answers = session.ask_all(&asked).await;
    for both in answers.chunks(2) {
        let [Answer::Told(size), kind] = both else { continue };
        let Some(bytes) = parts::number(size).and_then(|it| u64::try_from(it).ok()) else {
            continue;
        };
        let kind = kind.clone().probed("+type").and_then(parts::text);
        let kind = kind.seen().cloned().unwrap_or_default();
        sample.measured += 1;
        sample.largest.push(RedisLarge { kind, bytes });
    }
    sample.largest.sort_by_key(|it| std::cmp::Reverse(it.bytes));
    sample.largest.truncate(LARGEST_MAX);
    Probed::Seen(sample)
}
