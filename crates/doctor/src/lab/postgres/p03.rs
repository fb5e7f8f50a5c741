//! A slot that nobody reads from, on a disk that is soon full; mended by dropping it.

use super::server::Server;
use crate::lab::{Stage, Stop, failing, run as run_program};

/// A disk in memory, which goes with it.
struct Disk(String);

impl Disk {
    fn mount(folder: &str, mb: u64) -> Result<Self, Stop> {
        let size = format!("size={mb}m,mode=0777");
        run_program("mount", &["-t", "tmpfs", "-o", &size, "groundsill-lab", folder])
            .map_err(|stop| Stop::Missing(format!("the right to mount a tmpfs: {stop:?}")))?;
        Ok(Self(folder.to_owned()))
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily: the server that writes there may still be ending.
        let _unmounted = run_program("umount", &["-l", &self.0]);
    }
}

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let segments = stage.draw(5, 5);
    let server = Server::empty("postgres")?;
    let folder = server.path("wal");
    server.run_in("mkdir", &[&folder])?;
    let _disk = Disk::mount(&folder, 320)?;
    let waldir = format!("{folder}/pg_wal");
    server.make(&["--waldir", &waldir])?;
    server.start_again(&server.options(&["wal_level=logical", "max_wal_size=64MB"]))?;
    server.sql("SELECT pg_create_logical_replication_slot('groundsill_lab', 'test_decoding')")?;
    for _ in 0..segments {
        server.sql("SELECT pg_logical_emit_message(false, 'groundsill', 'x')")?;
        server.sql("SELECT pg_switch_wal()")?;
    }
    let stage = stage.asking(server.seen());
    let at = "slot groundsill_lab";
    let found = stage.until("the slot keeps WAL", |it| failing(it, at).is_some())?;
    let record = failing(&found, at).ok_or("it is gone again")?;
    let kept = server.sql("SELECT pg_size_pretty(0::bigint), pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)::bigint * 10 / 1048576 FROM pg_replication_slots")?;
    let tenths: u64 = kept.rsplit('|').next().and_then(|it| it.parse().ok()).unwrap_or(0);
    let kept = format!("keeps {}.{} MB of WAL", tenths / 10, tenths % 10);
    if !record.observed.contains(&kept) {
        return Err(format!("it {kept}; the check says {}", record.observed).into());
    }
    let free = run_program("df", &["--output=avail", "-B1048576", &folder])?;
    let free = free.lines().nth(1).unwrap_or_default().trim().to_owned();
    // `df` rounds up, the check cuts.
    let whole: u64 = free.parse().unwrap_or(0);
    if ![whole, whole.saturating_sub(1)]
        .iter()
        .any(|mb| record.observed.contains(&format!(", {mb}.")))
    {
        return Err(format!("{free} MB are free; the check says {}", record.observed).into());
    }
    let seen = record.observed.clone();
    server.sql("SELECT pg_drop_replication_slot('groundsill_lab')")?;
    stage.until("the slot is gone", |it| failing(it, at).is_none())?;
    // Before its disk goes.
    server.stop()?;
    Ok(seen)
}
