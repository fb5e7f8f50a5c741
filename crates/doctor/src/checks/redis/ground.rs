//! Servers for tests of these rules.

use std::collections::BTreeMap;

use crate::check::Check;
use crate::ground;
use crate::record::Record;
use crate::snapshot::{Probed, Redis, RedisClients, RedisKeyspace, RedisSample, Window};

pub(super) fn map(pairs: &[(&str, &str)]) -> Probed<BTreeMap<String, String>> {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    Probed::Seen(pairs.iter().map(owned).collect())
}

/// A primary that holds nothing, with these fields and settings beside.
pub(super) fn server(info: &[(&str, &str)], config: &[(&str, &str)]) -> Redis {
    let info: Vec<_> = [("role", "master")].into_iter().chain(info.iter().copied()).collect();
    Redis {
        info: map(&info),
        config: map(config),
        keyspace: Probed::Seen(BTreeMap::new()),
        replicas: Probed::Seen(Vec::new()),
        calls: Probed::Seen(BTreeMap::new()),
        clients: Probed::Seen(RedisClients::default()),
        sample: Probed::Seen(RedisSample::default()),
        ..Redis::default()
    }
}

/// The same with so many keys, of which so many expire.
pub(super) fn with_keys(server: Redis, keys: u64, expires: u64) -> Redis {
    let keyspace = BTreeMap::from([(0, RedisKeyspace { keys, expires })]);
    Redis { keyspace: Probed::Seen(keyspace), ..server }
}

/// The same with so many workers that wait for jobs.
pub(super) fn with_workers(server: Redis, count: u64) -> Redis {
    let blocked = BTreeMap::from([("brpop".to_owned(), count)]);
    Redis { clients: Probed::Seen(RedisClients { blocked, ..RedisClients::default() }), ..server }
}

/// What a check says of two looks, so many milliseconds apart.
pub(super) fn judged_over(check: &Check, ms: u64, before: Redis, after: Redis) -> Vec<Record> {
    let mut first = ground::moment(1_000, ground::host());
    let mut second = ground::moment(1_000 + ms, ground::host());
    first.redis.push(ground::server(":6379", before));
    second.redis.push(ground::server(":6379", after));
    check.judge(&Window { before: &first, after: &second })
}

/// What a check says of a server that stays as it is.
pub(super) fn judged(check: &Check, server: &Redis) -> Vec<Record> {
    judged_over(check, 2_000, server.clone(), server.clone())
}
