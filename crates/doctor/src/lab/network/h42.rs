//! Connections whose data nobody reads, and a bound of the memory of TCP below what they take.

use std::io::Write;
use std::net::{Ipv4Addr, TcpListener, TcpStream};

use super::link::Setting;
use crate::lab::{Stage, Stop, failed, failing};

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(failed("listen"))?;
    let address = listener.local_addr().map_err(failed("ask for the address"))?;
    let mut unread = Vec::new();
    for _ in 0..stage.draw(4, 8) {
        let mut client = TcpStream::connect(address).map_err(failed("connect"))?;
        client.set_nonblocking(true).map_err(failed("send without waiting"))?;
        let accepted = listener.accept().map_err(failed("accept"))?.0;
        let chunk = vec![0; 1 << 16];
        // Until both buffers are full.
        while client.write(&chunk).is_ok() {}
        unread.push((client, accepted));
    }
    let taken = pages()?;
    // Only the bound from which on memory is saved: beyond the last one, connections would be reset.
    let limits =
        std::fs::read_to_string("/proc/sys/net/ipv4/tcp_mem").map_err(failed("read tcp_mem"))?;
    let last = limits.split_whitespace().nth(2).ok_or("tcp_mem has no third number")?;
    let lowered = Setting::set("net.ipv4.tcp_mem", &format!("{} {} {last}", taken / 4, taken / 2))?;
    let found = stage.until("the bound is passed", |records| {
        // Other programs of the machine take some and give some back.
        let now = pages().unwrap_or(0);
        failing(records, "host")
            .is_some_and(|it| it.observed.contains(&format!("take {now} pages,")))
    })?;
    let record = failing(&found, "host").ok_or("it is gone again")?;
    if !record.observed.contains(&format!("saves from {} on", taken / 2)) {
        return Err(format!("the bound is {}; the check says {record:?}", taken / 2).into());
    }
    drop(unread);
    drop(lowered);
    stage.until("nothing is wrong once nothing waits", |records| {
        failing(records, "host").is_none()
    })?;
    Ok(record.observed.clone())
}

/// Pages that buffers of TCP take.
fn pages() -> Result<u64, Stop> {
    let text = std::fs::read_to_string("/proc/net/sockstat").map_err(failed("read sockstat"))?;
    let line = text.lines().find(|line| line.starts_with("TCP:")).unwrap_or_default();
    let pages = line.rsplit(' ').next().and_then(|it| it.parse().ok());
    pages.ok_or_else(|| Stop::Failed(format!("sockstat says {text}")))
}
