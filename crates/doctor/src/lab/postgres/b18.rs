//! Many sessions in short statements; mended as they end.

use super::client::{Client, wait_for};
use super::server::Server;
use crate::lab::{Stage, Stop, failing};

/// A statement of this many milliseconds.
const SLEEP: &str = "SELECT pg_sleep(0.02)";

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let server = Server::start(&["shared_preload_libraries=pg_stat_statements"])?;
    server.sql("CREATE EXTENSION pg_stat_statements; CREATE ROLE app LOGIN")?;
    let cores = std::thread::available_parallelism().map_or(1, |it| it.get() as u64);
    let sessions = 2 * cores + stage.draw(6, 6);
    let open = |_| Client::open(&server, "app", "groundsill_lab");
    let mut clients: Vec<_> = (0..sessions).map(open).collect::<Result<_, _>>()?;
    let count = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'app'";
    wait_for(&server, count, &sessions.to_string())?;
    for client in &mut clients {
        client.say(&vec![SLEEP; 2_000].join(";\n"))?;
    }
    let calls = "SELECT coalesce(sum(calls), 0) > 100 FROM pg_stat_statements WHERE query LIKE '%pg_sleep%'";
    wait_for(&server, calls, "t")?;
    let stage = stage.asking(server.seen());
    let at = server.target();
    // By the server's own count, in a window of its own around that of the looks.
    let time = if server.version()? >= 130_000 { "total_exec_time" } else { "total_time" };
    let total = || -> Result<(f64, f64), Stop> {
        let said = server.sql(&format!("SELECT extract(epoch FROM clock_timestamp()), sum({time}) / 1000 FROM pg_stat_statements WHERE query LIKE '%pg_sleep%'"))?;
        let mut parts = said.split('|').map(|it| it.parse().unwrap_or(0.0));
        Ok((parts.next().unwrap_or(0.0), parts.next().unwrap_or(0.0)))
    };
    let from = total()?;
    let found = stage.between(|| {
        std::thread::sleep(std::time::Duration::from_millis(500));
        Ok(())
    })?;
    let to = total()?;
    let busy = (to.1 - from.1) / (to.0 - from.0);
    let seen = failing(&found, &at).ok_or_else(|| format!("{busy} are busy; it says {found:?}"))?;
    let seen = seen.observed.clone();
    let told = seen.split("so ").nth(1).and_then(|it| it.split(' ').next());
    let told: f64 = told.and_then(|it| it.parse().ok()).unwrap_or(0.0);
    if (told - busy).abs() > busy * 0.3 {
        return Err(format!("{busy:.1} are busy; the check says {seen}").into());
    }
    clients.clear();
    server.sql(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = 'app'",
    )?;
    wait_for(&server, count, "0")?;
    stage.until("they are gone", |it| failing(it, &at).is_none())?;
    Ok(seen)
}
