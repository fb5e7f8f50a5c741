//! An `archive_command` that fails; mended by one that works. And a backup by pgBackRest, where that is installed, that is some hours old.

use super::client::wait_for;
use super::server::Server;
use crate::lab::{Stage, Stop, failing};
use crate::probe::{Ask, Moment};
use crate::record::{Record, Status};

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let server = Server::start(&["archive_mode=on"])?;
    let command = |command: &str| -> Result<(), Stop> {
        server.sql(&format!("ALTER SYSTEM SET archive_command = '{command}'"))?;
        server.sql("SELECT pg_reload_conf()").map(drop)
    };
    command("false")?;
    for _ in 0..stage.draw(1, 4) {
        server.sql("SELECT pg_create_restore_point('groundsill')")?;
        server.sql("SELECT pg_switch_wal()")?;
    }
    wait_for(&server, "SELECT failed_count > 0 FROM pg_stat_archiver", "t")?;
    let bare = stage;
    let stage = stage.asking(server.seen());
    let found = stage.until("it fails", |it| failing(it, &server.target()).is_some())?;
    let record = failing(&found, &server.target()).ok_or("it is gone again")?;
    let failed = server.sql("SELECT last_failed_wal FROM pg_stat_archiver")?;
    let waiting = server.run_in("ls", &[&server.path("data/pg_wal/archive_status")])?;
    let waiting = waiting.lines().filter(|name| name.rsplit('.').next() == Some("ready")).count();
    let told = [format!("{waiting} file waits"), format!("{waiting} files wait")];
    let is_told =
        record.observed.contains(&failed) && told.iter().any(|it| record.observed.contains(it));
    if !is_told {
        return Err(
            format!("{failed} failed, {waiting} wait; the check says {}", record.observed).into()
        );
    }
    let seen = record.observed.clone();
    command("true")?;
    stage.until("it works", |it| failing(it, &server.target()).is_none())?;
    match backup(bare, &server) {
        Ok(()) | Err(Stop::Missing(_)) => Ok(seen),
        Err(stop) => Err(stop),
    }
}

/// A backup, and a look some hours later.
fn backup(stage: &Stage<'_>, server: &Server) -> Result<(), Stop> {
    crate::lab::run("pgbackrest", &["version"])?;
    let [repo, data, lock] = ["repo", "data", "backup-lock"].map(|name| server.path(name));
    let of_repo =
        ["--stanza=lab", "--config=/dev/null", &format!("--repo1-path={repo}")].map(str::to_owned);
    let of_server = [
        format!("--pg1-path={data}"),
        "--log-level-file=off".to_owned(),
        format!("--lock-path={lock}"),
        "--no-online".to_owned(),
    ];
    let say = |options: &[String], more: &[&str]| {
        let all = of_repo.iter().chain(options).map(String::as_str).chain(more.iter().copied());
        server.run_in("pgbackrest", &all.collect::<Vec<_>>())
    };
    server.stop()?;
    say(&of_server, &["--log-level-console=error", "stanza-create"]).map_err(
        |stop| match stop {
            // It knows versions of PostgreSQL up to its own time.
            Stop::Failed(why) if why.contains("unexpected control version") => {
                Stop::Missing("a pgBackRest that knows this version of PostgreSQL".to_owned())
            }
            other => other,
        },
    )?;
    say(
        &of_server,
        &["--log-level-console=off", "--repo1-retention-full=1", "--type=full", "backup"],
    )?;
    server.start_again(&server.options(&["archive_mode=on"]))?;
    let text = say(&[], &["--output=json", "info"])?;
    let file = server.path("info.json");
    std::fs::write(&file, text).map_err(crate::lab::failed("write what it said"))?;
    let hours = stage.draw(2, 40);
    let later = || {
        let (Moment { at_ms, up_ms }, ms) = ((stage.now)(), hours * 3_600_000);
        Moment { at_ms: at_ms + ms, up_ms: up_ms + ms }
    };
    let port = server.port;
    let told = |most: u64| {
        let facts = [(format!("backup.{port}"), format!("{file},{most}h"))].into();
        let stage = Stage { now: &later, ..stage.asking(Ask { facts, ..server.seen() }) };
        stage.between(|| Ok(()))
    };
    let (found, wanted) = (told(hours - 1)?, format!("the last backup (full) is of {hours} h ago"));
    if !old(&found).is_some_and(|it| it.observed.starts_with(&wanted)) {
        return Err(format!("{wanted}; the check says {found:?}").into());
    }
    let mended = told(hours + 1)?;
    match old(&mended) {
        None => Ok(()),
        Some(record) => Err(format!("that is allowed; the check says {record:?}").into()),
    }
}

fn old(records: &[Record]) -> Option<&Record> {
    records.iter().find(|it| it.status == Status::Fail && it.aspect == Some("backup"))
}
