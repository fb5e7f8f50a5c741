//! A socket that listens with a short backlog and accepts nothing, and more clients than that.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::process::Command;
use std::time::Duration;

use rustix::net::{AddressFamily, SocketType};

use crate::lab::{Stage, Stop, failing};

/// A client that is not answered gives up after so long: the kernel has dropped it.
const CONNECT: Duration = Duration::from_millis(100);

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let backlog = u32::try_from(stage.draw(2, 12)).unwrap_or(2);
    let (listener, address) = listen(backlog).map_err(|error| format!("listen: {error}"))?;
    // One more than the backlog is let in; the others are dropped.
    let clients: Vec<_> = (0..backlog + 5)
        .filter_map(|_| TcpStream::connect_timeout(&address, CONNECT).ok())
        .collect();
    let target = format!(" {address}");
    let found = stage.until("the queue is full", |records| failing(records, &target).is_some())?;
    let record = failing(&found, &target).ok_or("it is gone again")?;
    let (waiting, allowed) = by_ss(address)?;
    let wanted = format!("Recv-Q {waiting}, Send-Q {allowed}");
    if (allowed, waiting) != (backlog, backlog + 1) || record.evidence[0].value != wanted {
        return Err(format!(
            "ss says {wanted} with a backlog of {backlog}; the check says {record:?}"
        )
        .into());
    }
    let own = format!("pid {} ", std::process::id());
    if !record.observed.contains(&own) {
        return Err(
            format!("it is {own}that does not accept; the check says {}", record.observed).into()
        );
    }
    let seen = record.observed.clone();
    for _ in 0..=backlog {
        listener.accept().map_err(|error| format!("accept: {error}"))?;
    }
    stage.until("nothing is wrong once they are accepted", |records| {
        failing(records, &target).is_none()
    })?;
    drop(clients);
    Ok(seen)
}

/// A socket of the loopback that listens, and where.
pub(super) fn listen(backlog: u32) -> std::io::Result<(TcpListener, SocketAddr)> {
    let socket: OwnedFd = rustix::net::socket(AddressFamily::INET, SocketType::STREAM, None)?;
    rustix::net::bind(&socket, &SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
    rustix::net::listen(&socket, i32::try_from(backlog).unwrap_or(1))?;
    let listener = TcpListener::from(socket);
    let address = listener.local_addr()?;
    Ok((listener, address))
}

/// What `ss` shows of it: Recv-Q and Send-Q.
fn by_ss(address: SocketAddr) -> Result<(u32, u32), Stop> {
    let told = Command::new("ss").args(["-Hltn", "src"]).arg(address.to_string()).output();
    let told = told.map_err(|error| format!("run ss, of the package iproute2: {error}"))?;
    let text = String::from_utf8_lossy(&told.stdout).into_owned();
    let mut fields = text.split_whitespace().skip(1).map(str::parse);
    match (fields.next(), fields.next()) {
        (Some(Ok(waiting)), Some(Ok(backlog))) => Ok((waiting, backlog)),
        _ => Err(format!("ss tells of {address}: {text}").into()),
    }
}
