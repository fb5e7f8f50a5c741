//! SLOWLOG: what a client may ask of the commands that took long.

use std::time::Duration;

use redis::{Command, Error, Slowlog as Subcommand};
use wire::resp::{Args, parse_i64};

use crate::latency::event_of;
use crate::resp::session::Session;
use crate::slowlog::{Entry, shorten};

/// Entries that are returned where nothing is said.
const ENTRIES: usize = 10;

impl Session {
    pub(crate) fn slowlog(&mut self, which: Subcommand, args: Args<'_>) {
        match which {
            Subcommand::Get => {
                if let Err(error) = self.slowlog_get(args) {
                    self.fail(error);
                }
            }
            Subcommand::Len => {
                let len = self.server.slowlog.len();
                self.reply.integer(i64::try_from(len).unwrap_or(i64::MAX));
            }
            Subcommand::Reset => {
                self.server.slowlog.clear();
                self.reply.ok();
            }
        }
    }

    fn slowlog_get(&mut self, args: Args<'_>) -> Result<(), Error> {
        let most = match args.get(2) {
            _ if args.len() > 3 => {
                let word = args[1].escape_ascii();
                let text = format!(
                    "ERR unknown subcommand or wrong number of arguments for '{word}'. Try SLOWLOG HELP."
                );
                return Err(Error::Reply(text.into()));
            }
            None => ENTRIES,
            Some(count) => match parse_i64(count) {
                Some(-1) => usize::MAX,
                Some(count @ 0..) => usize::try_from(count).unwrap_or(usize::MAX),
                _ => return Err(Error::text("ERR count should be greater than or equal to -1")),
            },
        };
        let entries = self.server.slowlog.latest(most);
        let reply = &mut self.reply;
        reply.array(entries.len());
        for Entry { id, at, took, args, address, name } in &entries {
            reply.array(6);
            reply.integer(*id);
            reply.integer(i64::try_from(at.0 / 1000).unwrap_or(i64::MAX));
            reply.integer(i64::try_from(took.as_micros()).unwrap_or(i64::MAX));
            reply.array(args.len());
            for arg in args {
                reply.bulk(arg);
            }
            reply.bulk(address.to_string().as_bytes());
            reply.bulk(name);
        }
        Ok(())
    }

    /// Takes note of a command that has run, if it took long; how long it took.
    pub(crate) fn note_time(&mut self, command: &'static Command, args: Args<'_>) -> Duration {
        let now = self.server.store.monotonic();
        let took = now.saturating_sub(self.at);
        self.at = now;
        if self.server.latencies.wants(took) {
            self.server.latencies.note(event_of(command), self.server.store.now(), took);
        }
        if self.server.slowlog.wants(took) {
            self.keep_slow(command, args, took);
        }
        took
    }

    fn keep_slow(&self, command: &'static Command, args: Args<'_>, took: Duration) {
        // Passwords are not kept.
        let is_secret = matches!(command.name, "auth" | "hello");
        let shown = if is_secret { vec![command.name.into()] } else { shorten(args) };
        let client = &self.presence.client;
        let name = client.shown.lock().name.clone();
        let at = self.server.store.now();
        self.server.slowlog.push(Entry {
            id: 0,
            at,
            took,
            args: shown,
            address: client.address,
            name,
        });
    }
}
