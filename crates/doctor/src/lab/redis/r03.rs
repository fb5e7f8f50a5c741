//! A server that may not write into its folder any more; mended by giving it back and taking a snapshot.

use std::fs::{Permissions, set_permissions};
use std::os::unix::fs::PermissionsExt;

use super::server::{Server, mended, observed, says};
use crate::lab::{Stage, Stop, failed};

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let keys = stage.draw(10, 90);
    let server = Server::start("r03", &["save 3600 1000000"])?;
    let folder = server.path("data");
    let allow = |mode| set_permissions(&folder, Permissions::from_mode(mode));
    allow(0o555).map_err(failed("close its folder"))?;
    server.fill("order:", keys, 16, 0)?;
    server.cli(&["BGSAVE"])?;
    let stage = stage.asking(server.seen());
    let seen = observed(&stage, "no snapshot can be taken", &server)?;
    says(&seen, &[format!("{} changes", server.field("rdb_changes_since_last_save")?)])?;
    let refused = server.cli(&["SET", "order", "1"])?;
    if !refused.starts_with("MISCONF") {
        return Err(format!("a write is answered with \"{refused}\", not with MISCONF").into());
    }
    allow(0o755).map_err(failed("open its folder"))?;
    server.cli(&["BGSAVE"])?;
    mended(&stage, "a snapshot was taken", &server)?;
    Ok(seen)
}
