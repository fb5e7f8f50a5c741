//! Servers for tests of checks of PostgreSQL.

use crate::check::Check;
use crate::ground;
use crate::record::Record;
use crate::snapshot::{Postgres, PostgresConnections, PostgresIdentity, Probed, Window};

/// One of version 15 that told who asks, that nobody else is there, and these settings.
pub(super) fn server(settings: &[(&str, &str)]) -> Postgres {
    let setting = |(name, setting): &(&str, &str)| ground::setting(name, setting);
    Postgres {
        identity: Probed::Seen(PostgresIdentity {
            version: 150_004,
            role: "doctor".to_owned(),
            monitor: true,
            ..PostgresIdentity::default()
        }),
        settings: Probed::Seen(settings.iter().map(setting).collect()),
        connections: Probed::Seen(PostgresConnections::default()),
        ..Postgres::default()
    }
}

/// What a check says of two looks, so many seconds apart.
pub(super) fn judged(
    check: &Check,
    seconds: u64,
    before: Postgres,
    after: Postgres,
) -> Vec<Record> {
    let mut first = ground::moment(1_000, ground::host());
    let mut second = ground::moment(1_000 + seconds * 1_000, ground::host());
    first.postgres.push(ground::server(":5432", before));
    second.postgres.push(ground::server(":5432", after));
    check.judge(&Window { before: &first, after: &second })
}

/// What a check says of a server that did not change.
pub(super) fn steady(check: &Check, server: Postgres) -> Vec<Record> {
    judged(check, 1, server.clone(), server)
}

/// What a check says in one line.
pub(super) fn line(check: &Check, server: Postgres) -> String {
    let records = steady(check, server);
    assert_eq!(records.len(), 1, "{records:#?}");
    records[0].observed.clone()
}
