//! Where clients connect: addresses that are taken before the store is opened, so that one in use leaves
//! no unclean stop behind, and answered on once it has been.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context, Result};
use front::Server;
use tokio::net::{TcpListener, TcpSocket};
use tokio::task::JoinSet;

use crate::config::Config;

/// Connections that wait to be taken.
const BACKLOG: u32 = 1024;

/// Addresses that nobody else can take, and on which nobody is answered yet.
#[derive(Debug)]
pub(crate) struct Addresses {
    resp: TcpSocket,
    kafka: TcpSocket,
    http: TcpSocket,
}

/// Addresses on which clients can connect.
#[derive(Debug)]
pub(crate) struct Listeners {
    resp: TcpListener,
    kafka: TcpListener,
    http: TcpListener,
}

impl Addresses {
    pub(crate) fn take(config: &Config) -> Result<Self> {
        let take = |address: SocketAddr, setting: &str| {
            bind(address).with_context(|| {
                format!(
                    "take the address {address} (`{setting}`); name another one, or stop who has it"
                )
            })
        };
        Ok(Self {
            resp: take(config.resp, "resp")?,
            kafka: take(config.kafka, "kafka")?,
            http: take(config.http, "http")?,
        })
    }

    /// From now on clients can connect; they are answered once the listeners serve.
    pub(crate) fn listen(self) -> Result<Listeners> {
        let listen = |socket: TcpSocket, setting: &str| {
            socket.listen(BACKLOG).with_context(|| format!("listen on the address of `{setting}`"))
        };
        Ok(Listeners {
            resp: listen(self.resp, "resp")?,
            kafka: listen(self.kafka, "kafka")?,
            http: listen(self.http, "http")?,
        })
    }
}

fn bind(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // Else connections of a process that has just ended would hold the address for a minute.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

impl Listeners {
    /// Where Redis clients connect.
    pub(crate) fn resp(&self) -> io::Result<SocketAddr> {
        self.resp.local_addr()
    }

    /// Where Kafka clients connect.
    pub(crate) fn kafka(&self) -> io::Result<SocketAddr> {
        self.kafka.local_addr()
    }

    /// Where probes and metrics are answered.
    pub(crate) fn http(&self) -> io::Result<SocketAddr> {
        self.http.local_addr()
    }

    /// Serves clients until the server stops. A front ends when all of its connections have; probes are
    /// answered beyond that, until the runtime ends.
    pub(crate) fn serve(self, server: &Arc<Server>) -> JoinSet<()> {
        drop(tokio::spawn(front::http::serve(Arc::clone(server), self.http)));
        let mut fronts = JoinSet::new();
        fronts.spawn(front::resp::serve(Arc::clone(server), self.resp));
        fronts.spawn(front::kafka::serve(Arc::clone(server), self.kafka));
        fronts
    }
}
