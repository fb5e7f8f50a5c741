//! A tunnel whose other end has no route, and datagrams into it; and one over a link that takes less than it sends.

use std::net::UdpSocket;

use super::link::{link, number};
use crate::lab::netns::Netns;
use crate::lab::{self, Stage, Stop, failed, failing};

const TUNNEL: [&str; 10] =
    ["link", "add", "tunnel", "type", "vxlan", "id", "5", "remote", "10.88.9.9", "dstport"];

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let seen = unsent_ones(stage)?;
    too_large(stage)?;
    Ok(seen)
}

/// A link below a tunnel that takes less than before.
fn too_large(stage: &Stage<'_>) -> Result<(), Stop> {
    let (space, other) = (Netns::new("h21-near")?, Netns::new("h21-far")?);
    link("wire", (&space, "10.88.2.1/24"), (&other, "10.88.2.2/24"))?;
    let ip = |words: &str| {
        let all: Vec<&str> = ["-n", space.name()].into_iter().chain(words.split(' ')).collect();
        lab::run("ip", &all)
    };
    ip("link add tunnel type vxlan id 6 dev wire remote 10.88.2.2 dstport 4789")?;
    ip("link set tunnel up")?;
    let below = stage.draw(1_300, 190);
    ip(&format!("link set wire mtu {below}"))?;
    let by_ip = ip("link show tunnel")?;
    let mtu = by_ip.split_once(" mtu ").map(|(_, rest)| number(rest)).transpose()?.unwrap_or(0);
    space.inside(|| {
        let found = stage.until("the tunnel sends more than the link takes", |records| {
            failing(records, " tunnel").is_some()
        })?;
        let record = failing(&found, " tunnel").ok_or("it is gone again")?;
        let told = format!(
            "takes packets of {mtu} bytes, {} with their header, and wire below it takes {below}",
            mtu + 50
        );
        if mtu + 50 <= below || !record.observed.ends_with(&told) {
            return Err(format!("ip says {by_ip}; the check says {record:?}").into());
        }
        ip(&format!("link set tunnel mtu {}", below - 50))?;
        stage.until("nothing is wrong once it sends less", |records| {
            failing(records, " tunnel").is_none()
        })?;
        Ok(())
    })
}

fn unsent_ones(stage: &Stage<'_>) -> Result<String, Stop> {
    let space = Netns::new("h21")?;
    let ip = |arguments: &[&str]| {
        let all: Vec<&str> = ["-n", space.name()].iter().chain(arguments).copied().collect();
        lab::run("ip", &all)
    };
    let made = ip(&[&TUNNEL[..], &["4789"]].concat());
    made.map_err(|stop| match stop {
        Stop::Failed(why) if why.contains("Unknown device type") => {
            Stop::Missing("vxlan in this kernel".to_owned())
        }
        other => other,
    })?;
    ip(&["address", "add", "10.88.1.1/24", "dev", "tunnel"])?;
    ip(&["link", "set", "tunnel", "up"])?;
    // So that nobody asks for the address on the link first.
    ip(&[
        "neigh",
        "add",
        "10.88.1.2",
        "lladdr",
        "02:00:00:00:00:02",
        "nud",
        "permanent",
        "dev",
        "tunnel",
    ])?;
    let count = stage.draw(10, 90);
    space.inside(|| {
        let socket = UdpSocket::bind("10.88.1.1:0").map_err(failed("bind"))?;
        let before = unsent()?;
        let found = stage.between(|| {
            for _ in 0..count {
                socket.send_to(&[0; 10], "10.88.1.2:9").map_err(failed("send"))?;
            }
            Ok(())
        })?;
        let grown = unsent()? - before;
        let record = failing(&found, " tunnel")
            .ok_or_else(|| format!("{grown} were not sent; the check says {found:?}"))?;
        let told = number(&record.observed)?;
        // The kernel sends packets of its own over a new interface.
        if told < count || told > grown {
            return Err(format!("{grown} were not sent; the check says {record:?}").into());
        }
        let seen = record.observed.clone();
        stage.until("nothing is wrong once nothing is sent", |records| {
            failing(records, " tunnel").is_none()
        })?;
        Ok(seen)
    })
}

/// Packets that the tunnel could not send, as `ip` counts them: errors, the third of the last line.
fn unsent() -> Result<u64, Stop> {
    let text = lab::run("ip", &["-s", "link", "show", "tunnel"])?;
    let last = text.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default();
    let errors = last.split_whitespace().nth(2).and_then(|it| it.parse().ok());
    errors.ok_or_else(|| Stop::Failed(format!("ip says of the tunnel: {text}")))
}
