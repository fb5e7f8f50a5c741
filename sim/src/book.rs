//! What is known from outside: every transaction that was asked for, how it ended, and what the store
//! should therefore hold. The checks that need no end of the run are made here.

use std::collections::BTreeMap;
use std::sync::Arc;

use base::{Sequence, StoreTime};
use kv::{Level, Receipt, StoredRecord};

use crate::client::{Answer, Head, Program, lists};
use crate::leases::Leases;
use crate::model::Model;
use crate::notes::{Key, Notes};
use crate::tally::Tally;
use crate::violation::{Checker, Violation};

/// How a transaction ended, as far as it did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It ran, and its client waits.
    Waiting,
    /// Its client has the answer.
    Acknowledged,
    /// A crash came before the answer; it is there.
    Survived,
    /// A crash took it.
    Lost,
    /// A crash came before the answer, and it changed nothing.
    Unheard,
}

/// One transaction.
#[derive(Clone, Debug)]
pub struct Act {
    /// Which client asked for it.
    pub client: usize,
    /// What it was.
    pub program: Program,
    /// What it answered, unless it was refused.
    pub answer: Option<Answer>,
    /// Why it was refused.
    pub refused: Option<&'static str>,
    /// Its commit, if it changed anything.
    pub commit: Option<Sequence>,
    /// The last commit that its answer rests on, its own included, as the model knows it.
    pub rests_on: Sequence,
    /// How far that had to come before its client was answered.
    pub level: Level,
    /// How it ended.
    pub fate: Fate,
}

impl Act {
    /// Whether what it saw and did is part of the store's history.
    #[must_use]
    pub fn counts(&self) -> bool {
        self.refused.is_none() && matches!(self.fate, Fate::Acknowledged | Fate::Survived)
    }
}

/// The latest times at which transactions have used an object.
#[derive(Clone, Copy, Debug, Default)]
struct Used {
    by_any: StoreTime,
    by_a_writer: StoreTime,
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The power was cut: what was synced is there.
    PowerCut,
    /// The process was killed: what was written is there.
    Kill,
    /// It was stopped cleanly: everything is there.
    Stop,
}

/// See the module's description.
#[derive(Debug)]
pub struct Book {
    /// What the store should hold.
    pub model: Model,
    /// Every transaction that ran, in order.
    pub acts: Vec<Act>,
    /// Where counts go.
    pub tally: Arc<Tally>,
    /// Who holds which lock, by the time that really passes.
    pub leases: Leases,
    /// The checkers that count, if not all do.
    only: Vec<Checker>,
    /// The last commit of this open.
    last: Sequence,
    /// The first act of this open.
    opened_at: usize,
    /// When each object was used last in this open, in time as transactions have it.
    used_at: BTreeMap<Key, Used>,
    /// The numbers that were appended to each feed, and by which commit.
    feeds: BTreeMap<Key, Vec<(u64, Sequence)>>,
    /// How many of them somebody was shown.
    shown: BTreeMap<Key, u64>,
}

impl Book {
    /// An empty book. With `only`, what other checkers find is passed over.
    #[must_use]
    pub fn new(tally: Arc<Tally>, only: &[Checker]) -> Self {
        let (model, only, last) = (Model::default(), only.to_vec(), Sequence::ZERO);
        let (acts, used_at) = (Vec::new(), BTreeMap::new());
        let (feeds, shown) = (BTreeMap::new(), BTreeMap::new());
        let leases = Leases::default();
        Self { model, acts, tally, leases, only, last, opened_at: 0, used_at, feeds, shown }
    }

    /// Fails if a rule does not hold.
    pub fn check(
        &self,
        checker: Checker,
        holds: bool,
        what: impl FnOnce() -> String,
    ) -> Result<(), Violation> {
        if holds || !(self.only.is_empty() || self.only.contains(&checker)) {
            return Ok(());
        }
        Err(Violation { checker, what: what() })
    }

    /// A store was opened, whose next commit is to be `next`.
    pub fn opened(&mut self, next: Sequence) -> Result<(), Violation> {
        let last = self.last;
        self.check(Checker::Sequences, next > last, || {
            format!("an open goes on at {next}, but {last} was given out before")
        })?;
        self.last = Sequence(next.0 - 1);
        self.opened_at = self.acts.len();
        self.used_at.clear();
        self.leases.forget();
        Ok(())
    }

    /// The store made a commit of its own, or one that nobody is told of.
    pub fn pass_over(&mut self, sequence: Sequence) {
        self.last = sequence;
    }

    /// The last commit of this open that anybody was told of.
    #[must_use]
    pub fn last(&self) -> Sequence {
        self.last
    }

    /// A transaction is done. Checks what it saw, and takes on what it did.
    pub fn done(
        &mut self,
        (client, program): (usize, &Program),
        notes: &Notes,
        answer: Answer,
        receipt: Receipt,
    ) -> Result<usize, Violation> {
        let outcome = self.go_through(notes, program, receipt.commit.is_some())?;
        let mut rests_on = Sequence::ZERO;
        if let Some(outcome) = outcome {
            rests_on = outcome.rests_on;
            let agrees =
                outcome.changes().is_none_or(|changes| changes == receipt.commit.is_some());
            self.check(Checker::Sequences, agrees, || {
                format!("{program:?} has the receipt {receipt:?}")
            })?;
            if let Some(sequence) = receipt.commit {
                self.model.commit(outcome, sequence);
            }
        }
        if let Some(sequence) = receipt.commit {
            let last = self.last;
            self.check(Checker::Sequences, sequence == last.next(), || {
                format!("commit {sequence} follows {last}")
            })?;
            self.last = sequence;
            rests_on = sequence;
            self.append_to_feeds(program, sequence);
        }
        if program.is_alone() {
            self.tally.count("flushed namespaces");
        }
        self.tally.add("rows of what is too large to be held", self.model.huge_rows(notes));
        self.tally.count("operations");
        self.acts.push(Act {
            client,
            program: program.clone(),
            answer: Some(answer),
            refused: None,
            commit: receipt.commit,
            rests_on,
            level: receipt.level,
            fate: Fate::Waiting,
        });
        Ok(self.acts.len() - 1)
    }

    /// A transaction was refused. Checks what it saw; it must have done nothing.
    pub fn refused(
        &mut self,
        (client, program): (usize, &Program),
        notes: &Notes,
        code: &'static str,
        level: Level,
    ) -> Result<usize, Violation> {
        let outcome = self.go_through(notes, program, false)?;
        let rests_on = outcome.map_or(Sequence::ZERO, |outcome| outcome.rests_on);
        self.tally.count("operations");
        self.tally.count(if code == "LIMIT" { "refused for want of space" } else { "refused" });
        let (answer, commit, fate, program) = (None, None, Fate::Waiting, program.clone());
        let refused = Some(code);
        self.acts.push(Act { client, program, answer, refused, commit, rests_on, level, fate });
        Ok(self.acts.len() - 1)
    }

    fn go_through(
        &mut self,
        notes: &Notes,
        program: &Program,
        wrote: bool,
    ) -> Result<Option<crate::model::Outcome>, Violation> {
        self.watch_time_of(notes, program, wrote)?;
        match self.model.go_through(notes) {
            Ok(outcome) => Ok(Some(outcome)),
            Err(what) => {
                self.check(Checker::Reads, false, || format!("{program:?}: {what}"))?;
                Ok(None)
            }
        }
    }

    /// Of two transactions on one object the later does not happen at an earlier time: else what one
    /// has seen expired, the other sees alive. Two that only read may have held it side by side.
    fn watch_time_of(
        &mut self,
        notes: &Notes,
        program: &Program,
        wrote: bool,
    ) -> Result<(), Violation> {
        let now = notes.now;
        for key in &notes.keys {
            let used = self.used_at.get(key).copied().unwrap_or_default();
            let before = if wrote { used.by_any } else { used.by_a_writer };
            self.check(Checker::Time, before <= now, || {
                format!("{program:?} happens at {now:?}, {key:?} was used at {before:?}")
            })?;
            let by_a_writer = if wrote { now } else { used.by_a_writer };
            let used = Used { by_any: used.by_any.max(now), by_a_writer };
            self.used_at.insert(key.clone(), used);
        }
        Ok(())
    }

    fn append_to_feeds(&mut self, program: &Program, sequence: Sequence) {
        let Program::Lists(deeds) = program else { return };
        for deed in deeds.iter().filter(|deed| lists::is_feed(&deed.list)) {
            let appended = deed.append.map(|number| (number, sequence));
            self.feeds.entry(deed.list.clone()).or_default().extend(appended);
        }
    }

    /// Somebody was shown the records of a feed, up to where its head said.
    pub fn fetched(
        &mut self,
        feed: &Key,
        head: Head,
        records: &[StoredRecord],
    ) -> Result<(), Violation> {
        self.check_records(feed, records)?;
        let count = records.len() as u64;
        self.check(Checker::Records, count >= head.next, || {
            format!("{feed:?} has {} records, and {count} can be read", head.next)
        })?;
        let shown = self.shown.entry(feed.clone()).or_default();
        *shown = head.next.max(*shown);
        self.tally.add("records fetched", head.next);
        Ok(())
    }

    /// Checks that these are the first records of a feed: without a gap, each as it was appended.
    pub fn check_records(&self, feed: &Key, records: &[StoredRecord]) -> Result<(), Violation> {
        let appended = self.feeds.get(feed).map_or(&[][..], |feed| feed);
        for (offset, record) in records.iter().enumerate() {
            let place = *record.suffix == (offset as u64).to_be_bytes();
            let number = lists::read_number(&record.value);
            let right = place && appended.get(offset).is_some_and(|it| it.0 == number);
            self.check(Checker::Records, right, || {
                let expected = appended.get(offset);
                format!("{feed:?} at {offset}: {record:?} in place of {expected:?}")
            })?;
        }
        Ok(())
    }

    /// How many records a feed has.
    #[must_use]
    pub fn records_of(&self, feed: &Key) -> usize {
        self.feeds.get(feed).map_or(0, Vec::len)
    }

    /// The log ends at `kept`: what anybody was shown is still there.
    fn set_feeds_back(&mut self, kept: Sequence) -> Result<(), Violation> {
        for numbers in self.feeds.values_mut() {
            numbers.retain(|(_, commit)| *commit <= kept);
        }
        for (feed, shown) in &self.shown {
            let left = self.records_of(feed) as u64;
            self.check(Checker::Records, *shown <= left, || {
                format!("{shown} records of {feed:?} were shown, and {left} are left")
            })?;
        }
        Ok(())
    }

    /// A client has its answer.
    pub fn acknowledged(&mut self, act: usize) {
        if let Some(act) = self.acts.get_mut(act) {
            act.fate = Fate::Acknowledged;
            self.tally.count("acknowledged");
        }
    }

    /// A process ended, and the next found the log up to `kept`. Decides every fate, and sets the
    /// model back.
    pub fn crashed(&mut self, end: End, kept: Sequence) -> Result<(), Violation> {
        for at in self.opened_at..self.acts.len() {
            let act = &self.acts[at];
            let gone = act.commit.is_some_and(|commit| commit > kept);
            let vouched = end != End::PowerCut || act.level == Level::Durable;
            if act.fate == Fate::Acknowledged && vouched {
                self.check(Checker::Acknowledged, !gone, || {
                    format!("after {end:?} the log ends at {kept}: {act:?}")
                })?;
                self.check(Checker::Dependency, act.rests_on <= kept, || {
                    format!("after {end:?} the log ends at {kept}: {act:?}")
                })?;
            }
            let fate = match (act.fate, act.commit) {
                (Fate::Acknowledged, _) if act.rests_on > kept => Fate::Lost,
                (Fate::Waiting, Some(_)) if gone => Fate::Lost,
                (Fate::Waiting, Some(_)) => Fate::Survived,
                (Fate::Waiting, None) => Fate::Unheard,
                (fate, _) => fate,
            };
            match (act.fate, fate) {
                (Fate::Waiting, Fate::Lost) => self.tally.count("unknown outcomes: lost"),
                (Fate::Waiting, Fate::Survived) => self.tally.count("unknown outcomes: survived"),
                (Fate::Acknowledged, Fate::Lost) => {
                    self.tally.count("relaxed answers lost to a power cut");
                }
                _ => {}
            }
            self.acts[at].fate = fate;
        }
        self.set_feeds_back(kept)?;
        self.model.set_back(kept);
        self.model.settle(kept);
        Ok(())
    }
}
