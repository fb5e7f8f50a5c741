//! As many short connections to one port as there are ports to give.

use std::net::{SocketAddr, TcpListener, TcpStream};

use super::link::{number, set};
use crate::lab::netns::Netns;
use crate::lab::{self, Stage, Stop, failed, failing};

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let space = Netns::new("h17")?;
    space.inside(|| {
        let width = stage.draw(40, 60);
        set("net.ipv4.ip_local_port_range", &format!("40000 {}", 39_999 + width))?;
        set("net.ipv4.tcp_tw_reuse", "0")?;
        let listener = TcpListener::bind("127.0.0.1:5000").map_err(failed("listen"))?;
        let address = listener.local_addr().map_err(failed("ask for the address"))?;
        while open(&listener, address)? {}
        let target = format!(" 127.0.0.1 to {address}");
        // The last one may still be on its way from one state to the other.
        let waits = || -> Option<u64> {
            let told =
                lab::run("ss", &["-Htan", "state", "time-wait", "dst", &address.to_string()]);
            Some(told.ok()?.lines().count() as u64)
        };
        let found = stage.until("all ports are taken, as ss shows", |records| {
            let told = failing(records, &target).and_then(|it| number(&it.observed).ok());
            told == Some(width) && waits() == told
        })?;
        let record = failing(&found, &target).ok_or("it is gone again")?;
        set("net.ipv4.tcp_tw_reuse", "1")?;
        stage.until("nothing is wrong once new ones may have their ports", |records| {
            failing(records, &target).is_none()
        })?;
        Ok(record.observed.clone())
    })
}

/// A connection that its client closes first, so that it is the client that waits; whether there was a port for it.
fn open(listener: &TcpListener, address: SocketAddr) -> Result<bool, Stop> {
    match TcpStream::connect(address) {
        Ok(client) => {
            let (server, _) = listener.accept().map_err(failed("accept"))?;
            drop(client);
            drop(server);
            Ok(true)
        }
        Err(error) if error.kind() == std::io::ErrorKind::AddrNotAvailable => Ok(false),
        Err(error) => Err(format!("connect: {error}").into()),
    }
}
