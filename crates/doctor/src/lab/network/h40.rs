//! A tunnel between two namespaces, and segments through it whose checksum is wrong.

use std::net::{Ipv4Addr, SocketAddrV4};

use rustix::net::{AddressFamily, SendFlags, SocketType, ipproto};

use super::link::{link, nstat, number};
use crate::lab::netns::Netns;
use crate::lab::{self, Stage, Stop, failing};

const NEAR: Ipv4Addr = Ipv4Addr::new(10, 87, 2, 1);

/// So many are enough for the check.
const WRONG: u64 = 10;

/// An answer to nothing: no port, no sequence, only the flag of an acknowledgement, and a checksum that is wrong.
const SEGMENT: [u8; 20] =
    [0x13, 0x88, 0x13, 0x89, 0, 0, 0, 1, 0, 0, 0, 1, 0x50, 0x10, 0x20, 0, 0xde, 0xad, 0, 0];

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let (near, far) = (Netns::new("h40-near")?, Netns::new("h40-far")?);
    link("wire", (&near, "10.87.1.1/24"), (&far, "10.87.1.2/24"))?;
    tunnel(&near, "10.87.1.2", "10.87.2.1/24")?;
    tunnel(&far, "10.87.1.1", "10.87.2.2/24")?;
    let count = stage.draw(20, 200);
    near.inside(|| {
        // Whoever asks for neighbours and the like is done with it.
        far.inside(|| send(1))?;
        stage.wait("the first comes through", || Ok(nstat("TcpInCsumErrors")? > 0))?;
        turned_off(stage, &far)?;
        let before = nstat("TcpInCsumErrors")?;
        let found = stage.between(|| {
            far.inside(|| send(count))?;
            stage.wait("all come through", || Ok(nstat("TcpInCsumErrors")? >= before + count))
        })?;
        let grown = nstat("TcpInCsumErrors")? - before;
        let record = failing(&found, "host")
            .ok_or_else(|| format!("{grown} came wrong; the check says {found:?}"))?;
        let is_told = number(&record.observed)? == grown;
        let evidence: Vec<&str> = record.evidence.iter().map(|it| it.value.as_str()).collect();
        if !is_told
            || !evidence.join(" ").contains("vxlan tunnel port 4789 over wire (no driver): on")
        {
            return Err(format!("{grown} came wrong; the check says {record:?}").into());
        }
        let seen = record.observed.clone();
        stage.until("nothing is wrong once none are sent", |records| {
            failing(records, "host").is_none()
        })?;
        Ok(seen)
    })
}

/// What ethtool says is what the check says, where there is an ethtool.
fn turned_off(stage: &Stage<'_>, far: &Netns) -> Result<(), Stop> {
    let feature = "tx-checksum-ip-generic";
    match lab::run("ethtool", &["-K", "tunnel", feature, "off"]) {
        Err(Stop::Missing(_)) => return Ok(()),
        done => done?,
    };
    let before = nstat("TcpInCsumErrors")?;
    let found = stage.between(|| {
        far.inside(|| send(WRONG))?;
        stage.wait("they come through", || Ok(nstat("TcpInCsumErrors")? >= before + WRONG))
    })?;
    let record = failing(&found, "host").ok_or("they came, and the check says nothing")?;
    let by_ethtool = lab::run("ethtool", &["-k", "tunnel"])?;
    let is_off = by_ethtool.contains(&format!("{feature}: off"));
    if is_off && record.evidence.iter().any(|it| it.value.ends_with("(no driver): off")) {
        return lab::run("ethtool", &["-K", "tunnel", feature, "on"]).map(drop);
    }
    Err(format!("ethtool says {by_ethtool}; the check says {record:?}").into())
}

fn tunnel(space: &Netns, remote: &str, address: &str) -> Result<(), Stop> {
    let ip = |words: &str| {
        let all: Vec<&str> = ["-n", space.name()].iter().copied().chain(words.split(' ')).collect();
        lab::run("ip", &all)
    };
    let made =
        ip(&format!("link add tunnel type vxlan id 5 dev wire remote {remote} dstport 4789"));
    made.map_err(|stop| match stop {
        Stop::Failed(why) if why.contains("Unknown device type") => {
            Stop::Missing("vxlan in this kernel".to_owned())
        }
        other => other,
    })?;
    ip(&format!("address add {address} dev tunnel"))?;
    ip("link set tunnel up").map(drop)
}

/// By a raw socket: the kernel makes the header of IP, and leaves that of TCP as it is.
fn send(count: u64) -> Result<(), Stop> {
    let failed = |error: rustix::io::Errno| Stop::Failed(format!("send segments: {error}"));
    let socket = rustix::net::socket(AddressFamily::INET, SocketType::RAW, Some(ipproto::TCP));
    let socket = socket.map_err(failed)?;
    let to = SocketAddrV4::new(NEAR, 0);
    for _ in 0..count {
        rustix::net::sendto(&socket, &SEGMENT, SendFlags::empty(), &to).map_err(failed)?;
    }
    Ok(())
}
