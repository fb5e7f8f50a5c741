//! A connection with keep-alive between two namespaces, in which it comes when the kernel's setting says.

use std::net::{TcpListener, TcpStream};

use rustix::net::sockopt::set_socket_keepalive;

use super::link::{Apart, FAR, set};
use crate::lab::{self, Stage, Stop, failed, failing};

const SETTING: &str = "net.ipv4.tcp_keepalive_time";

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let apart = Apart::new("h18")?;
    let listener =
        apart.there.inside(|| TcpListener::bind((FAR, 5000)).map_err(failed("listen")))?;
    let minutes = stage.draw(61, 120);
    apart.here.inside(|| {
        set(SETTING, &(minutes * 60).to_string())?;
        let client = connect()?;
        let (server, _) = listener.accept().map_err(failed("accept"))?;
        let found =
            stage.until("it has keep-alive", |records| failing(records, "host").is_some())?;
        let record = failing(&found, "host").ok_or("it is gone again")?;
        let told = format!("is {} s", minutes * 60);
        let by_ss = lab::run("ss", &["-tnoH", "dst", FAR])?;
        // It tells whole minutes that are left.
        let is_said = by_ss.contains(&format!("(keepalive,{}min,", minutes - 1));
        let ms = record.evidence.last().and_then(|it| it.value.rsplit(' ').nth(1)?.parse().ok());
        let ms: u64 = ms.ok_or_else(|| format!("the check says {record:?}"))?;
        let is_told =
            record.observed.starts_with("1 connections ") && record.observed.ends_with(&told);
        if !is_said || !is_told || ms.abs_diff(minutes * 60_000) > 2_000 {
            return Err(
                format!("it is {minutes} min, ss says {by_ss}; the check says {record:?}").into()
            );
        }
        let seen = record.observed.clone();
        set(SETTING, "60")?;
        drop((client, server));
        let client = connect()?;
        stage.until("it comes after a minute", |records| failing(records, "host").is_none())?;
        drop(client);
        Ok(seen)
    })
}

fn connect() -> Result<TcpStream, Stop> {
    let client = TcpStream::connect((FAR, 5000)).map_err(failed("connect"))?;
    set_socket_keepalive(&client, true).map_err(|error| format!("keep it alive: {error}"))?;
    Ok(client)
}
