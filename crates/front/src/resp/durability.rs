//! WAIT, WAITAOF, SAVE, BGSAVE, LASTSAVE, BGREWRITEAOF: what clients ask of durability, answered from
//! the durable watermark.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use base::Sequence;
use kv::Level;
use redis::Error;
use wire::resp::{Args, parse_i64};

use crate::refusal::resp_error;
use crate::resp::session::Session;

impl Session {
    /// There are no replicas, so nobody is waited for but the log.
    pub(crate) async fn wait(&mut self, args: Args<'_>) {
        let timeout = match parse_i64(&args[1]) {
            Some(_) => parse_timeout(&args[2]),
            None => Err(Error::NOT_AN_INTEGER),
        };
        match timeout {
            Ok(timeout) => {
                if self.is_durable(self.latest_commit(), timeout).await.is_some() {
                    self.reply.integer(0);
                }
            }
            Err(error) => {
                self.fail(error);
            }
        }
    }

    pub(crate) async fn wait_aof(&mut self, args: Args<'_>) {
        let wanted = match parse_i64(&args[1]) {
            Some(wanted @ (0 | 1)) => wanted,
            Some(_) => {
                self.fail(Error::text("ERR value is out of range, value must between 0 and 1"));
                return;
            }
            None => {
                self.fail(Error::NOT_AN_INTEGER);
                return;
            }
        };
        let timeout = match parse_i64(&args[2]) {
            Some(0..) => parse_timeout(&args[3]),
            _ => Err(Error::text("ERR value is out of range, must be positive")),
        };
        let timeout = match timeout {
            Ok(timeout) if wanted == 1 => timeout,
            Ok(_) => Some(Duration::ZERO),
            Err(error) => {
                self.fail(error);
                return;
            }
        };
        if let Some(is_durable) = self.is_durable(self.latest_commit(), timeout).await {
            self.reply.array(2);
            self.reply.integer(i64::from(is_durable));
            self.reply.integer(0);
        }
    }

    pub(crate) async fn save(&mut self) {
        let queued = self.server.store.watermarks().queued();
        if self.is_durable(queued, None).await.is_some() {
            self.server.last_save();
            self.reply.ok();
        }
    }

    /// Syncs go on by themselves; this one is only begun at once.
    pub(crate) fn background_save(&mut self, args: Args<'_>) {
        let is_schedule = args.get(1).is_none_or(|option| option.eq_ignore_ascii_case(b"SCHEDULE"));
        if args.len() > 2 || !is_schedule {
            self.fail(Error::SYNTAX);
            return;
        }
        let watermarks = self.server.store.watermarks();
        watermarks.demand(Level::Durable, watermarks.queued());
        self.reply.simple("Background saving started");
    }

    pub(crate) fn background_rewrite(&mut self) {
        self.reply.simple("Nothing to rewrite: the log is trimmed as it goes");
    }

    pub(crate) fn last_save(&mut self) {
        let seconds = self.server.last_save();
        self.reply.integer(i64::try_from(seconds).unwrap_or(i64::MAX));
    }

    /// Whether everything up to `sequence` is durable within `timeout`; without one, it waits as long as
    /// it takes. `None` if the store has failed, which has been answered.
    async fn is_durable(&mut self, sequence: Sequence, timeout: Option<Duration>) -> Option<bool> {
        let server = Arc::clone(&self.server);
        let reached = server.store.reached(Level::Durable, sequence);
        let outcome = match timeout {
            None => reached.await,
            Some(timeout) => match tokio::time::timeout(timeout, reached).await {
                Ok(outcome) => outcome,
                Err(_elapsed) => return Some(false),
            },
        };
        if let Err(error) = &outcome {
            self.reply.error(&resp_error(error));
        }
        outcome.ok().map(|()| true)
    }
}

impl crate::server::Server {
    /// The latest store time, in seconds, at which everything was known to be durable.
    pub(crate) fn last_save(&self) -> u64 {
        let watermarks = self.store.watermarks();
        let now = self.store.now().0 / 1000;
        // Read in this order: what is queued in between can only make the answer older.
        let queued = watermarks.queued();
        if watermarks.at(Level::Durable) >= queued {
            self.saved.fetch_max(now, Ordering::Relaxed).max(now)
        } else {
            self.saved.load(Ordering::Relaxed)
        }
    }
}

/// Milliseconds; 0 stands for no end.
fn parse_timeout(text: &[u8]) -> Result<Option<Duration>, Error> {
    parse_millis(text).map(|time| Some(time).filter(|time| !time.is_zero()))
}

/// A time from now, in milliseconds.
pub(crate) fn parse_millis(text: &[u8]) -> Result<Duration, Error> {
    let Some(millis) = parse_i64(text) else {
        return Err(Error::text("ERR timeout is not an integer or out of range"));
    };
    let Ok(millis) = u64::try_from(millis) else {
        return Err(Error::text("ERR timeout is negative"));
    };
    Ok(Duration::from_millis(millis))
}
