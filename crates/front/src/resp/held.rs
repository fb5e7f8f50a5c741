//! A connection whose next command is held back by CLIENT PAUSE: it is left where it has arrived, and
//! nothing more is taken from the client until it may run.
//!
//! Invariants:
//! 1. What was answered before it leaves first.
//! 2. While it waits, the connection ends as soon as its client is gone or another ends it, and goes on
//!    when the server stops.

use std::time::Duration;

use redis::{Command, Connection, Flags, Run};
use tokio::io::Interest;
use tokio::net::TcpStream;
use tokio::sync::watch;
use wire::resp::{Args, Parser};

use crate::pause::Scope;
use crate::resp::connection::parser_limits;
use crate::resp::exec::Queue;
use crate::resp::extensions::resolve;
use crate::resp::session::{Session, find};

/// How often it is looked whether the client is still there.
const LOOK_EVERY: Duration = Duration::from_millis(100);

impl Session {
    /// Whether the next whole request of `bytes` is held back at present.
    pub(crate) fn is_held(&self, bytes: &[u8]) -> bool {
        let server = &*self.server;
        if !server.pause.may_be_on() || server.is_stopping() || !self.caller.is_known() {
            return false;
        }
        let Some(extent) = server.pause.at(server.store.monotonic()) else { return false };
        let mut parser = Parser::new(parser_limits(server, true));
        matches!(parser.next(bytes), Ok(Some(args)) if self.holds(extent.scope, args))
    }

    fn holds(&self, scope: Scope, args: Args<'_>) -> bool {
        // What is no command is answered at once.
        let Some(Ok(command)) = find(&args[0]).map(|command| resolve(command, args)) else {
            return false;
        };
        let is_about_itself = command.flags.has(Flags::NO_AUTH)
            || matches!(command.run, Run::Connection(Connection::Client(_)));
        !is_about_itself && (scope == Scope::All || self.may_write(command))
    }

    fn may_write(&self, command: &Command) -> bool {
        let is_exec = matches!(command.run, Run::Connection(Connection::Exec));
        let queue = self.queue.as_ref().filter(|_| is_exec);
        command.flags.has(Flags::WRITE) || queue.is_some_and(Queue::writes)
    }

    /// Waits until the next command may run, or may be looked at again; false if the connection is to end.
    pub(crate) async fn wait_while_held(
        &self,
        stream: &TcpStream,
        stopping: &mut watch::Receiver<bool>,
    ) -> bool {
        let server = &*self.server;
        let now = server.store.monotonic();
        let Some(extent) = server.pause.at(now) else { return true };
        tokio::select! {
            biased;
            () = self.presence.client.killed() => false,
            _ = stopping.wait_for(|stopping| *stopping) => true,
            () = server.pause.wait(extent, now) => true,
            () = gone(stream) => false,
        }
    }
}

/// Returns when the client has closed its end, whether all that it sent was taken or not.
async fn gone(stream: &TcpStream) {
    loop {
        // Of itself, readiness tells of bytes, too, which wait for their turn.
        if stream.ready(Interest::READABLE).await.is_ok_and(|ready| !ready.is_read_closed()) {
            tokio::time::sleep(LOOK_EVERY).await;
        } else {
            return;
        }
    }
}
