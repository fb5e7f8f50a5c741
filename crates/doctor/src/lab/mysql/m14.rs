//! A server with an account that anybody could use; mended by dropping it.

use super::server::Server;
use crate::lab::{Stage, Stop, failing};

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let server = Server::start("m14", &["--slow-query-log=ON"])?;
    // All others that the installation makes get a way to log in that is not open; that of the lab itself has a name of its own.
    let socket = server.sql(
        "SELECT GROUP_CONCAT('ALTER USER ', QUOTE(User), '@', QUOTE(Host), ' IDENTIFIED VIA unix_socket' SEPARATOR '; ') \
         FROM mysql.user WHERE User = 'root'",
    )?;
    let (account, open) = match stage.draw(0, 3) {
        0 => ("''@'localhost'", "has no name: it takes everybody"),
        1 => ("'app'@'%'", "needs no password"),
        _ => ("'app'@'localhost'", "needs no password"),
    };
    server.sql(&format!(
        "CREATE USER looker@'127.0.0.1' IDENTIFIED BY 'glass'; GRANT SELECT ON mysql.* TO looker@'127.0.0.1'; CREATE USER {account}"
    ))?;
    let stage = stage.asking(server.seen_by("looker:glass"));
    let target = format!("{} {account}", server.target());
    let found = stage.until("it is open", |records| failing(records, &target).is_some())?;
    let record = failing(&found, &target).ok_or("it is gone again")?;
    let empty = server.sql(&format!(
        "SELECT authentication_string = '' FROM mysql.user WHERE CONCAT(QUOTE(User), '@', QUOTE(Host)) = {}",
        quoted(account)
    ))?;
    let wanted = format!("{account} {open}");
    if empty != "1" || record.observed != wanted {
        return Err(format!("{wanted} ({empty}); the check says {}", record.observed).into());
    }
    server.sql(&format!("DROP USER {account}; {socket}"))?;
    stage.until("it is gone", |records| {
        failing(records, &server.target()).is_none() && failing(records, &target).is_none()
    })?;
    Ok(wanted)
}

fn quoted(account: &str) -> String {
    format!("\"{account}\"")
}
