//! Subscriptions: by columns, as that with the connection may hold a password.
//!
//! Source: the documentation of PostgreSQL, 53.54 (`pg_subscription`), 28.2 (`pg_stat_subscription_stats`, from 15 on).

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Postgres;
use crate::snapshot::{PostgresSubscription, PostgresSubscriptionErrors, Probed};

const SUBSCRIPTIONS: &str = "SELECT s.subname AS name, s.oid::bigint AS oid, s.subenabled AS enabled, \
     EXISTS (SELECT FROM pg_stat_subscription w WHERE w.subid = s.oid AND w.pid IS NOT NULL AND w.relid IS NULL) AS runs \
     FROM pg_subscription s WHERE s.subdbid = (SELECT oid FROM pg_database WHERE datname = current_database()) ORDER BY 1 LIMIT 100";

const UNREADY: &str = "SELECT srsubid::bigint AS oid, count(*) FILTER (WHERE srsubstate <> 'r') AS tables FROM pg_subscription_rel GROUP BY 1";

const ERRORS: &str = "SELECT subid::bigint AS oid, apply_error_count AS apply, sync_error_count AS sync FROM pg_stat_subscription_stats";

#[derive(Deserialize)]
struct Found {
    name: String,
    oid: u64,
    enabled: bool,
    runs: Option<bool>,
}

#[derive(Deserialize)]
struct Unready {
    oid: u64,
    tables: u64,
}

#[derive(Deserialize)]
struct Errors {
    oid: u64,
    apply: Option<u64>,
    sync: Option<u64>,
}

/// Asks for them; what belongs to them only if there are any.
pub(super) async fn look(
    session: &mut Postgres,
    version: u32,
) -> Probed<Vec<PostgresSubscription>> {
    let found: Vec<Found> = match session.rows(SUBSCRIPTIONS).await {
        Probed::Seen(found) if !found.is_empty() => found,
        Probed::Denied(_) => {
            // Before 14 not everybody may see which number each has.
            return Probed::Denied("GRANT SELECT (oid) ON pg_subscription to the role".to_owned());
        }
        other => return other.map(|_: Vec<Found>| Vec::new()),
    };
    let unready: Probed<Vec<Unready>> = session.rows(UNREADY).await;
    let unready = unready
        .map(|all| all.into_iter().map(|it| (it.oid, it.tables)).collect::<BTreeMap<_, _>>());
    let errors: Probed<Vec<Errors>> = if version >= 150_000 {
        session.rows(ERRORS).await
    } else {
        Probed::Absent("pg_stat_subscription_stats before version 15".to_owned())
    };
    let errors =
        errors.map(|all| all.into_iter().map(|it| (it.oid, it)).collect::<BTreeMap<_, _>>());
    let whole = |it: Found| PostgresSubscription {
        unready: unready.clone().map(|all| all.get(&it.oid).copied().unwrap_or(0)),
        errors: match &errors {
            Probed::Seen(all) => all.get(&it.oid).map_or_else(
                || Probed::Absent(format!("counters of subscription {}", it.name)),
                |it| Probed::Seen(PostgresSubscriptionErrors { apply: it.apply, sync: it.sync }),
            ),
            Probed::Denied(needs) => Probed::Denied(needs.clone()),
            Probed::Absent(what) => Probed::Absent(what.clone()),
            Probed::Failed(error) => Probed::Failed(error.clone()),
        },
        name: it.name,
        enabled: it.enabled,
        runs: it.runs,
    };
    Probed::Seen(found.into_iter().map(whole).collect())
}
