//! A neighbour that moves to another address on the link while an entry for it is held; and more neighbours than fit.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};

use super::link::{link, number};
use crate::lab::netns::Netns;
use crate::lab::{self, Stage, Stop, failed, failing};

const MOVED: &str = "10.98.0.2";

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let (client, server) = (Netns::new("h37-client")?, Netns::new("h37-server")?);
    link("wire", (&client, "10.98.0.1/16"), (&server, "10.98.0.2/16"))?;
    let seen = stale(stage, &client, &server)?;
    overflow(stage, &client)?;
    Ok(seen)
}

fn stale(stage: &Stage<'_>, client: &Netns, server: &Netns) -> Result<String, Stop> {
    let listener =
        server.inside(|| TcpListener::bind("10.98.0.2:5000").map_err(failed("listen")))?;
    client.inside(|| {
        let mut stream = TcpStream::connect("10.98.0.2:5000").map_err(failed("connect"))?;
        let (mut accepted, _) = listener.accept().map_err(failed("accept"))?;
        let old = link_address(server)?;
        lab::run(
            "ip",
            &["neigh", "replace", MOVED, "lladdr", &old, "nud", "permanent", "dev", "wire"],
        )?;
        let new = format!("02:00:00:00:{:02x}:02", stage.draw(1, 200));
        lab::run("ip", &["-n", server.name(), "link", "set", "wire", "address", &new])?;
        stream.write_all(&[0; 100]).map_err(failed("send"))?;
        let target = format!(" {MOVED}");
        let found = stage
            .until("the neighbour is silent", |records| failing(records, &target).is_some())?;
        let record = failing(&found, &target).ok_or("it is gone again")?;
        let known = lab::run("ip", &["neigh", "show", "to", MOVED])?;
        let is_told = record.observed.ends_with(&format!("are sent to {old}, set for good"));
        if !is_told || !known.contains(&old) || link_address(server)? != new {
            return Err(format!("it has {new}, ip says {known}; the check says {record:?}").into());
        }
        lab::run("ip", &["neigh", "del", MOVED, "dev", "wire"])?;
        accepted.read_exact(&mut [0; 100]).map_err(failed("receive"))?;
        stage.until("nothing is wrong once it is asked for anew", |records| {
            failing(records, &target).is_none()
        })?;
        Ok(record.observed.clone())
    })
}

/// What `ip` shows as the address on the link of this side.
fn link_address(space: &Netns) -> Result<String, Stop> {
    let text = lab::run("ip", &["-n", space.name(), "-o", "link", "show", "wire"])?;
    let mut words = text.split_whitespace().skip_while(|word| *word != "link/ether");
    Ok(words.nth(1).ok_or_else(|| format!("ip says of the link: {text}"))?.to_owned())
}

/// Datagrams to more neighbours than the table holds. It is seen by the machine, which alone has its bounds.
fn overflow(stage: &Stage<'_>, client: &Netns) -> Result<(), Stop> {
    let most = std::fs::read_to_string("/proc/sys/net/ipv4/neigh/default/gc_thresh3");
    let most = number(&most.map_err(failed("read gc_thresh3"))?)?;
    let more = stage.draw(100, 400);
    let before = fulls()?;
    let found = stage.between(|| {
        client.inside(|| {
            let each: Vec<u64> = (0..most + more).collect();
            // What waits for its neighbour takes the room of its socket: a few go into one.
            for some in each.chunks(100) {
                let socket = UdpSocket::bind("10.98.0.1:0").map_err(failed("bind"))?;
                for at in some {
                    let (high, low) = (at / 250 + 1, at % 250 + 1);
                    // Those that do not fit fail with ENOBUFS.
                    let _sent = socket.send_to(&[0], format!("10.98.{high}.{low}:9"));
                }
            }
            Ok(())
        })
    })?;
    let grown = fulls()? - before;
    let record = failing(&found, "host").ok_or("the table is full, and the check says nothing")?;
    if grown == 0 || !record.observed.contains(&format!("; {grown} times one did not fit")) {
        return Err(format!("{grown} did not fit; the check says {record:?}").into());
    }
    lab::run("ip", &["-n", client.name(), "link", "set", "wire", "down"])?;
    stage.until("nothing is wrong once they are forgotten", |records| {
        failing(records, "host").is_none()
    })?;
    Ok(())
}

/// How often there was no room: the last column, over all processors.
fn fulls() -> Result<u64, Stop> {
    let text = std::fs::read_to_string("/proc/net/stat/arp_cache");
    let text = text.map_err(failed("read arp_cache"))?;
    let last = |line: &str| u64::from_str_radix(line.split_whitespace().last()?, 16).ok();
    Ok(text.lines().skip(1).filter_map(last).sum())
}
