//! Looking ahead in a pipeline: once one of its requests had to wait for the disk, what those behind it
//! name is brought into memory as one load, not one after the other.
//!
//! Knows nothing of what the requests do: it names their keys, and what it misses costs time, never an
//! answer.

use kv::{Attempt, Layer, Plan};
use redis::{Connection, Run};
use wire::resp::Parser;

use crate::resp::connection::parser_limits;
use crate::resp::session::{Session, find};

/// Keys that are looked for at once.
const KEYS_MAX: usize = 1024;

/// What one connection has brought into memory ahead of need.
#[derive(Debug)]
pub(crate) struct Ahead {
    /// Holds it there until the turn is over.
    plan: Plan,
    is_cold: bool,
    has_looked: bool,
}

impl Ahead {
    pub(crate) const fn new(plan: Plan) -> Self {
        Self { plan, is_cold: false, has_looked: false }
    }

    /// A command has taken so many rounds.
    pub(crate) const fn note(&mut self, rounds: u32) {
        self.is_cold = rounds > 1;
    }

    /// Whatever was held goes.
    pub(crate) fn end_turn(&mut self) {
        if std::mem::take(&mut self.has_looked) {
            self.plan.release();
        }
        self.is_cold = false;
    }
}

impl Session {
    /// Whether the last command had to wait, and nobody has looked ahead since the turn began.
    pub(crate) const fn is_cold(&self) -> bool {
        self.ahead.is_cold && !self.ahead.has_looked
    }

    /// Brings into memory what the first `most` whole requests of `bytes` name.
    pub(crate) async fn look_ahead(&mut self, bytes: &[u8], most: usize) {
        self.ahead.has_looked = true;
        let Ok(namespace) = self.bound() else { return };
        let server = std::sync::Arc::clone(&self.server);
        let plan = &mut self.ahead.plan;
        server.store.replan(plan, server.limits.transaction_time);
        let place = plan.namespace(&namespace);
        let (mut parser, mut named) =
            (Parser::new(parser_limits(&server, self.caller.is_known())), 0);
        for _ in 0..most {
            let Ok(Some(args)) = parser.next(bytes) else { break };
            let Some(Ok(command)) = find(&args[0]).map(|command| command.resolve(args)) else {
                continue;
            };
            if matches!(command.run, Run::Connection(Connection::Select | Connection::Reset)) {
                // What follows is about other keys.
                break;
            }
            let positions = command.keys.positions(args.len());
            named += positions.len();
            if named > KEYS_MAX {
                break;
            }
            for index in positions {
                plan.name(place, Layer::Redis, |id| server.keys.put_id(id, &args[index]));
            }
        }
        if let Attempt::Again(wants) = server.store.attempt(plan, |_| Ok(()))
            && !wants.is_empty()
        {
            // What goes wrong meets the command that needs it, and is answered there.
            let _told_later = server.load(plan, wants).await;
        }
    }
}

#[cfg(test)]
mod tests;
