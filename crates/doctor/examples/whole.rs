//! Looks twice at a server of PostgreSQL as one role sees it, and keeps all that it tells, to see what each version and each role makes
//! of the checks: `cargo run -p groundsill-doctor --example whole -- postgres://bare@127.0.0.1:5432 18-bare` writes
//! `snapshots/postgres/18-bare.json`.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use groundsill_doctor::check::Target;
use groundsill_doctor::probe::{Ask, Endpoint, Moment, Probe};
use groundsill_doctor::snapshot::{Host, Probed, Provenance, Recording, Snapshot};

fn main() -> Result<(), String> {
    let mut arguments = std::env::args().skip(1);
    let (Some(url), Some(name)) = (arguments.next(), arguments.next()) else {
        return Err("URL and NAME are missing".to_owned());
    };
    let servers = vec![Endpoint { kind: Target::Postgres, url, named: true }];
    let mut probe = Probe::open(Ask { servers, ..Ask::default() }).map_err(|it| it.to_string())?;
    let before = probe.look(now());
    std::thread::sleep(Duration::from_secs(1));
    let after = probe.look(now());
    let provenance = Provenance::Recorded(format!("PostgreSQL as just made, {name}"));
    let recording = Recording { provenance, before: plain(before), after: plain(after) };
    let text = serde_json::to_string_pretty(&recording).map_err(|it| it.to_string())?;
    let folder = Path::new("crates/doctor/snapshots/postgres");
    fs::create_dir_all(folder).map_err(|it| it.to_string())?;
    fs::write(folder.join(format!("{name}.json")), text + "\n").map_err(|it| it.to_string())
}

/// Without what tells of the machine.
fn plain(mut snapshot: Snapshot) -> Snapshot {
    snapshot.host = Host { name: "host".to_owned(), ..Host::default() };
    for server in &mut snapshot.postgres {
        ":5432".clone_into(&mut server.at);
        if let Probed::Seen(postgres) = &mut server.seen
            && let Probed::Seen(disk) = &mut postgres.wal_disk
        {
            "/var/lib/postgresql/main/pg_wal".clone_into(&mut disk.folder);
        }
    }
    snapshot
}

#[expect(clippy::disallowed_methods, reason = "it is the rim of its program")]
fn now() -> Moment {
    let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let at_ms = u64::try_from(wall.as_millis()).unwrap_or(0);
    Moment { at_ms, up_ms: at_ms }
}
