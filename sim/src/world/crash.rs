//! How a process ends, and what the next one finds.

use std::sync::Arc;
use std::time::Duration;

use base::{Kind, Observer, Sequence};
use kv::Durability;
use log::SimulatedMedium;
use log::frame;
use log::medium::{Fault, Free, Operation, Outcome};

use super::{DRAIN_STEPS, Marks, World, shut};
use crate::audit::{self, Inventory};
use crate::book::End;
use crate::check;
use crate::ground::{DuringSync, Ground, Opened};
use crate::scenario::Trouble;
use crate::session::Session;
use crate::violation::{Checker, Violation};

/// At most so many deaths in one recovery.
const DEATHS_MAX: u64 = 10;

impl World {
    /// Goes on with what is left, if the power was cut inside the last step.
    pub(super) fn was_cut(&mut self) -> Result<bool, Violation> {
        let during = self.running.as_ref().and_then(|running| running.during_sync.as_ref());
        let Some(left) = during.and_then(DuringSync::left) else { return Ok(false) };
        self.tally.count("power cuts inside a sync");
        self.crash(End::PowerCut, left)?;
        Ok(true)
    }

    /// Ends the process, if the draw says so or it has to end.
    pub(super) fn maybe_crash(&mut self) -> Result<(), Violation> {
        let Some(running) = &self.running else { return Ok(()) };
        let poisoned = running.opened.store.watermarks().is_poisoned();
        if self.ground.medium.halted() || poisoned && self.rng.one_in(20) {
            self.tally.count(if poisoned { "ends of a poisoned store" } else { "halts" });
            return self.crash_now();
        }
        if poisoned || !self.rng.one_in(self.setup.crash_every) {
            return Ok(());
        }
        match self.rng.below(8) {
            0 if self.setup.has(Trouble::Torn) => self.tear_acknowledged(),
            1..=5 if self.setup.has(Trouble::Torn) => self.tear(),
            2 | 3 => {
                let operations = self.rng.below(12);
                self.trace.note(format_args!("the process is to end in {operations} operations"));
                self.ground.medium.halt_after(operations);
                Ok(())
            }
            4 if self.setup.has(Trouble::PowerCut) => {
                let seed = self.rng.draw();
                self.trace.note(format_args!("the power is to be cut in a sync"));
                running.during_sync.iter().for_each(|during| during.cut_power(seed));
                Ok(())
            }
            5 if self.setup.has(Trouble::FailingSync) => {
                self.tally.count("failing syncs");
                let fault =
                    Fault { operation: Operation::Sync, nth: 1, times: 1, outcome: Outcome::Fail };
                self.ground.medium.inject(fault);
                Ok(())
            }
            6 if self.setup.has(Trouble::Stop) => {
                self.drain()?;
                if self.is_failing() { Ok(()) } else { self.stop() }
            }
            7 if self.setup.has(Trouble::Rot) => {
                self.rest()?;
                let quiet = self.running.as_ref().map(|running| running.marks.promised(End::Kill));
                if !self.is_failing() {
                    self.tally.count("rot at rest");
                    self.rot(quiet)?;
                }
                Ok(())
            }
            _ => self.crash_now(),
        }
    }

    /// Lets everything come to its end, and the log to rest: it says twice how far it is durable.
    pub(super) fn rest(&mut self) -> Result<(), Violation> {
        self.drain()?;
        for _ in 0..8 {
            self.clock.pass(Duration::from_millis(700));
            let Some(running) = &self.running else { return Ok(()) };
            for name in ["log-upkeep", "log-upkeep", "log-upkeep", "log-syncer"] {
                self.step_worker_of(&running.opened, name);
            }
            self.watch_marks()?;
        }
        Ok(())
    }

    /// Ends the process at once, in one of the ways that the scenario has.
    fn crash_now(&mut self) -> Result<(), Violation> {
        let cut = self.setup.has(Trouble::PowerCut)
            && (!self.setup.has(Trouble::Kill) || self.rng.one_in(2));
        if cut {
            let seed = self.rng.draw();
            self.crash(End::PowerCut, self.ground.medium.crash(seed))
        } else {
            self.crash(End::Kill, self.ground.medium.kill())
        }
    }

    /// Ends the process cleanly. Nothing is under way.
    fn stop(&mut self) -> Result<(), Violation> {
        let Some(running) = &self.running else { return Ok(()) };
        let closed = running.opened.store.close();
        if self.ground.medium.halted() {
            return self.crash_now();
        }
        self.book.check(Checker::Opens, closed.is_ok(), || format!("a stop failed: {closed:?}"))?;
        self.tally.count("clean stops");
        let seed = self.rng.draw();
        let left = if self.setup.has(Trouble::PowerCut) {
            self.ground.medium.crash(seed)
        } else {
            self.ground.medium.kill()
        };
        self.crash(End::Stop, left)
    }

    /// The process has ended, and `left` is what it left. Goes on with a new one.
    pub(super) fn crash(&mut self, end: End, left: SimulatedMedium) -> Result<(), Violation> {
        self.trace.note(format_args!("{end:?}"));
        self.tally.count(match end {
            End::PowerCut => "power cuts",
            End::Kill => "kills",
            End::Stop => "stops",
        });
        self.sessions.iter_mut().for_each(Session::cut_off);
        let Some(running) = self.running.take() else { return Ok(()) };
        let marks = running.marks;
        let owed = running.opened.store.figures().owed.get();
        self.tally.add("ends while something is reclaimed", u64::from(owed > 0));
        let sealed = running.opened.tables.stats().sealed;
        self.tally.add("ends while a memtable waits for its flush", u64::from(sealed > 0));
        if let Some(during) = &running.during_sync {
            self.tally.add("writes inside a sync", during.steps());
        }
        drop(running);
        // Whoever starts it again has made room.
        left.set_free(Free { bytes: 1 << 40, inodes: 1 << 20 });
        self.ground = self.ground.after(left);
        self.rot(None)?;
        let (opened, end) = self.recover(end)?;
        self.tally.count("recoveries");
        let kept = opened.recovered.last;
        let promised = marks.promised(end);
        self.book.check(Checker::Watermarks, kept >= promised, || {
            format!("after {end:?} the log ends at {kept}, and {promised} was promised: {marks:?}")
        })?;
        self.book.crashed(end, kept)?;
        self.start(opened)?;
        self.audit_copy()?;
        Ok(())
    }

    /// Opens what is left; in some scenarios the process dies again and again while it does. Also
    /// says how the worst of it ended.
    fn recover(&mut self, mut end: End) -> Result<(Opened, End), Violation> {
        let mut deaths = if self.setup.has(Trouble::DeathInRecovery) && end != End::Stop {
            self.rng.below(DEATHS_MAX + 1)
        } else {
            0
        };
        while deaths > 0 {
            deaths -= 1;
            self.ground.medium.halt_after(self.rng.below(30));
            let opened = self.open_once(Durability::Durable);
            if !self.ground.medium.halted() {
                break;
            }
            drop(opened);
            self.tally.count("deaths in recovery");
            let seed = self.rng.draw();
            let power = self.setup.has(Trouble::PowerCut) && self.rng.one_in(2);
            if power {
                end = End::PowerCut;
            }
            let medium = &self.ground.medium;
            let left = if power { medium.crash(seed) } else { medium.kill() };
            self.ground = self.ground.after(left);
        }
        self.ground = self.ground.after(self.ground.medium.kill());
        Ok((self.open_once(Durability::Durable).map_err(|found| shut(&found))?, end))
    }

    /// Opens a copy of what there is, and reads everything in it.
    pub(super) fn audit_copy(&mut self) -> Result<Inventory, Violation> {
        let Some(running) = &self.running else { return Ok(Inventory::default()) };
        if self.ground.has_files() {
            return audit::audit(&running.opened.store, &running.handles, &self.book);
        }
        let copy = self.ground.after(self.ground.medium.kill());
        let opened = self.open_copy(&copy).map_err(|found| shut(&found))?;
        let inventory = self.audit_of(&opened)?;
        check::money::check(&inventory, &self.book)?;
        Ok(inventory)
    }

    pub(super) fn open_copy(&self, copy: &Ground) -> Result<Opened, crate::ground::Shut> {
        let observer: Arc<dyn Observer> = Arc::new(|_: &base::Event| {});
        copy.open(Durability::Durable, &self.clock, &observer)
    }

    fn audit_of(&self, opened: &Opened) -> Result<Inventory, Violation> {
        let handle = |number| opened.store.namespace(super::TENANT, base::Namespace(number));
        let (Ok(durable), Ok(relaxed)) =
            (handle(crate::notes::DURABLE), handle(crate::notes::RELAXED))
        else {
            let what = "a namespace is refused".to_owned();
            return Err(Violation { checker: Checker::Opens, what });
        };
        let inventory = audit::audit(&opened.store, &[durable, relaxed], &self.book)?;
        audit::count_keys(&*opened.tables, &self.book, opened.store.now())?;
        Ok(inventory)
    }

    /// Spoils copies of the log. One that opens has lost nothing that other bytes vouch for; where
    /// these are not told, they are looked for in the frames that are left.
    fn rot(&mut self, vouched: Option<Sequence>) -> Result<(), Violation> {
        if !self.setup.has(Trouble::Rot) {
            return Ok(());
        }
        for _ in 0..3 {
            let copy = self.ground.after(self.ground.medium.kill());
            let Some(place) = self.spoil(&copy) else { return Ok(()) };
            let vouched = vouched.unwrap_or_else(|| vouched_by_frames(&copy));
            match self.open_copy(&copy) {
                Ok(opened) => {
                    let kept = opened.recovered.last;
                    self.tally.count("rot: opened");
                    self.book.check(Checker::Acknowledged, kept >= vouched, || {
                        format!(
                            "with {place} spoilt the log ends at {kept}, and {vouched} was durable"
                        )
                    })?;
                }
                Err(shut) => {
                    self.tally.count("rot: refused");
                    self.trace.note(format_args!("{place} spoilt: {}", shut.what));
                    let loud = shut.kind == Kind::Corrupt && shut.what.contains("damaged");
                    self.book
                        .check(Checker::Opens, loud, || format!("with {place} spoilt: {shut:?}"))?;
                }
            }
        }
        Ok(())
    }

    /// Flips a bit or zeroes a page within the frames of the log; says where.
    fn spoil(&mut self, copy: &Ground) -> Option<String> {
        let names = log::Medium::list(&copy.medium).ok()?;
        let segments: Vec<String> =
            names.into_iter().filter(|name| name.ends_with("seg")).collect();
        let name = segments.get(usize::try_from(self.rng.below(segments.len() as u64)).ok()?)?;
        let end = written_end(&copy.medium.bytes(name)?);
        let at = self.rng.below(end.max(1));
        if self.rng.one_in(2) {
            let bit = u8::try_from(self.rng.below(8)).unwrap_or(0);
            copy.medium.flip_bit(name, at, bit);
            Some(format!("bit {bit} of byte {at} of {name}"))
        } else {
            let page = at / 4096 * 4096;
            let len = copy.medium.bytes(name)?.len() as u64 - page;
            copy.medium.zero(name, page, len.min(4096));
            Some(format!("the page at {page} of {name}"))
        }
    }

    /// Whether the process can only end.
    pub(super) fn is_failing(&self) -> bool {
        let poisoned = |running: &super::Running| running.opened.store.watermarks().is_poisoned();
        self.ground.medium.halted() || self.running.as_ref().is_some_and(poisoned)
    }

    /// Lets everything that is under way come to its end.
    pub(super) fn drain(&mut self) -> Result<(), Violation> {
        self.ground.medium.set_free(Free { bytes: 1 << 40, inodes: 1 << 20 });
        for _ in 0..DRAIN_STEPS {
            if self.is_failing() {
                return Ok(());
            }
            let marks = self.running.as_ref().map_or(Marks::default(), |running| running.marks);
            let settled = marks.durable >= marks.queued && marks.applied >= marks.queued;
            if settled && self.sessions.iter().all(Session::is_idle) {
                return Ok(());
            }
            match self.rng.below(8) {
                0..=3 => {
                    let at =
                        usize::try_from(self.rng.below(self.sessions.len() as u64)).unwrap_or(0);
                    self.step_session(at, false)?;
                }
                4..=6 => self.step_worker(),
                _ => self.pass_time(),
            }
            if !self.was_cut()? {
                self.watch_marks()?;
            }
        }
        let left = self.sessions.iter().find(|session| !session.is_idle());
        self.book
            .check(Checker::Progress, false, || format!("no end in {DRAIN_STEPS} steps: {left:?}"))
    }

    /// Ends the run: everything comes to its end, is read, survives a last crash, and is read again.
    pub fn finish(&mut self) -> Result<(), Violation> {
        self.drain()?;
        if self.is_failing() {
            self.crash_now()?;
            self.drain()?;
        }
        if let Some(running) = &self.running {
            let inventory = audit::audit(&running.opened.store, &running.handles, &self.book)?;
            check::money::check(&inventory, &self.book)?;
        }
        for _ in 0..20 {
            self.clock.pass(Duration::from_millis(10));
            self.step_worker();
        }
        self.crash_now()?;
        let inventory = self.audit_copy()?;
        check::money::check(&inventory, &self.book)?;
        check::order::check(&inventory, &self.book)
    }
}

/// The sound frames of a segment, each with where it begins.
pub(super) fn sound(bytes: &[u8]) -> impl Iterator<Item = (u64, frame::Header)> {
    let sectors = (0..bytes.len()).step_by(frame::SECTOR_BYTES);
    sectors.filter_map(|at| Some((at as u64, frame::decode(bytes.get(at..)?).ok()?.0)))
}

/// Where in a segment the last frame ends.
fn written_end(bytes: &[u8]) -> u64 {
    sound(bytes).last().map_or(0, |(at, header)| at + header.span())
}

/// How far the log was durable, as its sound frames say.
fn vouched_by_frames(ground: &Ground) -> Sequence {
    let names = log::Medium::list(&ground.medium).unwrap_or_default();
    let segments = names.iter().filter_map(|name| ground.medium.bytes(name));
    let stated = segments.map(|bytes| sound(&bytes).map(|(_, header)| header.durable).max());
    stated.flatten().max().unwrap_or_default()
}
