//! A server of PostgreSQL whose certificate is replaced on disk.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::authority::{Authority, Wanted};
use crate::lab::postgres::server::Server;
use crate::lab::{Stage, Stop, failed, failing, run as program};

const DAY_S: i64 = 86_400;

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let own = Authority::new("n09")?;
    let left_d = i64::try_from(stage.draw(10, 15)).unwrap_or(10);
    let server = Server::start(&[])?;
    let issue = |from_s, to_s| {
        own.issue(Wanted {
            name: "db.example",
            by: None,
            from_s,
            to_s,
            digest: "sha256",
            extensions: "subjectAltName = DNS:db.example",
        })?;
        put(&own, &server)
    };
    issue((left_d - 90) * DAY_S, left_d * DAY_S + 60)?;
    server.sql("ALTER SYSTEM SET ssl = on")?;
    server.sql("SELECT pg_reload_conf()")?;
    let target = format!(" 127.0.0.1:{}", server.port);
    stage.until("it presents what it has", |it| {
        failing(it, &target).is_none() && serial_presented(&server).is_ok()
    })?;
    // Renewed, and nobody tells the server.
    issue(-60, 90 * DAY_S)?;
    let found = stage.until("it is newer on disk", |it| failing(it, &target).is_some())?;
    let record = failing(&found, &target).ok_or("it is gone again")?;
    let (presented, on_disk) = (serial_presented(&server)?, serial(&own.path("db.example.crt"))?);
    let has = |at: usize, serial: &str| {
        record.evidence.get(at).is_some_and(|it| it.value.contains(&format!("serial {serial},")))
    };
    if presented == on_disk || !has(0, &presented) || !has(1, &on_disk) {
        return Err(format!(
            "openssl says {presented} is presented and {on_disk} is on disk; the check says {record:?}"
        )
        .into());
    }
    let seen = record.observed.clone();
    server.sql("SELECT pg_reload_conf()")?;
    stage.until("it was reloaded", |it| failing(it, &target).is_none())?;
    Ok(seen)
}

/// Puts the certificate where the server reads it.
fn put(own: &Authority, server: &Server) -> Result<(), Stop> {
    for (from, to) in [("db.example.crt", "server.crt"), ("db.example.key", "server.key")] {
        let path = server.path(&format!("data/{to}"));
        fs::copy(own.path(from), &path).map_err(failed("copy a certificate"))?;
        let mode = fs::Permissions::from_mode(0o600);
        fs::set_permissions(&path, mode).map_err(failed("hide a key"))?;
        if rustix::process::getuid().is_root() {
            program("chown", &["postgres", &path])?;
        }
    }
    Ok(())
}

/// By `openssl`, in small letters and without leading zeros.
fn serial(certificate: &str) -> Result<String, Stop> {
    let told = program("openssl", &["x509", "-in", certificate, "-noout", "-serial"])?;
    plain(&told)
}

fn serial_presented(server: &Server) -> Result<String, Stop> {
    let script = format!(
        "openssl s_client -starttls postgres -connect 127.0.0.1:{} </dev/null 2>/dev/null | openssl x509 -noout -serial",
        server.port
    );
    plain(&program("sh", &["-c", &script])?)
}

fn plain(told: &str) -> Result<String, Stop> {
    let serial = told.trim().strip_prefix("serial=").ok_or("openssl tells no serial number")?;
    Ok(serial.trim_start_matches('0').to_lowercase())
}
