//! What is known from outside: every transaction that was asked for, how it ended, and what the store
//! should therefore hold. The checks that need no end of the run are made here.

use std::sync::Arc;

use base::{Sequence, StoreTime};
use kv::{Level, Receipt};

use crate::client::{Answer, Program};
use crate::model::Model;
use crate::notes::Notes;
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

/// The time that a transaction happens at, and the time that it is.
pub type Times = (StoreTime, StoreTime);

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
    /// The checkers that count, if not all do.
    only: Vec<Checker>,
    /// The last commit of this open.
    last: Sequence,
    /// The first act of this open.
    opened_at: usize,
}

impl Book {
    /// An empty book. With `only`, what other checkers find is passed over.
    #[must_use]
    pub fn new(tally: Arc<Tally>, only: &[Checker]) -> Self {
        let (model, only) = (Model::default(), only.to_vec());
        Self { model, acts: Vec::new(), tally, only, last: Sequence::ZERO, opened_at: 0 }
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
        (notes, times): (&Notes, Times),
        answer: Answer,
        receipt: Receipt,
    ) -> Result<usize, Violation> {
        let outcome = self.go_through(notes, times, program)?;
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
        }
        if program.is_alone() {
            self.tally.count("flushed namespaces");
        }
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
        (notes, times): (&Notes, Times),
        code: &'static str,
        level: Level,
    ) -> Result<usize, Violation> {
        let outcome = self.go_through(notes, times, program)?;
        let rests_on = outcome.map_or(Sequence::ZERO, |outcome| outcome.rests_on);
        self.tally.count("operations");
        self.tally.count(if code == "LIMIT" { "refused for want of space" } else { "refused" });
        let (answer, commit, fate, program) = (None, None, Fate::Waiting, program.clone());
        let refused = Some(code);
        self.acts.push(Act { client, program, answer, refused, commit, rests_on, level, fate });
        Ok(self.acts.len() - 1)
    }

    fn go_through(
        &self,
        notes: &Notes,
        times: Times,
        program: &Program,
    ) -> Result<Option<crate::model::Outcome>, Violation> {
        match self.model.go_through(notes, times) {
            Ok(outcome) => Ok(Some(outcome)),
            Err(what) => {
                self.check(Checker::Reads, false, || format!("{program:?}: {what}"))?;
                Ok(None)
            }
        }
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
        self.model.set_back(kept);
        self.model.settle(kept);
        Ok(())
    }
}
