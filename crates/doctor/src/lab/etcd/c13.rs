//! A member with a quota of 2 MB, to which one key is written until it refuses; mended by compaction, defragmentation and disarming.

use super::server::Server;
use crate::lab::{Stage, Stop, failing};

/// More writes than that are not needed for 2 MB.
const WRITES_MAX: u32 = 400;

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let server = Server::start(stage, &["--quota-backend-bytes", "2000000"])?;
    // Three bytes are four letters of base64.
    let value = "AAAA".repeat(usize::try_from(stage.draw(10_000, 10_000)).unwrap_or(10_000));
    let put = format!("{{\"key\":\"YQ==\",\"value\":\"{value}\"}}");
    let mut is_full = false;
    for _ in 0..WRITES_MAX {
        is_full = server.post("kv/put", &put)?.contains("space exceeded");
        if is_full {
            break;
        }
    }
    if !is_full {
        return Err("etcd does not refuse".into());
    }
    let stage = stage.asking(server.seen());
    let target = server.target();
    let is_told = |records: &[_]| {
        failing(records, &target).is_some_and(|it| it.observed.starts_with("alarm NOSPACE"))
    };
    let found = stage.until("it is full", is_told)?;
    let seen = failing(&found, &target).ok_or("it is gone again")?.observed.clone();
    let size = server.status("dbSize")?;
    if !seen.contains(&format!(" {size} of 2000000 bytes")) {
        return Err(format!("the file has {size} bytes; the check says {seen}").into());
    }
    let revision = server.status("revision")?;
    server.post("kv/compaction", &format!("{{\"revision\":\"{revision}\",\"physical\":true}}"))?;
    server.post("maintenance/defragment", "{}")?;
    let member = server.status("member_id")?;
    let disarm =
        format!("{{\"action\":\"DEACTIVATE\",\"memberID\":\"{member}\",\"alarm\":\"NOSPACE\"}}");
    server.post("maintenance/alarm", &disarm)?;
    stage.until("there is space", |records| failing(records, &target).is_none())?;
    Ok(seen)
}
