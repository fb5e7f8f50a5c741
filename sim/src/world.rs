//! A store, its clients and its machine, moved one step at a time by a scheduler that draws from a
//! seed.
//!
//! One thread, no clock of the machine, no draw but from the seed: the same seed is the same history.

use std::sync::Arc;
use std::time::Duration;

use base::rng::SplitMix64;
use base::{Clock as _, Namespace, Observer, Sequence, StoreTime, Tenant};
use kv::{Durability, Handle, Level};
use log::medium::{Fault, Free, Operation, Outcome};

use crate::book::{Book, End};
use crate::client::bank::{Business, Numbers, Teller};
use crate::client::lists::{self, Follower, Guardian, Lister};
use crate::client::locks::Holder;
use crate::client::shelves::{Hoarder, Keeper, Sleeper, Walker};
use crate::client::{Client, Program};
use crate::clock::MachineClock;
use crate::ground::{DuringSync, Ground, Opened, Shut};
use crate::notes::{DURABLE, Key, RELAXED};
use crate::planted::Planted;
use crate::scenario::{Setup, Trouble};
use crate::session::{Desk, Guest, Session};
use crate::stripes::Stripes;
use crate::tally::Tally;
use crate::trace::Trace;
use crate::violation::{Checker, Violation};

mod crash;
mod torn;

/// Whom everything belongs to.
const TENANT: Tenant = Tenant(1);

/// Everything that is under way must have come to an end after so many steps.
const DRAIN_STEPS: u64 = 200_000;

/// A hand that goes round all stripes once comes to about so many steps.
const EVICTOR_STEPS: u64 = 1100;

/// How far the store said that it had come.
#[derive(Clone, Copy, Debug, Default)]
struct Marks {
    queued: Sequence,
    written: Sequence,
    durable: Sequence,
    applied: Sequence,
    /// Where the log ended when it was opened, and the first sequence after that.
    opened: (Sequence, Sequence),
}

impl Marks {
    fn of(running: &Opened) -> Self {
        let store = &running.store;
        let opened = (running.recovered.last, running.recovered.next);
        let marks = store.watermarks();
        let [written, durable, applied] =
            [Level::Written, Level::Durable, Level::Applied].map(|level| marks.at(level));
        Self { queued: marks.queued(), written, durable, applied, opened }
    }

    /// What must be there after such an end.
    fn promised(&self, end: End) -> Sequence {
        let mark = match end {
            End::PowerCut => self.durable,
            End::Kill => self.written,
            End::Stop => self.queued,
        };
        let (last, next) = self.opened;
        if mark < next { last } else { mark }
    }
}

/// An open store, and what surrounds it.
struct Running {
    opened: Opened,
    handles: [Handle; 2],
    during_sync: Option<DuringSync>,
    marks: Marks,
    /// Store time at the open, and the time that had really passed.
    began: (StoreTime, Duration),
}

/// See the module's description.
pub struct World {
    setup: Setup,
    rng: SplitMix64,
    trace: Trace,
    clock: Arc<MachineClock>,
    tally: Arc<Tally>,
    ground: Ground,
    running: Option<Running>,
    sessions: Vec<Session>,
    book: Book,
    stripes: Stripes,
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("World").field("setup", &self.setup).finish_non_exhaustive()
    }
}

fn shut(shut: &Shut) -> Violation {
    let what = format!("the store does not open: {:?}, {}", shut.kind, shut.what);
    Violation { checker: Checker::Opens, what }
}

impl World {
    /// A new store with its namespaces and its bank, and clients who have asked for nothing yet.
    pub fn found(
        setup: Setup,
        seed: u64,
        trace: Trace,
        tally: Arc<Tally>,
        only: &[Checker],
    ) -> anyhow::Result<Result<Self, Violation>> {
        let mut rng = SplitMix64::new(seed ^ u64::from(setup.scenario) << 32);
        let bounds = setup.bounds(&mut rng);
        let lsm = setup.has(Trouble::Files);
        let ground = Ground::new(rng.draw(), bounds, lsm, setup.planted)?;
        let clock = Arc::new(MachineClock::default());
        if setup.has(Trouble::ClockJump) {
            // A tenth at most, either way.
            let thousandths = i64::try_from(rng.below(201)).unwrap_or(0) - 100;
            clock.drift(thousandths);
            trace.note(format_args!("the wall clock drifts by {thousandths} thousandths"));
        }
        if matches!(setup.planted, Some(Planted::WallForMonotonic | Planted::LeasesByTheWall)) {
            clock.confuse();
        }
        let book = Book::new(Arc::clone(&tally), only);
        let (running, sessions, stripes) = (None, Vec::new(), Stripes::default());
        let mut world =
            Self { setup, rng, trace, clock, tally, ground, running, sessions, book, stripes };
        Ok(world.begin().map(|()| world))
    }

    fn begin(&mut self) -> Result<(), Violation> {
        // The relaxed namespace is made by an open whose new namespaces are relaxed.
        let opened = self.open_once(Durability::Relaxed).map_err(|found| shut(&found))?;
        let _relaxed = opened.store.namespace(TENANT, Namespace(RELAXED));
        for name in ["log-writer", "log-syncer", "applier"] {
            self.step_worker_of(&opened, name);
        }
        let closed = opened.store.close();
        self.book.check(Checker::Opens, closed.is_ok(), || format!("a stop failed: {closed:?}"))?;
        drop(opened);
        self.ground = self.ground.after(self.ground.medium.kill());
        self.open(Durability::Durable)?;
        let Some(running) = &self.running else { return Ok(()) };
        for _ in 0..20 {
            self.step_worker_of(&running.opened, "log-upkeep");
        }
        self.stripes = Stripes::probe(&running.opened.store, &running.handles, &lists::all());
        let (numbers, lister) = (Numbers::default(), Lister::default());
        let [tellers, listers, keepers] = self.setup.clients;
        let flushes = self.setup.has(Trouble::Flush);
        let mut clients: Vec<Box<dyn Client>> = Vec::new();
        clients.extend((0..tellers).map(|_| Box::new(Teller::new(&numbers)) as Box<dyn Client>));
        clients.extend((0..listers).map(|_| Box::new(lister.clone()) as Box<dyn Client>));
        clients.extend((0..keepers).map(|_| Box::new(Keeper { flushes }) as Box<dyn Client>));
        let tokens = &self.book.leases.tokens;
        let holders = (0..self.setup.holders).map(|number| Holder::new(number, tokens));
        clients.extend(holders.map(|holder| Box::new(holder) as Box<dyn Client>));
        for _ in 0..self.setup.onlookers {
            clients.push(Box::new(Walker));
            clients.push(Box::new(Sleeper::default()));
        }
        for _ in 0..self.setup.onlookers.min(listers) {
            clients.push(Box::new(Guardian::new(&lister)));
            clients.push(Box::new(Follower::new(&lister, false)));
            clients.push(Box::new(Follower::new(&lister, true)));
        }
        if self.setup.has(Trouble::Huge) {
            clients.extend((0..5).map(|_| Box::new(Hoarder) as Box<dyn Client>));
        }
        let sessions = clients.into_iter().enumerate();
        self.sessions = sessions.map(|(number, client)| Session::new(number, client)).collect();
        if tellers > 0 {
            self.desk(0, |session, desk| session.ask(desk, Program::Bank(Business::Open)));
        }
        // The namespaces too: were they lost, they would be made again with other spaces.
        self.drain()
    }

    fn open_once(&self, durability: Durability) -> Result<Opened, Shut> {
        let observer = Arc::clone(&self.tally) as Arc<dyn Observer>;
        self.ground.open(durability, &self.clock, &observer)
    }

    fn open(&mut self, durability: Durability) -> Result<(), Violation> {
        let opened = self.open_once(durability).map_err(|found| shut(&found))?;
        self.start(opened)
    }

    fn start(&mut self, opened: Opened) -> Result<(), Violation> {
        self.trace.note(format_args!("opened: {:?}", opened.recovered));
        let handle = |number| opened.store.namespace(TENANT, Namespace(number));
        let (durable, relaxed) = match (handle(DURABLE), handle(RELAXED)) {
            (Ok(durable), Ok(relaxed)) => (durable, relaxed),
            (Err(refusal), _) | (_, Err(refusal)) => {
                let what = format!("a namespace is refused: {refusal:?}");
                return Err(Violation { checker: Checker::Opens, what });
            }
        };
        let marks = Marks::of(&opened);
        self.book.opened(marks.queued.next())?;
        let began = (opened.store.now(), self.clock.elapsed());
        let mut during_sync = None;
        if let Some((_, writer)) = opened.workers.iter().find(|(name, _)| *name == "log-writer") {
            let seed = self.rng.draw();
            let watch = DuringSync::watch(
                &self.ground.medium,
                Arc::clone(writer),
                &self.clock,
                &self.trace,
                seed,
            );
            during_sync = Some(watch);
        }
        self.running =
            Some(Running { opened, handles: [durable, relaxed], during_sync, marks, began });
        self.lie();
        Ok(())
    }

    /// Plants what a medium can do wrong.
    fn lie(&mut self) {
        let medium = &self.ground.medium;
        let lie = |operation, nth, times| {
            medium.inject(Fault { operation, nth, times, outcome: Outcome::Lie });
        };
        match self.setup.planted {
            Some(Planted::SyncDoesNothing) => lie(Operation::Sync, 1, u64::MAX),
            Some(Planted::WriteDropped) => lie(Operation::Write, 20 + self.rng.below(200), 1),
            _ => {}
        }
    }

    /// Moves on by one step.
    pub fn step(&mut self) -> Result<(), Violation> {
        let draw = self.rng.below(100);
        match draw {
            0..=49 => self.step_client()?,
            50..=91 => self.step_worker(),
            92..=97 => self.pass_time(),
            _ => self.change_time(),
        }
        // First, with the marks that were there when the power was cut.
        if self.was_cut()? {
            return Ok(());
        }
        self.watch_marks()?;
        self.watch_time()?;
        self.maybe_crash()
    }

    fn step_client(&mut self) -> Result<(), Violation> {
        let mut draw = || usize::try_from(self.rng.below(self.sessions.len() as u64)).unwrap_or(0);
        let (first, second) = (draw(), draw());
        // Who was kept waiting is often slow, and meets others' locks again.
        let slow =
            self.sessions.get(first).is_some_and(|host| host.may_be_guest() && host.blocked() > 0);
        let host = if slow && !self.rng.one_in(4) { second } else { first };
        self.step_session(host, true)
    }

    fn step_session(&mut self, host: usize, fresh: bool) -> Result<(), Violation> {
        let guest = self.choose_guest();
        let after = usize::try_from(1 + self.rng.below(6)).unwrap_or(1);
        let [host, guest] = match self.sessions.get_disjoint_mut([host, guest]) {
            Ok([host, guest]) => [Some(host), Some(guest)],
            Err(_same) => [self.sessions.get_mut(host), None],
        };
        let (Some(host), Some(running)) = (host, &self.running) else { return Ok(()) };
        let apart = |held: &[Key], named: &[Key]| self.stripes.apart(held, named);
        // A flush gives the objects other locks, so that nobody knows any more who shares one.
        let may_meet = !self.setup.has(Trouble::Flush) && host.may_be_host();
        let guest = guest.filter(|guest| may_meet && guest.may_be_guest());
        let guest = guest.map(|session| Guest { session, after, apart: &apart });
        let mut desk = Desk {
            store: &running.opened.store,
            handles: &running.handles,
            book: &mut self.book,
            trace: &self.trace,
            clock: &self.clock,
            planted: self.setup.planted,
        };
        host.step(&mut desk, &mut self.rng, fresh, guest)
    }

    /// Anyone; half of the time, whoever has been kept waiting most often.
    fn choose_guest(&mut self) -> usize {
        let anyone = usize::try_from(self.rng.below(self.sessions.len() as u64)).unwrap_or(0);
        if self.rng.one_in(2) {
            return anyone;
        }
        let waiting =
            self.sessions.iter().enumerate().filter(|(_, session)| session.may_be_guest());
        waiting.max_by_key(|(_, session)| session.blocked()).map_or(anyone, |(at, _)| at)
    }

    fn desk(&mut self, session: usize, act: impl FnOnce(&mut Session, &mut Desk<'_>)) {
        let (Some(running), Some(session)) = (&self.running, self.sessions.get_mut(session)) else {
            return;
        };
        let mut desk = Desk {
            store: &running.opened.store,
            handles: &running.handles,
            book: &mut self.book,
            trace: &self.trace,
            clock: &self.clock,
            planted: self.setup.planted,
        };
        act(session, &mut desk);
    }

    fn step_worker(&mut self) {
        let Some(running) = &self.running else { return };
        let count = running.opened.workers.len() as u64;
        let at = usize::try_from(self.rng.below(count)).unwrap_or(0);
        let Some((name, _)) = running.opened.workers.get(at) else { return };
        // A step of the evictor passes over so little that only many of them come to anything.
        let steps = if *name == "evictor" && self.rng.one_in(8) { EVICTOR_STEPS } else { 1 };
        let before = self.tally.counts().of("evictions");
        for _ in 1..steps {
            for (_, worker) in running.opened.workers.iter().filter(|worker| worker.0 == *name) {
                worker.lock().step(self.clock.monotonic());
            }
        }
        self.trace.note(format_args!("evicted: {}", self.tally.counts().of("evictions") - before));
        self.step_worker_of(&running.opened, name);
    }

    fn step_worker_of(&self, opened: &Opened, name: &str) {
        for (_, worker) in opened.workers.iter().filter(|worker| worker.0 == name) {
            let next = worker.lock().step(self.clock.monotonic());
            self.trace.note(format_args!("{name}: {next:?}"));
        }
    }

    fn pass_time(&mut self) {
        let micros =
            if self.rng.one_in(20) { self.rng.below(2_000_000) } else { self.rng.below(5_000) };
        self.trace.note(format_args!("{micros} us pass"));
        self.clock.pass(Duration::from_micros(micros));
    }

    /// The wall clock jumps, or the disk fills, if that is what the scenario is about.
    fn change_time(&mut self) {
        if self.setup.has(Trouble::FullDisk) && self.rng.one_in(4) {
            let bytes = if self.rng.one_in(3) { 1 << 40 } else { 0 };
            self.trace.note(format_args!("{bytes} bytes of the disk are free"));
            self.ground.medium.set_free(Free { bytes, inodes: 1 << 20 });
        }
        let jump = 1 + self.rng.below(3_600_000).cast_signed();
        if self.setup.has(Trouble::ClockJump) && self.rng.one_in(10) {
            let jump = if self.rng.one_in(2) { jump } else { -jump };
            self.trace.note(format_args!("the wall clock jumps by {jump} ms"));
            self.tally.count("jumps of the wall clock");
            self.clock.jump(jump);
        }
    }

    fn watch_marks(&mut self) -> Result<(), Violation> {
        let Some(running) = &mut self.running else { return Ok(()) };
        let (was, is) = (running.marks, Marks::of(&running.opened));
        running.marks = is;
        // The store makes commits of its own: it sweeps and reclaims.
        self.tally
            .add("commits of the store's own", is.queued.0.saturating_sub(self.book.last().0));
        self.book.pass_over(is.queued);
        self.trace.note(format_args!("{} {} {} {}", is.queued, is.written, is.durable, is.applied));
        let ordered =
            is.queued >= is.written && is.written >= is.durable && is.written >= is.applied;
        let forward = is.queued >= was.queued
            && is.written >= was.written
            && is.durable >= was.durable
            && is.applied >= was.applied;
        self.book
            .check(Checker::Watermarks, ordered && forward, || format!("from {was:?} to {is:?}"))
    }

    /// Store time keeps pace with the time that has really passed, but for a hundredth.
    fn watch_time(&self) -> Result<(), Violation> {
        let Some(running) = &self.running else { return Ok(()) };
        let (then, passed) = running.began;
        let passed = self.clock.elapsed().saturating_sub(passed).as_millis();
        let counted = u128::from(running.opened.store.now().0.saturating_sub(then.0));
        let slack = passed / 100 + 2;
        let right = counted + slack >= passed && counted <= passed + slack;
        self.book.check(Checker::Time, right, || {
            format!("{passed} ms passed, the store counted {counted}")
        })
    }
}
