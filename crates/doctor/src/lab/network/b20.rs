//! A connection between two namespaces with a router between them, over which nothing goes; mended by a keep-alive.

use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use rustix::net::sockopt;

use super::link::{Apart, FAR};
use crate::lab::{self, Stage, Stop, failed, failing};
use crate::probe::Ask;

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let apart = Apart::new("b20")?;
    let listener =
        apart.there.inside(|| TcpListener::bind((FAR, 5000)).map_err(failed("listen")))?;
    let most_ms = stage.draw(2_200, 800);
    let facts = [("nat-idle-timeout".to_owned(), format!("{most_ms}ms"))];
    let stage = stage.asking(Ask { facts: facts.into(), ..Ask::default() });
    apart.here.inside(|| {
        let client = TcpStream::connect((FAR, 5000)).map_err(failed("connect"))?;
        let (_server, _) = listener.accept().map_err(failed("accept"))?;
        let target = format!("with {FAR}");
        let before = idle_ms()?;
        let found = stage.until("it is idle", |it| failing(it, &target).is_some())?;
        let after = idle_ms()?;
        let record = failing(&found, &target).ok_or("it was found")?;
        let told = record.evidence.first().map(|it| it.value.clone()).unwrap_or_default();
        let ms: u64 = told.split(' ').nth(2).and_then(|it| it.parse().ok()).unwrap_or(0);
        let is_it = ms > most_ms && ms >= before && ms <= after;
        if !is_it || !told.ends_with("the kernel will not ask") {
            let of = format!("{before} to {after} ms by ss, of {most_ms}");
            return Err(format!("it was idle for {of}; the check says {told}").into());
        }
        let seen = record.observed.clone();
        let second = Duration::from_secs(1);
        sockopt::set_socket_keepalive(&client, true)
            .and_then(|()| sockopt::set_tcp_keepidle(&client, second))
            .and_then(|()| sockopt::set_tcp_keepintvl(&client, second))
            .map_err(|error| format!("keep it alive: {error}"))?;
        stage.until("it is kept alive", |it| failing(it, &target).is_none())?;
        Ok(seen)
    })
}

/// For how long nothing went over it, as `ss` tells it.
fn idle_ms() -> Result<u64, Stop> {
    let text = lab::run("ss", &["-tnioH", "dst", FAR])?;
    let of = |name: &str| {
        let word = text.split_whitespace().find_map(|word| word.strip_prefix(name))?;
        word.parse::<u64>().ok()
    };
    // What is 0 is left out there.
    let times = ["lastsnd:", "lastrcv:", "lastack:"].map(of);
    Ok(times.into_iter().map(|it| it.unwrap_or(0)).min().unwrap_or(0))
}
