//! Consecutive small commands of a pipeline, run under the same locks: each is a transaction and a commit of
//! its own, with what all of them would pay alone paid once.
//!
//! Knows nothing of what the commands do. What does not go on at once, or answers for the whole
//! transaction, is left to be run by itself: so an error or a large reply has one place where it is dealt
//! with.

use std::time::Duration;

use kv::{Attempt, Origin, SERIES_MAX, Want};
use redis::{Command, Flags, Group, Run};
use smallvec::SmallVec;
use wire::resp::Args;

use crate::resp::client::Replies;
use crate::resp::session::{Misstep, Session, run_one};
use crate::resp::watch::Watches;

/// A command that may be one of a series, and its number for the log.
pub(crate) type Joined = (&'static Command, u32);

/// Those of a series to be, in order.
pub(crate) type Joining = SmallVec<[Joined; SERIES_MAX]>;

/// The same with their arguments.
pub(crate) type Series<'a> = SmallVec<[(&'static Command, Args<'a>); SERIES_MAX]>;

/// Arguments of more bytes than this are run by themselves.
const ARGUMENT_BYTES_MAX: usize = 4 << 10;

/// Commands of a series are timed together: who asks for shorter times than this gets each by itself.
const THRESHOLD_US_MIN: u64 = 1000;

/// What a command must not do or need in a series.
const ALONE: [Flags; 4] =
    [Flags::EXCLUSIVE, Flags::ALL_DATABASES, Flags::NAMES_DATABASES, Flags::BLOCKING];

/// How a series ended.
enum Ran {
    /// So many of its commands have been answered; what follows is run by itself.
    Commands(usize),
    /// None has: this is to be loaded first.
    Cold(Vec<Want>),
}

impl Session {
    /// Whether commands may be run as a series at present.
    pub(crate) fn runs_series(&self) -> bool {
        self.queue.is_none()
            && self.replies == Replies::On
            && self.caller.is_known()
            && !self.server.pause.may_be_on()
            && self.server.slowlog.is_coarser_than(THRESHOLD_US_MIN)
    }

    /// The command, if the request is small and about one key.
    pub(crate) fn joining(&mut self, args: Args<'_>) -> Option<Joined> {
        let joined = self.find_again(&args[0])?;
        let (command, _) = joined;
        let is_about_keys = matches!(command.group, Group::String | Group::Hash | Group::Generic);
        let joins = is_about_keys
            && matches!(command.run, Run::Txn(_))
            && command.arity.admits(args.len())
            && command.keys.positions(args.len()).len() == 1
            && !ALONE.iter().any(|flag| command.flags.has(*flag))
            && args.total_bytes() <= ARGUMENT_BYTES_MAX;
        joins.then_some(joined)
    }

    /// Runs as many of the commands as go on at once, and appends their replies; how many.
    pub(crate) async fn execute_series(
        &mut self,
        commands: &Series<'_>,
        joined: &Joining,
    ) -> usize {
        if self.prepare(commands, &Watches::default(), true).is_err() || self.plan.is_long() {
            return 0;
        }
        // Once for all of them: a pipeline would otherwise take as many times as long as a single command.
        self.server.hold_back(&self.plan).await;
        if self.server.pause.may_be_on() {
            return 0;
        }
        // What is too large to be read at once is streamed, by itself.
        self.plan.stream();
        let mut ran = self.attempt_series(commands, joined);
        if let Ran::Cold(wants) = ran {
            if self.server.load(&mut self.plan, wants).await.is_err() {
                // The command that needs it says why.
                return 0;
            }
            ran = self.attempt_series(commands, joined);
        }
        let Ran::Commands(count) = ran else { return 0 };
        self.ahead.note(self.plan.rounds());
        self.commands += count as u64;
        self.server.counters.joined.add(count as u64);
        if let Some(((last, _), (first, args))) =
            count.checked_sub(1).and_then(|last| commands.get(last)).zip(commands.first())
        {
            self.latest = last.name;
            let took = self.note_time(first, *args);
            self.note_series(&joined[..count], took);
        }
        count
    }

    /// Counts the commands of a series that ran, each with its share of the time, and their errors.
    fn note_series(&self, ran: &[Joined], took: Duration) {
        let usages = &self.server.usages;
        let each = took / u32::try_from(ran.len()).unwrap_or(u32::MAX).max(1);
        for alike in ran.chunk_by(|(_, one), (_, other)| one == other) {
            usages.note(alike[0].1 as usize, alike.len() as u64, each);
        }
        for Misstep { at, code } in &self.missteps {
            if let Some((_, number)) = ran.get(*at) {
                usages.fail(*number as usize);
                usages.error(*code);
            }
        }
    }

    fn attempt_series(&mut self, commands: &Series<'_>, joined: &Joining) -> Ran {
        let Self { server, plan, reply, spots, outgoing, dues, latest_commit, missteps, .. } = self;
        missteps.clear();
        let (session, count) = (self.presence.client.id, self.commands);
        outgoing.restart(reply.len());
        // Where the reply of the command that is being run begins.
        let mut mark = reply.mark();
        let run = |txn: &mut kv::Txn<'_>, at: usize| {
            mark = reply.mark();
            let origin = Origin { session, count: count + 1 + at as u64, command: joined[at].1 };
            txn.set_origin(origin);
            run_one(txn, commands[at], spots[at], reply, &server.keys)?;
            missteps.extend(Misstep::found(at, reply, mark));
            Ok(())
        };
        let done = |receipt: kv::Receipt| {
            *latest_commit = receipt.commit.unwrap_or_default().max(*latest_commit);
            dues.add(receipt);
        };
        let attempt = server.store.attempt_series(plan, commands.len(), run, done);
        let ran = match attempt {
            Attempt::Done(ran, _) => ran,
            _ => 0,
        };
        if ran < commands.len() {
            reply.rewind(mark);
        }
        match attempt {
            Attempt::Again(wants) if !wants.is_empty() => Ran::Cold(wants),
            _ => Ran::Commands(ran),
        }
    }
}

#[cfg(test)]
mod tests;
