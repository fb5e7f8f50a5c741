//! What a client sends at once, run as connections of the binary run it: as a series as far as that goes,
//! then one by itself, then the rest as a series again.
//!
//! Invariants:
//! 1. Each is entered as a transaction of its own, in order, before anybody else runs.
//! 2. Each waits for its own receipt, and none is answered before those that were sent before it.

use std::cell::Cell;

use kv::{Attempt, Place, Receipt, SERIES_MAX, Stop, Txn};

use super::{Desk, Due, Guest, Session, State, check_level, enter};
use crate::client::{Answer, Program};
use crate::notes::{Key, Notes, Scribe};
use crate::planted::{self, Answered, Planted};
use crate::violation::{Checker, Violation};

/// What is known of a series while it runs.
struct Series<'a> {
    number: usize,
    places: [Place; 2],
    touches: [bool; 2],
    /// Those that are not entered yet.
    left: &'a [Program],
    /// What the one that ran last did and saw.
    notes: Notes,
    answered: Option<Answered>,
    /// Everything that it has locked.
    held: Vec<Key>,
    dues: Vec<Due>,
    failed: Option<Violation>,
}

impl Session {
    /// Begins with what is left of the lot.
    pub(super) fn go_on(&mut self, desk: &Desk<'_>) {
        let joining = self.lot.iter().take(SERIES_MAX).take_while(|program| !program.is_alone());
        let count = joining.count();
        if count > 1 {
            self.ask_together(desk, count);
        } else {
            self.ask_next(desk);
        }
    }

    /// Begins with the next of the lot by itself.
    fn ask_next(&mut self, desk: &Desk<'_>) {
        match self.lot.pop_front() {
            Some(program) => self.ask(desk, program),
            None => self.state = State::Waiting,
        }
    }

    fn ask_together(&mut self, desk: &Desk<'_>, count: usize) {
        let mut plan = self.fresh_plan(desk);
        // What is too large to be read at once is run by itself.
        plan.stream();
        let mut touches = [false; 2];
        for program in self.lot.iter().take(count) {
            desk.trace.note(format_args!("{} asks, in a series, {program:?}", self.number));
            let [durable, relaxed] = program.touches();
            touches = [touches[0] || durable, touches[1] || relaxed];
            if program.says_that_it_writes() {
                plan.expect_bytes(100);
            }
        }
        self.touches = touches;
        self.places = desk.places(&mut plan, touches);
        self.named = self.lot.iter().take(count).flat_map(Program::names).collect();
        for key in &self.named {
            plan.name(key.place(self.places), key.layer, |id| id.extend_from_slice(&key.id));
        }
        if let Some(first) = self.lot.front() {
            self.program = first.clone();
        }
        (self.plan, self.blocked, self.series, self.loaded) = (Some(plan), 0, count, false);
        self.state = State::Ready;
    }

    /// Runs a series, or tells what it wants to have loaded first.
    pub(super) fn run_together(
        &mut self,
        desk: &mut Desk<'_>,
        mut guest: Option<Guest<'_>>,
    ) -> Result<(), Violation> {
        let Some(mut plan) = self.plan.take() else { return Ok(()) };
        let (count, store) = (self.series, desk.store.clone());
        let programs: Vec<_> = self.lot.iter().take(count).cloned().collect();
        let mut series = Series {
            number: self.number,
            places: self.places,
            touches: self.touches,
            left: &programs,
            notes: Notes::default(),
            answered: None,
            held: self.named.clone(),
            dues: Vec::new(),
            failed: None,
        };
        let last = Cell::new(None);
        let attempt = store.attempt_series(
            &mut plan,
            count,
            |txn, at| {
                series.enter(desk, last.take());
                series.run(desk, txn, &programs[at], &mut guest)
            },
            |receipt| last.set(Some(receipt)),
        );
        series.enter(desk, last.take());
        self.plan = Some(plan);
        let Series { notes, answered, dues, failed, .. } = series;
        if let Some(violation) = failed {
            return Err(violation);
        }
        match attempt {
            Attempt::Again(wants) if !wants.is_empty() && !self.loaded => {
                desk.trace.note(format_args!("{} wants {} for all", self.number, wants.len()));
                desk.book.tally.count("series that were cold first");
                self.loaded = true;
                self.again(wants, notes.keys);
            }
            attempt => {
                let ran = if let Attempt::Done(ran, _) = attempt { ran } else { 0 };
                self.end_series(desk, ran, dues, answered)?;
            }
        }
        Ok(())
    }

    /// So many of a series have been run; `answered` is what became of the last that was begun.
    fn end_series(
        &mut self,
        desk: &mut Desk<'_>,
        ran: usize,
        dues: Vec<Due>,
        answered: Option<Answered>,
    ) -> Result<(), Violation> {
        let count = std::mem::take(&mut self.series);
        desk.trace.note(format_args!("{} ran {ran} of {count}", self.number));
        let receipts = dues.len();
        desk.book.check(Checker::Progress, ran == receipts, || {
            format!("{ran} of a series are said to be done, and {receipts} have a receipt")
        })?;
        desk.book.tally.add("transactions of series", ran as u64);
        desk.book.tally.count(match ran {
            0 => "series that did not begin",
            ran if ran < count => "series that ended early",
            _ => "series that ran whole",
        });
        self.dues.extend(dues);
        let kept = usize::from(desk.planted == Some(Planted::DoneTakenForUndone));
        self.lot.drain(..ran.saturating_sub(kept));
        if ran == count {
            self.go_on(desk);
            return Ok(());
        }
        if desk.planted == Some(Planted::UndoneAnswered)
            && ran > 0
            && let Some(program) = self.lot.pop_front()
        {
            let answered = answered.unwrap_or(Answered::Done(Answer::default()));
            let whose = (self.number, &program);
            self.dues.push_back(enter(desk, whose, &Notes::default(), answered, Receipt::NOTHING)?);
        }
        self.ask_next(desk);
        Ok(())
    }
}

impl Series<'_> {
    /// Enters what ran last, if it is done.
    fn enter(&mut self, desk: &mut Desk<'_>, receipt: Option<Receipt>) {
        let (Some(receipt), Some((program, left))) = (receipt, self.left.split_first()) else {
            return;
        };
        let Some(answered) = self.answered.take() else { return };
        let (notes, whose) = (&self.notes, (self.number, program));
        let entered = check_level(desk.book, self.touches, notes, receipt)
            .and_then(|()| enter(desk, whose, notes, answered, receipt));
        match entered {
            Ok(due) => {
                let first = self.dues.first().copied().unwrap_or(due);
                self.dues.push(planted::due_in_series(desk.planted, first, due));
            }
            Err(violation) => self.failed = self.failed.take().or(Some(violation)),
        }
        self.left = left;
    }

    /// Runs one. Whoever is let in sees what was done before, and none of what this has done.
    fn run(
        &mut self,
        desk: &mut Desk<'_>,
        txn: &mut Txn<'_>,
        program: &Program,
        guest: &mut Option<Guest<'_>>,
    ) -> Result<(), Stop> {
        let Self { number, places, notes, answered, held, failed, .. } = self;
        if failed.is_some() {
            return Err(Stop::Retry);
        }
        held.append(&mut notes.keys);
        let (planted, after) = (desk.planted, guest.as_ref().map_or(0, |guest| guest.after));
        let mut interrupt = |opened: &[Key]| {
            let held = [opened, held].concat();
            let apart = |guest: &mut Guest<'_>| guest.is_apart(&held);
            if let Some(mut guest) = guest.take_if(apart) {
                desk.book.tally.count("rounds within a series");
                *failed = guest.come_in(desk, *number, &held).err();
            }
        };
        let scribe = Scribe::new(txn, *places, notes, Some((after, &mut interrupt)));
        let outcome = planted::run(planted, &mut planted::Memory::default(), program, scribe);
        *answered = None;
        *answered = Some(outcome?);
        Ok(())
    }
}
