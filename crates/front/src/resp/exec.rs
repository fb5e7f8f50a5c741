//! MULTI, EXEC, DISCARD: commands that are queued and run as one transaction.

use std::sync::Arc;

use redis::{Command, Error, Flags, Run};
use wire::resp::{Args, ArgsBuf, Mark, Writer};

use crate::budget::{Budget, Share, Spent};
use crate::resp::read::Reading;
use crate::resp::session::{Misstep, Session, Then, Wrap};
use crate::resp::watch::Watches;
use crate::usage::place_of;

/// Commands between MULTI and EXEC.
#[derive(Debug)]
pub(crate) struct Queue {
    commands: Vec<(&'static Command, ArgsBuf)>,
    bytes: usize,
    /// What it has of the memory for requests.
    share: Share,
    /// A command could not be queued: EXEC runs none.
    spoiled: bool,
}

impl Queue {
    /// An empty one, charged to `budget`.
    fn new(budget: Arc<Budget>) -> Self {
        Self { commands: Vec::new(), bytes: 0, share: Share::new(budget), spoiled: false }
    }

    /// How many commands are in it.
    pub(crate) fn len(&self) -> usize {
        self.commands.len()
    }

    /// Whether a command in it may change keys.
    pub(crate) fn writes(&self) -> bool {
        self.commands.iter().any(|(command, _)| command.flags.has(Flags::WRITE))
    }

    pub(crate) fn spoil(&mut self) {
        self.spoiled = true;
        self.commands = Vec::new();
        self.bytes = 0;
        // To make a share smaller never fails.
        let _shrunk = self.share.resize(0);
    }
}

impl Session {
    pub(crate) fn multi(&mut self) {
        if self.queue.is_some() {
            // Redis lets the transaction go on after this error.
            return self.reply.error("ERR MULTI calls can not be nested");
        }
        self.queue = Some(Queue::new(Arc::clone(&self.server.inboxes)));
        self.reply.ok();
    }

    pub(crate) fn discard(&mut self) {
        match self.queue.take() {
            Some(_) => {
                self.watches.clear();
                self.reply.ok();
            }
            None => self.reply.error("ERR DISCARD without MULTI"),
        }
    }

    /// Keeps a command for EXEC.
    pub(crate) fn enqueue(&mut self, command: &'static Command, args: Args<'_>) -> Then {
        let limits = self.server.limits;
        let Some(queue) = &mut self.queue else { return Then::Continue };
        queue.bytes += args.total_bytes();
        if queue.commands.len() >= limits.queued_commands || queue.bytes > limits.queued_bytes {
            let text = format!(
                "LIMIT a transaction queues at most {} commands and {} bytes; split it up",
                limits.queued_commands, limits.queued_bytes
            );
            return self.fail(Error::Reply(text.into()));
        }
        if let Err(Spent { bytes_max }) = queue.share.resize(queue.bytes) {
            let text = format!(
                "LIMIT all connections together may hold {bytes_max} bytes of requests: EXEC sooner, or try again later"
            );
            return self.fail(Error::Reply(text.into()));
        }
        if !queue.spoiled {
            queue.commands.push((command, args.to_buf()));
        }
        self.reply.simple("QUEUED");
        Then::Continue
    }

    pub(crate) async fn exec(&mut self) -> Then {
        let Some(queue) = self.queue.take() else {
            self.reply.error("ERR EXEC without MULTI");
            return Then::Continue;
        };
        // Whatever becomes of it, what was watched is watched no more.
        let watches = std::mem::take(&mut self.watches);
        if queue.spoiled {
            self.reply.error("EXECABORT Transaction discarded because of previous errors.");
            return Then::Continue;
        }
        let commands: Vec<_> =
            queue.commands.iter().map(|(command, args)| (*command, args.as_args())).collect();
        if commands.iter().any(|(command, _)| matches!(command.run, Run::Connection(_))) {
            return self.exec_mixed(&commands, &watches).await;
        }
        let start = self.reply.mark();
        if self.transact(&commands, Wrap::Array, &watches).await {
            self.note_queued(&commands);
        } else {
            self.note_refused(&commands, start);
        }
        Then::Continue
    }

    /// Counts the commands that an EXEC came to that did nothing: the last of them is the guard that refused it, unless
    /// all had ended.
    fn note_refused(&mut self, commands: &[(&'static Command, Args<'_>)], start: Mark) {
        let begun = &commands[..self.reached.min(commands.len())];
        if !self.reply.is_error_since(start) || begun.is_empty() {
            return;
        }
        self.missteps.clear();
        self.note_queued(begun);
        if let Some((guard, _)) = begun.last().filter(|_| self.reached <= commands.len()) {
            self.server.usages.fail(place_of(guard));
        }
    }

    /// Counts the commands that EXEC ran, each with its share of the time, and their errors.
    fn note_queued(&self, commands: &[(&'static Command, Args<'_>)]) {
        let (usages, len) =
            (&self.server.usages, u32::try_from(commands.len()).unwrap_or(u32::MAX));
        let each = self.server.store.monotonic().saturating_sub(self.at) / len.max(1);
        for (command, _) in commands {
            usages.note(place_of(command), 1, each);
        }
        for Misstep { at, code } in &self.missteps {
            if let Some((command, _)) = commands.get(*at) {
                usages.fail(place_of(command));
            }
            usages.error(*code);
        }
    }

    /// Runs what is about keys as one transaction, and what is about the connection or the server after
    /// it, each in its place among the replies. SELECT counts in both; TOPIC.READ shows what the transaction saw.
    async fn exec_mixed(
        &mut self,
        commands: &[(&'static Command, Args<'_>)],
        watches: &Watches,
    ) -> Then {
        let mut pieces = vec![Writer::new(self.reply.protocol()); commands.len()];
        let start = self.reply.mark();
        let Some((receipt, heads)) = self.transact_apart(commands, &mut pieces, watches).await
        else {
            self.note_refused(commands, start);
            return Then::Continue;
        };
        let (mut then, mut reading) = (Then::Continue, Reading::new(receipt));
        self.reply.array(commands.len());
        for (at, (((command, args), piece), head)) in
            commands.iter().zip(&pieces).zip(heads).enumerate()
        {
            let mark = self.reply.mark();
            match (command.run, head) {
                (_, Some(head)) => self.topic_read_seen(*args, head, &mut reading).await,
                (Run::Connection(what), ..) => {
                    if self.converse(what, *args).await == Then::Close {
                        then = Then::Close;
                    }
                }
                _ => {
                    self.reply.raw(piece.as_bytes());
                    continue;
                }
            }
            self.missteps.extend(Misstep::found(at, &self.reply, mark));
        }
        self.note_queued(commands);
        then
    }
}
