//! What is asked, statement by statement.

use std::collections::BTreeMap;

use super::Postgres;
use crate::snapshot::{self, PostgresSetting, Probed};

/// The settings that checks need. None of them can hold a secret, as `primary_conninfo` and `archive_command` may.
const SETTINGS: &[&str] = &["fsync", "full_page_writes", "synchronous_commit"];

const IDENTITY: &str = "SELECT current_setting('server_version_num')::int AS version, pg_is_in_recovery() AS in_recovery, \
     current_user::text AS role, current_setting('is_superuser') = 'on' AS superuser, \
     pg_has_role('pg_monitor', 'usage') AS monitor";

const OVERRIDES: &str = "SELECT d.datname AS database, r.rolname AS role, split_part(c, '=', 1) || '=' || split_part(c, '=', 2) AS setting \
     FROM pg_db_role_setting s LEFT JOIN pg_database d ON d.oid = s.setdatabase LEFT JOIN pg_roles r ON r.oid = s.setrole, \
     unnest(s.setconfig) c WHERE split_part(c, '=', 1) = ANY";

/// Asks for everything.
pub(super) async fn look(session: &mut Postgres, _deep: bool) -> snapshot::Postgres {
    snapshot::Postgres {
        identity: session.row(IDENTITY).await,
        settings: settings(session).await,
        overrides: session.rows(&format!("{OVERRIDES} ({})", names())).await,
    }
}

async fn settings(session: &mut Postgres) -> Probed<BTreeMap<String, PostgresSetting>> {
    let statement = format!(
        "SELECT name, setting, unit, source, pending_restart FROM pg_settings WHERE name = ANY ({})",
        names()
    );
    let rows: Probed<Vec<PostgresSetting>> = session.rows(&statement).await;
    rows.map(|rows| rows.into_iter().map(|it| (it.name.clone(), it)).collect())
}

fn names() -> String {
    format!("ARRAY['{}']", SETTINGS.join("','"))
}
