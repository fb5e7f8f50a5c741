//! What is different from an earlier look.

use std::collections::BTreeSet;

use crate::record::{Record, Status};

/// What is different from an earlier look.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// When that was, in milliseconds since 1970.
    pub since_ms: u64,
    /// Findings that were not there then.
    pub appeared: Vec<Record>,
    /// Findings of then that are not there now.
    pub gone: Vec<Record>,
    /// How many are as they were.
    pub same: usize,
}

impl Changes {
    /// `looked` says whether it was seen now if that is still wrong: what was not looked at is not gone.
    pub(super) fn between(
        before: &[Record],
        now: &[&Record],
        looked: impl Fn(&Record) -> bool,
        since_ms: u64,
    ) -> Self {
        let failed = |record: &&Record| record.status == Status::Fail;
        let then: BTreeSet<_> = before.iter().filter(failed).map(key).collect();
        let today: BTreeSet<_> = now.iter().map(|record| key(record)).collect();
        let is_new = |record: &&&Record| !then.contains(&key(record));
        Self {
            since_ms,
            appeared: now.iter().filter(is_new).map(|it| (*it).clone()).collect(),
            gone: before
                .iter()
                .filter(failed)
                .filter(|it| !today.contains(&key(it)) && looked(it))
                .cloned()
                .collect(),
            same: now.iter().filter(|it| then.contains(&key(it))).count(),
        }
    }
}

/// What makes two findings the same, however bad they are.
fn key(record: &Record) -> (&str, Option<&str>, &str) {
    (record.id, record.aspect, &record.target)
}
