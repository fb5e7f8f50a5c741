//! A socket with the shortest buffer there is that nobody reads, and more datagrams than fit.

use std::net::{Ipv4Addr, UdpSocket};
use std::time::Duration;

use crate::lab::{Stage, Stop, failed, failing};

/// After so long without a datagram there is none left; one that was just sent arrives within the other.
const DRAINED: Duration = Duration::from_millis(50);
const ARRIVES: Duration = Duration::from_secs(5);

/// More than fit the shortest buffer, at least.
const SENT_MIN: u64 = 50;

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let deaf = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).map_err(failed("bind"))?;
    rustix::net::sockopt::set_socket_recv_buffer_size(&deaf, 1)
        .map_err(|error| format!("set the buffer: {error}"))?;
    let address = deaf.local_addr().map_err(failed("ask for the address"))?;
    let client = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).map_err(failed("bind"))?;
    let count = stage.draw(SENT_MIN, 500);
    let send = || -> Result<(), Stop> {
        for _ in 0..count {
            client.send_to(&[0; 400], address).map_err(failed("send"))?;
        }
        Ok(())
    };
    let target = format!(" {address}");
    // The first fill the buffer; of those that follow, each is dropped.
    send()?;
    let found = stage.between(send)?;
    let record = failing(&found, &target)
        .ok_or_else(|| format!("{count} datagrams were dropped; the check says {found:?}"))?;
    let wanted = format!("{count} datagrams for pid {} ", std::process::id());
    if !record.observed.starts_with(&wanted) {
        return Err(format!("{wanted}were dropped; the check says {}", record.observed).into());
    }
    let seen = record.observed.clone();
    deaf.set_read_timeout(Some(DRAINED)).map_err(failed("set the time-out"))?;
    while deaf.recv(&mut [0; 400]).is_ok() {}
    deaf.set_read_timeout(Some(ARRIVES)).map_err(failed("set the time-out"))?;
    // Mended: what comes now is read, so there is room for it.
    let mended = stage.between(|| {
        client.send_to(&[0; 400], address).map_err(failed("send"))?;
        deaf.recv(&mut [0; 400]).map(drop).map_err(failed("receive"))
    })?;
    match failing(&mended, &target) {
        None => Ok(seen),
        Some(record) => Err(format!("it is read now; the check says {record:?}").into()),
    }
}
