//! A table of MyISAM, or a server without a strict mode; mended by InnoDB, or by the mode.

use super::server::Server;
use crate::lab::{Stage, Stop, failing};

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let server = Server::start("m11", &[])?;
    let seen = stage.asking(server.seen());
    server.sql(
        "CREATE DATABASE shop; USE shop; CREATE TABLE t (n INT PRIMARY KEY) ENGINE = MyISAM",
    )?;
    let is_table = stage.draw(0, 2) == 0;
    let (target, wanted, mend) = if is_table {
        let rows = stage.draw(1, 5_000);
        server.sql(&format!("USE shop; INSERT INTO t SELECT seq FROM seq_1_to_{rows}"))?;
        let counted = server.sql("SELECT COUNT(*) FROM shop.t")?;
        let wanted = format!("shop.t is MyISAM, with about {counted} rows");
        (format!("{} shop.t", server.target()), wanted, "ALTER TABLE shop.t ENGINE = InnoDB")
    } else {
        server.sql("SET GLOBAL sql_mode = 'NO_ENGINE_SUBSTITUTION'")?;
        let shown = server.sql("SELECT @@global.sql_mode")?;
        let wanted = format!("sql_mode is not strict: \"{shown}\"");
        (server.target(), wanted, "SET GLOBAL sql_mode = 'STRICT_TRANS_TABLES'")
    };
    let found = seen.until("it is fragile", |records| failing(records, &target).is_some())?;
    let record = failing(&found, &target).ok_or("it is gone again")?;
    if record.observed != wanted {
        return Err(format!("{wanted}; the check says {}", record.observed).into());
    }
    server.sql(mend)?;
    seen.until("it is mended", |records| failing(records, &target).is_none())?;
    Ok(wanted)
}
