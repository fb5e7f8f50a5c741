//! Files of settings against what runs.
//!
//! Source: the documentation of PostgreSQL, 54.9 (`pg_file_settings`), 54.25 (`pg_settings`).

use serde::Deserialize;

use super::Postgres;
use crate::snapshot::{PostgresConfiguration, Probed};

const PENDING: &str = "SELECT name FROM pg_settings WHERE pending_restart ORDER BY name LIMIT 100";

/// A setting that waits for a restart is told as one that cannot be applied, too.
const ERRORS: &str = "SELECT f.sourcefile AS file, f.sourceline AS line, f.name, f.error FROM pg_file_settings f \
     WHERE f.error IS NOT NULL AND NOT EXISTS (SELECT FROM pg_settings s WHERE s.name = lower(f.name) AND s.pending_restart) \
     ORDER BY f.seqno LIMIT 50";

/// What lets a role that is no superuser see them.
const RIGHT: &str = "to read pg_file_settings: GRANT EXECUTE ON FUNCTION pg_show_all_file_settings() and \
     GRANT SELECT ON pg_file_settings to the role";

#[derive(Deserialize)]
struct Named {
    name: String,
}

/// Asks for both.
pub(super) async fn look(session: &mut Postgres) -> PostgresConfiguration {
    let pending: Probed<Vec<Named>> = session.rows(PENDING).await;
    let errors = match session.rows(ERRORS).await {
        Probed::Denied(_) => Probed::Denied(RIGHT.to_owned()),
        other => other,
    };
    PostgresConfiguration {
        pending: pending.map(|all| all.into_iter().map(|it| it.name).collect()),
        errors,
    }
}
