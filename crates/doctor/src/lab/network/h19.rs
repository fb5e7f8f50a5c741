//! A firewall that drops a drawn share of the segments of a transfer.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use super::link::{nstat, number};
use crate::lab::netns::Netns;
use crate::lab::{self, Stage, Stop, failed, failing};

/// Longer than the window that the check takes, in milliseconds; and between two segments.
const TRANSFER_MS: u64 = 2_200;
const PACE: Duration = Duration::from_micros(500);

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let space = Netns::new("h19")?;
    space.inside(|| {
        let listener = TcpListener::bind("127.0.0.1:5000").map_err(failed("listen"))?;
        let client = TcpStream::connect("127.0.0.1:5000").map_err(failed("connect"))?;
        client.set_nodelay(true).map_err(failed("send at once"))?;
        let (server, _) = listener.accept().map_err(failed("accept"))?;
        let lost = stage.draw(4, 8);
        lab::run(
            "nft",
            &[&format!("add table inet lab; add chain inet lab in {{ type filter hook input priority 0; }}; add rule inet lab in tcp dport 5000 numgen random mod 100 < {lost} drop")],
        )?;
        let before = nstat("TcpRetransSegs")?;
        let found = stage.between(|| transfer(stage, &client, &server))?;
        let again = nstat("TcpRetransSegs")? - before;
        let record = failing(&found, "host")
            .ok_or_else(|| format!("{again} segments were sent again; the check says {found:?}"))?;
        let told = number(&record.observed)?;
        // The last ones may be sent again after the second look.
        if told > again || told * 10 < again * 9 || !record.observed.contains("127.0.0.1") {
            return Err(format!("{again} were sent again; the check says {record:?}").into());
        }
        let seen = record.observed.clone();
        lab::run("nft", &["flush ruleset"])?;
        let mended = stage.between(|| transfer(stage, &client, &server))?;
        match failing(&mended, "host") {
            None => Ok(seen),
            Some(record) => Err(format!("nothing is dropped; the check says {record:?}").into()),
        }
    })
}

/// Sends small segments for as long as the check wants to look, and reads them.
fn transfer(stage: &Stage<'_>, client: &TcpStream, server: &TcpStream) -> Result<(), Stop> {
    let (mut from, mut to, now) = (client, server, || (stage.now)().up_ms);
    let mut buffer = vec![0; 1 << 16];
    to.set_nonblocking(true).map_err(failed("read without waiting"))?;
    let began_ms = now();
    while now() - began_ms < TRANSFER_MS {
        from.write_all(&[0; 100]).map_err(failed("send"))?;
        while to.read(&mut buffer).is_ok_and(|len| len == buffer.len()) {}
        std::thread::sleep(PACE);
    }
    Ok(())
}
