//! Two links: datagrams come over one, and the route back to their sender goes over the other.

use std::net::UdpSocket;
use std::time::Duration;

use super::link::{link, nstat, number, set};
use crate::lab::netns::Netns;
use crate::lab::{self, Stage, Stop, failed, failing};

/// A datagram that is let in arrives within this time.
const ARRIVES: Duration = Duration::from_secs(5);

const COUNTER: &str = "TcpExtIPReversePathFilter";

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let (client, server) = (Netns::new("h33-client")?, Netns::new("h33-server")?);
    link("front", (&client, "10.96.1.1/24"), (&server, "10.96.1.2/24"))?;
    link("back", (&client, "10.96.2.1/24"), (&server, "10.96.2.2/24"))?;
    lab::run("ip", &["-n", client.name(), "address", "add", "10.97.0.1/32", "dev", "lo"])?;
    lab::run("ip", &["-n", server.name(), "route", "add", "default", "via", "10.96.2.1"])?;
    // Else the question for the address on the link has the same sender, and is dropped itself.
    client.inside(|| set("net.ipv4.conf.all.arp_announce", "2").map(drop))?;
    let count = stage.draw(10, 90);
    let send = |count: u64| {
        client.inside(|| {
            let socket = UdpSocket::bind("10.97.0.1:0").map_err(failed("bind"))?;
            for _ in 0..count {
                socket.send_to(&[0; 10], "10.96.1.2:5000").map_err(failed("send"))?;
            }
            Ok(())
        })
    };
    server.inside(|| {
        set("net.ipv4.conf.all.rp_filter", "0")?;
        set("net.ipv4.conf.back.rp_filter", "0")?;
        set("net.ipv4.conf.front.rp_filter", "1")?;
        let socket = UdpSocket::bind("10.96.1.2:5000").map_err(failed("bind"))?;
        socket.set_read_timeout(Some(ARRIVES)).map_err(failed("set the time-out"))?;
        let before = nstat(COUNTER)?;
        let found = stage.between(|| send(count))?;
        let dropped = nstat(COUNTER)? - before;
        let record = failing(&found, "host")
            .ok_or_else(|| format!("{dropped} were dropped; the check says {found:?}"))?;
        let is_named = record.observed.ends_with("; strict on front");
        if number(&record.observed)? != dropped || dropped != count || !is_named {
            return Err(
                format!("{dropped} of {count} were dropped; the check says {record:?}").into()
            );
        }
        let seen = record.observed.clone();
        set("net.ipv4.conf.front.rp_filter", "2")?;
        let mended = stage.between(|| {
            send(1)?;
            socket.recv(&mut [0; 10]).map(drop).map_err(failed("receive"))
        })?;
        match failing(&mended, "host") {
            None => Ok(seen),
            Some(record) => Err(format!("it is let in now; the check says {record:?}").into()),
        }
    })
}
