//! Room where a server on this machine keeps its binary logs.

use std::io;
use std::path::{Path, PathBuf};

use tokio::time::{Instant, timeout_at};

use crate::probe::unseen;
use crate::snapshot::{Mysql, MysqlDisk, Probed};

/// How much room there is. That the list of the logs lies there shows that the path means the same here as to the server, which
/// may be in a container.
pub(super) async fn room(server: &Mysql, until: Instant) -> Probed<MysqlDisk> {
    let Ok(Some(index)) = server.variable_if_any("log_bin_index") else {
        return Probed::Absent("list of binary logs".to_owned());
    };
    let index = PathBuf::from(index);
    // A disk that is dead would never answer.
    let measured = tokio::task::spawn_blocking(move || measure(&index));
    match timeout_at(until, measured).await {
        Ok(Ok(room)) => room,
        Ok(Err(_)) | Err(_) => Probed::Failed("its disk did not answer in time".to_owned()),
    }
}

fn measure(index: &Path) -> Probed<MysqlDisk> {
    let folder = index.parent().unwrap_or(index);
    let told = std::fs::metadata(index).and_then(|_| Ok(rustix::fs::statvfs(folder)?));
    let bytes = |blocks: u64, each: u64| blocks.saturating_mul(each);
    told.map_or_else(
        |error: io::Error| unseen(&error, &folder.display().to_string()),
        |it| {
            Probed::Seen(MysqlDisk {
                free: bytes(it.f_bavail, it.f_frsize),
                size: bytes(it.f_blocks, it.f_frsize),
            })
        },
    )
}
