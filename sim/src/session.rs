//! One client's connection: a transaction from its first round to its answer, a step at a time.
//!
//! Anything may happen between two steps; a load alone is three of them. Between two operations of
//! its closure, another session may run a round of its own.

use std::collections::VecDeque;
use std::fmt;
use std::task::{Context, Waker};
use std::time::Duration;

use base::Sequence;
use base::rng::SplitMix64;
use kv::{Attempt, Handle, Level, Load, Plan, Receipt, Refusal, Store, Want};

use crate::book::Book;
use crate::client::{Answer, Client, Ending, Errand, Head, Program, locks};
use crate::clock::MachineClock;
use crate::notes::{Key, Notes, Scribe, refuse};
use crate::planted::{self, Answered, Planted};
use crate::trace::Trace;
use crate::violation::{Checker, Violation};

mod lot;
mod trip;
mod vigil;

use trip::Trip;
use vigil::Vigil;

/// Transactions are given up after this long.
const PATIENCE: Duration = Duration::from_hours(1);

/// The code of a transaction that is refused because what is watched has changed.
const WATCHED: &str = "WATCHED";

/// The code of a transaction that is refused because a lock is not held.
const LOCK_LOST: &str = "LOCKLOST";

/// The code of a transaction that is refused because the log cannot grow.
const NO_SPACE: &str = "LIMIT";

/// How far a transaction has come.
enum State {
    Idle,
    /// To be run, or run again.
    Ready,
    Wanting(Vec<Want>),
    Begun(Load),
    Read(Load, Result<(), kv::Error>),
    /// Until the loads of others are over.
    Joining(Vec<u64>),
    /// Until all answers have left.
    Waiting,
    /// Busy with something else than a transaction.
    Out(Trip),
}

/// An answer that may leave once a commit has come far enough.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Due {
    act: usize,
    ending: Ending,
    /// The commit.
    pub(crate) after: Sequence,
    /// How far.
    pub(crate) level: Level,
}

/// See the module's description.
pub struct Session {
    number: usize,
    client: Box<dyn Client>,
    program: Program,
    plan: Option<Plan>,
    places: [kv::Place; 2],
    state: State,
    /// What the transaction under way is for.
    errand: Errand,
    vigil: Option<Vigil>,
    /// Where the feed that was read last has its records.
    head: Option<Head>,
    notes: Notes,
    /// Rounds of the transaction that ended at a lock, or at a write that was not announced.
    blocked: u32,
    /// What the transaction has named, or will have when it is run again.
    named: Vec<Key>,
    memory: planted::Memory,
    /// What was sent along and is still to be run.
    lot: VecDeque<Program>,
    /// The namespaces that the plan touches: the durable one, the relaxed one.
    touches: [bool; 2],
    /// How many of the lot are under way as a series, and whether something was loaded for it.
    series: usize,
    loaded: bool,
    /// Answers in the order in which they leave.
    dues: VecDeque<Due>,
}

/// What a session works on.
pub struct Desk<'a> {
    /// The store.
    pub store: &'a Store,
    /// Its namespaces, the durable one first.
    pub handles: &'a [Handle; 2],
    /// Where everything is entered.
    pub book: &'a mut Book,
    /// Where everything is noted.
    pub trace: &'a Trace,
    /// The machine's clock.
    pub clock: &'a MachineClock,
    /// What is wrong on purpose.
    pub planted: Option<Planted>,
}

impl Desk<'_> {
    /// Adds those of the namespaces to a plan that are touched.
    pub fn places(&self, plan: &mut Plan, touches: [bool; 2]) -> [kv::Place; 2] {
        let [durable, relaxed] = self.handles;
        let mut places = [kv::Place::FIRST; 2];
        for ((place, touched), handle) in places.iter_mut().zip(touches).zip([durable, relaxed]) {
            if touched {
                *place = plan.namespace(handle);
            }
        }
        places
    }

    /// Enters what a lock's errand was answered; none if it was refused.
    fn enter_lock(
        &mut self,
        program: &Program,
        answered: Option<locks::Answered>,
        commit: Option<Sequence>,
    ) -> Result<(), Violation> {
        let Program::Locks(errand) = program else { return Ok(()) };
        let now = self.clock.elapsed();
        let Book { leases, tally, .. } = &mut *self.book;
        let entered = leases.enter(errand, answered, commit, now, tally);
        entered.or_else(|found| self.book.check(found.checker, false, || found.what))
    }
}

/// Who runs a round within another's, and after how many operations.
pub struct Guest<'a> {
    /// The session that may interrupt.
    pub session: &'a mut Session,
    /// After so many operations of its host.
    pub after: usize,
    /// Whether what the guest has named lies apart from what the host holds.
    pub apart: &'a dyn Fn(&[Key], &[Key]) -> bool,
}

impl Guest<'_> {
    /// Whether it waits for nothing that is held.
    fn is_apart(&self, held: &[Key]) -> bool {
        (self.apart)(held, &self.session.named)
    }

    /// Runs its round while `host` holds this.
    fn come_in(&mut self, desk: &mut Desk<'_>, host: usize, held: &[Key]) -> Result<(), Violation> {
        desk.book.tally.count("rounds within another's");
        let within = self.session.number;
        desk.trace.note(format_args!("{host} holds {held:?}; within, {within} goes on"));
        // What the guest sees, it sees later.
        desk.clock.pass(Duration::from_millis(1));
        self.session.run(desk, None)
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("number", &self.number)
            .field("program", &self.program)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Desk<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Desk").field("store", self.store).finish_non_exhaustive()
    }
}

impl fmt::Debug for Guest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.session.fmt(f)
    }
}

impl Session {
    /// A connection of `client`.
    #[must_use]
    pub fn new(number: usize, client: Box<dyn Client>) -> Self {
        Self {
            number,
            client,
            program: Program::Lists(Vec::new()),
            plan: None,
            places: [kv::Place::FIRST; 2],
            state: State::Idle,
            errand: Errand::Transact,
            vigil: None,
            head: None,
            notes: Notes::default(),
            blocked: 0,
            named: Vec::new(),
            memory: planted::Memory::default(),
            lot: VecDeque::new(),
            touches: [false; 2],
            series: 0,
            loaded: false,
            dues: VecDeque::new(),
        }
    }

    /// Whether nothing is under way; who sleeps waits for others.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        matches!(self.state, State::Idle | State::Out(Trip::Asleep))
    }

    /// Whether it could run a round within another's without waiting for its namespace.
    #[must_use]
    pub fn may_be_guest(&self) -> bool {
        matches!(self.state, State::Ready)
            && self.blocked < 3
            && !matches!(self.program, Program::Bank(_) | Program::Locks(_))
    }

    /// How many rounds of its transaction ended at a lock, or at a write that was not announced.
    #[must_use]
    pub fn blocked(&self) -> u32 {
        self.blocked
    }

    /// Whether others may run rounds within its own.
    #[must_use]
    pub fn may_be_host(&self) -> bool {
        matches!(self.state, State::Ready)
            && !matches!(self.program, Program::Bank(_) | Program::Locks(_))
    }

    /// Whether it would run a round next.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        matches!(self.state, State::Ready)
    }

    /// Does the next thing. `fresh` says whether it may begin another transaction.
    pub fn step(
        &mut self,
        desk: &mut Desk<'_>,
        rng: &mut SplitMix64,
        fresh: bool,
        guest: Option<Guest<'_>>,
    ) -> Result<(), Violation> {
        match std::mem::replace(&mut self.state, State::Idle) {
            State::Idle if fresh => self.set_out(desk, rng),
            State::Out(mut trip) => {
                if trip.step(desk, self.vigil.as_mut())? {
                    desk.trace.note(format_args!("{} is back from {trip:?}", self.number));
                    self.client.ended(Ending::Done);
                } else {
                    self.state = State::Out(trip);
                }
            }
            State::Idle => {}
            State::Ready => return self.run(desk, guest),
            State::Wanting(wants) => {
                desk.trace.note(format_args!("{} begins a load", self.number));
                let plan = self.plan.as_mut();
                let load = plan.map(|plan| desk.store.begin_load(plan, wants));
                self.state = load.map_or(State::Idle, State::Begun);
            }
            State::Begun(mut load) => {
                desk.trace.note(format_args!("{} reads a load", self.number));
                let read = desk.store.read_load(&mut load);
                self.state = State::Read(load, read);
            }
            State::Read(load, read) => {
                let joined = load.joined().to_vec();
                let ended = desk.store.end_load(load, read);
                desk.trace.note(format_args!("{} ends a load: {}", self.number, ended.is_ok()));
                self.state = if joined.is_empty() { State::Ready } else { State::Joining(joined) };
            }
            State::Joining(mut loads) => {
                let context = Context::from_waker(Waker::noop());
                loads.retain(|load| desk.store.poll_load(*load, &context).is_pending());
                desk.trace.note(format_args!("{} waits for {} loads", self.number, loads.len()));
                self.state = if loads.is_empty() { State::Ready } else { State::Joining(loads) };
            }
            State::Waiting => self.hear(desk),
        }
        Ok(())
    }

    /// Takes the answers that may leave.
    fn hear(&mut self, desk: &mut Desk<'_>) {
        while let Some(Due { act, ending, after, level }) = self.dues.pop_front() {
            if !desk.store.has_reached(level, after) {
                // Who waits for no more than a write may write it.
                drop(desk.store.reached(level, after));
                self.dues.push_front(Due { act, ending, after, level });
                self.state = State::Waiting;
                return;
            }
            desk.trace.note(format_args!("{} has its answer: {ending:?}", self.number));
            desk.book.acknowledged(act);
            if let Some(vigil) = &mut self.vigil {
                vigil.register(desk);
            }
            self.client.ended(ending);
        }
    }

    /// Begins what its client does next.
    fn set_out(&mut self, desk: &mut Desk<'_>, rng: &mut SplitMix64) {
        self.errand = self.client.errand(rng);
        let feed = self.vigil.as_ref().and_then(|vigil| vigil.keys.first().cloned());
        match (self.errand, self.head.take().zip(feed)) {
            (Errand::Sleep, _) => self.state = State::Out(Trip::Asleep),
            (Errand::List(namespace), _) => {
                self.state = State::Out(Trip::walk(desk, namespace));
            }
            (Errand::Fetch, Some((head, feed))) => {
                self.state = State::Out(Trip::Fetching(feed, head));
            }
            (Errand::Fetch, None) => self.client.ended(Ending::Done),
            (Errand::Transact, _) => {
                self.lot = self.client.lot(rng, desk.store.now()).into();
                self.go_on(desk);
            }
            (Errand::Watch | Errand::Exec, _) => {
                let program = self.client.next(rng, desk.store.now());
                if self.errand == Errand::Watch {
                    let mut vigil = Vigil::new(program.names());
                    if desk.planted != Some(Planted::WatchedTooLate) {
                        vigil.register(desk);
                    }
                    self.vigil = Some(vigil);
                }
                self.ask(desk, program);
            }
        }
    }

    /// A plan that names nothing, with the buffers of the last.
    fn fresh_plan(&mut self, desk: &Desk<'_>) -> Plan {
        let mut plan = self.plan.take().unwrap_or_else(|| desk.store.plan(PATIENCE));
        desk.store.replan(&mut plan, PATIENCE);
        plan
    }

    /// Begins a transaction.
    pub fn ask(&mut self, desk: &Desk<'_>, mut program: Program) {
        if let Program::Locks(errand) = &mut program {
            errand.asked = desk.clock.elapsed();
        }
        desk.trace.note(format_args!("{} asks {program:?}", self.number));
        let mut plan = self.fresh_plan(desk);
        self.touches = program.touches();
        self.places = desk.places(&mut plan, self.touches);
        if program.says_that_it_writes() {
            plan.expect_bytes(100);
        }
        if program.is_alone() {
            plan.take_exclusively();
        }
        for key in program.names() {
            plan.name(key.place(self.places), key.layer, |id| id.extend_from_slice(&key.id));
        }
        self.named = program.names();
        self.program = program;
        self.notes = Notes::default();
        self.plan = Some(plan);
        self.blocked = 0;
        self.memory.begin();
        self.state = State::Ready;
    }

    /// Runs one round.
    fn run(&mut self, desk: &mut Desk<'_>, guest: Option<Guest<'_>>) -> Result<(), Violation> {
        if self.series > 0 {
            return self.run_together(desk, guest);
        }
        desk.book.tally.take_exclusive();
        let mut failed = None;
        let Some(mut plan) = self.plan.take() else { return Ok(()) };
        // A round may end before its closure is run: then it has seen nothing.
        self.notes = Notes::default();
        let attempt = self.attempt(desk, &mut plan, guest, &mut failed);
        self.plan = Some(plan);
        if let Some(violation) = failed {
            return Err(violation);
        }
        match attempt {
            Attempt::Done(answered, receipt) => {
                if let Answered::Done(answer) = &answered {
                    keep_vigil(self.errand, self.vigil.as_mut(), desk.book)?;
                    self.head = answer.head;
                }
                check_level(desk.book, self.touches, &self.notes, receipt)?;
                let whose = (self.number, &self.program);
                let due = enter(desk, whose, &self.notes, answered, receipt)?;
                self.wait(desk, due);
            }
            Attempt::Busy => {
                desk.book.tally.count("waits for room in the log");
                self.state = State::Ready;
            }
            Attempt::Refused(refusal, _)
                if refusal == Refusal::unknown() || refusal == Refusal::stopped() =>
            {
                self.state = State::Ready;
            }
            Attempt::Refused(refusal, _) if refusal.code == planted::HALF_DONE => {
                self.named.append(&mut self.notes.keys.clone());
                self.state = State::Ready;
            }
            Attempt::Refused(Refusal { code: NO_SPACE, .. }, receipt)
                if desk.planted == Some(Planted::FullTakenForDone) =>
            {
                let (whose, answered) =
                    ((self.number, &self.program), Answered::Done(Answer::default()));
                let due = enter(desk, whose, &self.notes, answered, receipt)?;
                self.wait(desk, due);
            }
            Attempt::Refused(refusal, receipt) => {
                let code = refusal.code;
                if let (WATCHED, Some(vigil)) = (code, &self.vigil) {
                    vigil.refused(desk.book);
                }
                desk.trace.note(format_args!("{} is refused: {code} {receipt:?}", self.number));
                let due = refused(desk, (self.number, &self.program), &self.notes, code, receipt)?;
                self.wait(desk, due);
            }
            Attempt::Again(wants) => {
                desk.trace.note(format_args!("{} wants {}", self.number, wants.len()));
                self.again(wants, self.notes.keys.clone());
            }
        }
        Ok(())
    }

    fn again(&mut self, wants: Vec<Want>, opened: Vec<Key>) {
        self.named.extend(opened);
        // Begun in the next step: it takes locks that whoever this round ran within may hold.
        self.state = if wants.is_empty() { State::Ready } else { State::Wanting(wants) };
        self.blocked += u32::from(self.is_ready());
    }

    /// Waits for what the answer rests on, once the rest of the lot has been run.
    fn wait(&mut self, desk: &Desk<'_>, due: Due) {
        self.dues.push_back(due);
        self.go_on(desk);
    }

    fn attempt(
        &mut self,
        desk: &mut Desk<'_>,
        plan: &mut Plan,
        mut guest: Option<Guest<'_>>,
        failed: &mut Option<Violation>,
    ) -> Attempt<Answered> {
        let Self { number, program, notes, places, memory, named, errand, vigil, .. } = self;
        let (store, planted) = (desk.store.clone(), desk.planted);
        let after = guest.as_ref().map_or(usize::MAX, |guest| guest.after);
        store.attempt(plan, |txn| {
            let alone = desk.book.tally.take_exclusive();
            let mut interrupt = |opened: &[Key]| {
                let Some(guest) = &mut guest else { return };
                let held = [opened, named].concat();
                if !alone && guest.is_apart(&held) {
                    *failed = guest.come_in(desk, *number, &held).err();
                }
            };
            let fired = vigil.as_ref().is_some_and(Vigil::has_fired);
            if *errand == Errand::Exec && fired && planted != Some(Planted::WatchIgnored) {
                return refuse(WATCHED);
            }
            let scribe = Scribe::new(txn, *places, notes, Some((after, &mut interrupt)));
            planted::run(planted, memory, program, scribe)
        })
    }

    /// The store is gone, and with it whatever was under way.
    pub fn cut_off(&mut self) {
        self.plan = None;
        (self.vigil, self.head) = (None, None);
        let together = std::mem::take(&mut self.series) > 0;
        let one = match std::mem::replace(&mut self.state, State::Idle) {
            State::Idle | State::Waiting => 0,
            _ => usize::from(!together),
        };
        let unheard = self.dues.len() + one + self.lot.len();
        self.dues.clear();
        self.lot.clear();
        (0..unheard).for_each(|_| self.client.ended(Ending::Unknown));
    }
}

/// Whether the reply waits for the sync if it has to, and only then.
fn check_level(
    book: &Book,
    [durable, _]: [bool; 2],
    notes: &Notes,
    receipt: Receipt,
) -> Result<(), Violation> {
    let asked = if durable || notes.durable { Level::Durable } else { Level::Written };
    book.check(Checker::Waits, receipt.level == asked, || {
        format!("{asked:?} was asked for, and the receipt is {receipt:?}: {notes:?}")
    })
}

/// Enters a transaction that was done; when its answer may leave.
fn enter(
    desk: &mut Desk<'_>,
    (number, program): (usize, &Program),
    notes: &Notes,
    answered: Answered,
    receipt: Receipt,
) -> Result<Due, Violation> {
    match answered {
        Answered::Refused(code) => {
            if let Some(kept_quiet) = receipt.commit {
                desk.book.pass_over(kept_quiet);
            }
            refused(desk, (number, program), notes, code, receipt)
        }
        Answered::Done(answer) => {
            desk.trace.note(format_args!("{number} did {receipt:?} {answer:?}"));
            desk.enter_lock(program, answer.lock, receipt.commit)?;
            let act = desk.book.done((number, program), notes, answer, receipt)?;
            let Receipt { after, level, .. } = planted::due(desk.planted, receipt, notes);
            Ok(Due { act, ending: Ending::Done, after, level })
        }
    }
}

/// Enters a transaction that was refused; when its answer may leave.
fn refused(
    desk: &mut Desk<'_>,
    whose: (usize, &Program),
    notes: &Notes,
    code: &'static str,
    receipt: Receipt,
) -> Result<Due, Violation> {
    if code == LOCK_LOST {
        desk.enter_lock(whose.1, None, None)?;
    }
    let act = desk.book.refused(whose, notes, code, receipt.level)?;
    let Receipt { after, level, .. } = planted::due(desk.planted, receipt, notes);
    Ok(Due { act, ending: Ending::Refused(code), after, level })
}

/// A transaction is done; checks what that means for what is watched.
fn keep_vigil(errand: Errand, vigil: Option<&mut Vigil>, book: &Book) -> Result<(), Violation> {
    match (errand, vigil) {
        (Errand::Watch, Some(vigil)) => vigil.look(book),
        (Errand::Exec, Some(vigil)) => vigil.check_unchanged(book)?,
        _ => {}
    }
    Ok(())
}
