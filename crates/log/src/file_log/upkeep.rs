//! What a log in files does beside its callers' work, one bounded piece at a time: idle frames, the
//! high-water file, filling segments in advance, dropping history.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use base::{Event, Kind, Monotonic};

use super::{FileLog, RESERVE_SEGMENTS};
use crate::error::Error;
use crate::frame::{self, FrameKind};
use crate::high_water::{HighWater, HighWaterFile};
use crate::log::Upkeep;
use crate::opening::{FILLING, Filling, remove_if_there};
use crate::segment;

/// The log counts as idle when nothing was written for so long.
const IDLE_AFTER: Duration = Duration::from_millis(5);
/// The high-water file is synced at most so often, but for the ends of segments.
const HIGH_WATER_EVERY: Duration = Duration::from_secs(1);
/// Filling is tried again after this long, then twice as long, up to the bound.
const RETRY_FIRST: Duration = Duration::from_millis(100);
const RETRY_MAX: Duration = Duration::from_secs(5);
/// That there is space again is told once it has lasted so long: where there is just enough for a segment now
/// and then, one line says that it is short.
const CALM: Duration = Duration::from_secs(10);
/// Segments that stand by: the reserve, and one to go on with.
const STANDBY: u64 = RESERVE_SEGMENTS + 1;
/// Segments are filled only while at least so many files can still be made.
const INODES_FREE_MIN: u64 = 16;

/// What upkeep remembers from piece to piece.
pub(super) struct State {
    high_water: HighWaterFile,
    high_water_at: Option<Monotonic>,
    /// How many segments had been begun when the high-water file was last written.
    rotations_noted: u64,
    frames_seen: u64,
    quiet_since: Option<Monotonic>,
    filling: Option<Filling>,
    retry: Option<Retry>,
    /// Whether it was told that space could not be taken, and when that was so for the last time.
    told: Option<Monotonic>,
}

#[derive(Clone, Copy)]
struct Retry {
    at: Monotonic,
    after: Duration,
}

impl State {
    pub(super) fn new(high_water: HighWaterFile) -> Self {
        Self {
            high_water,
            high_water_at: None,
            rotations_noted: 1,
            frames_seen: 0,
            quiet_since: None,
            filling: None,
            retry: None,
            told: None,
        }
    }
}

/// Why the next segment is not there.
enum Unfilled {
    /// There is no space, or no file, to be had; a sentence for the operator.
    Short(String),
    /// The log is poisoned: the disk did not do as it was told.
    Failed(Error),
}

impl FileLog {
    pub(super) fn one_piece(&self, state: &mut State, now: Monotonic) -> Result<Upkeep, Error> {
        if self.tail.lock().closed {
            return Ok(Upkeep::At(now + HIGH_WATER_EVERY));
        }
        let idle_at = self.idle(state, now)?;
        self.measure_free();
        if self.high_water_due(state, now) {
            self.keep_high_water(state)?;
            state.high_water_at = Some(now);
            return Ok(Upkeep::Again);
        }
        // First, as it is what gives space to fill.
        if self.drop_history(state)? {
            if self.exhausted.load(Ordering::Acquire) {
                // There may be space now.
                state.retry = None;
            }
            return Ok(Upkeep::Again);
        }
        self.tell_of_return(state, now);
        let standby = self.tail.lock().standby.len() as u64;
        let may_try = state.retry.is_none_or(|retry| now >= retry.at);
        if standby < STANDBY && may_try {
            self.fill(state, now)?;
            return Ok(Upkeep::Again);
        }
        let retry_at = state.retry.filter(|_| standby < STANDBY).map(|retry| retry.at);
        let high_water_at = state.high_water_at.map(|at| at + HIGH_WATER_EVERY);
        let due = [idle_at, retry_at, high_water_at.filter(|at| *at > now)];
        let next = due.into_iter().flatten().min().unwrap_or(now + HIGH_WATER_EVERY);
        Ok(Upkeep::At(next))
    }

    /// Writes an idle frame if the log has been quiet and no frame says yet how far it is durable.
    /// Returns when it may be due.
    fn idle(&self, state: &mut State, now: Monotonic) -> Result<Option<Monotonic>, Error> {
        let mut tail = self.tail.lock();
        if state.frames_seen != tail.frames {
            state.frames_seen = tail.frames;
            state.quiet_since = Some(now);
        }
        let durable = self.durable();
        let end = tail.end + frame::span(0);
        // Not worth a write that may fail: the high-water file says the same a little later.
        let has_place = end <= tail.filled || self.beyond.load(Ordering::Acquire) > 0;
        let fits = end <= tail.capacity && has_place;
        if tail.stated >= durable || !fits || tail.closed {
            return Ok(None);
        }
        let due = state.quiet_since.map_or(now, |since| since + IDLE_AFTER);
        if now < due {
            return Ok(Some(due));
        }
        let written = tail.write_mark(FrameKind::Idle, durable);
        written.map_err(|error| self.poison(&error))?;
        state.frames_seen = tail.frames;
        self.note_room(&tail);
        Ok(None)
    }

    fn high_water_due(&self, state: &State, now: Monotonic) -> bool {
        let tail = self.tail.lock();
        let changed = self.high_water(&tail) != state.high_water.state();
        let rested = state.high_water_at.is_none_or(|at| now >= at + HIGH_WATER_EVERY);
        changed && (rested || state.rotations_noted != tail.rotations)
    }

    fn high_water(&self, tail: &crate::tail::Tail) -> HighWater {
        let (oldest, generations) = (tail.oldest_needed(), tail.generations);
        HighWater { durable: self.durable(), oldest, generations }
    }

    /// Writes the high-water file, and syncs it.
    pub(super) fn keep_high_water(&self, state: &mut State) -> Result<(), Error> {
        let (high_water, rotations) = {
            let tail = self.tail.lock();
            (self.high_water(&tail), tail.rotations)
        };
        state.high_water.write(high_water).map_err(|error| self.poison(&error))?;
        state.rotations_noted = rotations;
        Ok(())
    }

    /// Fills a part of the next segment. That there is no space for it is no failure of the log: writers are
    /// refused for want of room until there is. A write or a sync that fails otherwise is one: the disk lies.
    fn fill(&self, state: &mut State, now: Monotonic) -> Result<(), Error> {
        match self.fill_step(state) {
            Ok(false) => {}
            Ok(true) => {
                state.retry = None;
                // Not before all are there that are to be: the next one might not be had.
                if self.tail.lock().standby.len() as u64 >= STANDBY {
                    self.exhausted.store(false, Ordering::Release);
                    *self.shortage.lock() = None;
                }
            }
            Err(Unfilled::Failed(error)) => return Err(error),
            Err(Unfilled::Short(reason)) => {
                state.filling = None;
                let _may_be_left_for_the_next_try = remove_if_there(&*self.medium, FILLING);
                let after = state.retry.map_or(RETRY_FIRST, |retry| retry.after);
                let later = (after * 2).min(RETRY_MAX);
                state.retry = Some(Retry { at: now + after, after: later });
                *self.shortage.lock() = Some(Arc::from(reason.as_str()));
                self.exhausted.store(true, Ordering::Release);
                if state.told.replace(now).is_none() {
                    self.observer.event(&Event::LogSpaceExhausted { reason });
                }
            }
        }
        Ok(())
    }

    fn tell_of_return(&self, state: &mut State, now: Monotonic) {
        if self.exhausted.load(Ordering::Acquire) {
            return;
        }
        if state.told.is_some_and(|failed| now >= failed + CALM) {
            state.told = None;
            self.observer.event(&Event::LogSpaceReturned);
        }
    }

    /// True when a segment was added to those that stand by.
    fn fill_step(&self, state: &mut State) -> Result<bool, Unfilled> {
        let described = |error: Error| {
            if matches!(error, Error::Poisoned { .. }) {
                return Unfilled::Failed(error);
            }
            let free = self.medium.free().map_or(0, |free| free.bytes);
            let (free, wanted) = (mib(free), mib(self.settings.segment_bytes));
            let place = self.medium.place();
            let source = std::error::Error::source(&error);
            let why = source.map_or_else(|| error.to_string(), ToString::to_string);
            Unfilled::Short(format!(
                "{free:.1} MiB are free on the disk of {place}, and {wanted:.1} MiB are wanted for the next segment of the log: {why}"
            ))
        };
        if state.filling.is_none() {
            self.check_free().map_err(Unfilled::Short)?;
            let filling = Filling::begin(&*self.medium, self.settings.segment_bytes);
            state.filling = Some(filling.map_err(described)?);
            return Ok(false);
        }
        let Some(filling) = &mut state.filling else { return Ok(false) };
        if !filling.step().map_err(|error| described(self.unless_full(error)))? {
            return Ok(false);
        }
        self.stand_by(filling).map_err(described)?;
        state.filling = None;
        Ok(true)
    }

    /// Takes note of what the disk has beyond what it is to keep free and the segments that are yet to
    /// stand by: so much may be appended without waiting for them. One segment more, for what is left
    /// behind at the end of one.
    pub(super) fn measure_free(&self) {
        let standby = self.tail.lock().standby.len() as u64;
        let segments = (STANDBY + 1).saturating_sub(standby);
        let kept = self.kept_free();
        let kept = kept.saturating_add(segments.saturating_mul(self.settings.segment_bytes));
        let beyond = match self.medium.free() {
            Ok(free) if free.inodes >= INODES_FREE_MIN => free.bytes.saturating_sub(kept),
            // That it cannot be asked shows, and is told, when the next segment is filled.
            Ok(_) | Err(_) => 0,
        };
        self.beyond.store(beyond, Ordering::Release);
    }

    fn check_free(&self) -> Result<(), String> {
        let free =
            self.medium.free().map_err(|error| format!("cannot ask for free space: {error}"))?;
        let wanted = self.kept_free().saturating_add(self.settings.segment_bytes);
        if free.bytes < wanted {
            return Err(format!(
                "{:.1} MiB are free on the disk of {}, and {:.1} MiB are wanted: {:.1} for the next segment of the log, {:.1} for flushes and compaction of the tables, {:.1} to stay free",
                mib(free.bytes),
                self.medium.place(),
                mib(wanted),
                mib(self.settings.segment_bytes),
                mib(self.left_free.load(Ordering::Relaxed)),
                mib(self.settings.disk_free_bytes_min),
            ));
        }
        if free.inodes < INODES_FREE_MIN {
            return Err(format!(
                "{} more files can be made on the disk of {}, and {INODES_FREE_MIN} are wanted",
                free.inodes,
                self.medium.place()
            ));
        }
        Ok(())
    }

    /// What is to stay free beside what the log takes.
    fn kept_free(&self) -> u64 {
        let others = self.left_free.load(Ordering::Relaxed);
        self.settings.disk_free_bytes_min.saturating_add(others)
    }

    /// A write or a sync that has failed poisons the log, unless it was for want of space.
    fn unless_full(&self, error: Error) -> Error {
        if error.kind() == Kind::Limit { error } else { self.poison(&error) }
    }

    /// Names what was filled, durably, and lets it stand by. Numbers rise along the log, so if appends
    /// have meanwhile gone on to a segment of a higher number, it gets a higher one still.
    fn stand_by(&self, filling: &Filling) -> Result<(), Error> {
        let mut from = FILLING.to_owned();
        loop {
            let number = {
                let mut tail = self.tail.lock();
                tail.next_number += 1;
                tail.next_number - 1
            };
            let segment = filling.become_segment(&*self.medium, &from, number)?;
            let synced = self.medium.sync().map_err(Error::io("sync", "the log's directory"));
            if let Err(error) = synced {
                // Else it would stay, and another after each try.
                let _may_be_left_for_the_next_open =
                    remove_if_there(&*self.medium, &segment::name(number));
                return Err(self.unless_full(error));
            }
            let mut tail = self.tail.lock();
            if tail.kept.back().is_none_or(|kept| kept.segment.number < number) {
                tail.standby.push_back(segment);
                self.note_room(&tail);
                return Ok(());
            }
            from = segment::name(number);
        }
    }

    /// Removes one segment that is not needed and over the bounds of history, which are nothing while
    /// the log lacks space. Only what the
    /// high-water file no longer names goes.
    fn drop_history(&self, state: &State) -> Result<bool, Error> {
        let (name, number) = {
            let mut tail = self.tail.lock();
            if tail.holds > 0 {
                return Ok(false);
            }
            let needed = tail.oldest_needed().min(state.high_water.state().oldest);
            let past = |number: &u64| *number < needed;
            let linked = tail.kept.iter().map(|kept| &kept.segment);
            let history = tail.unlinked.iter().chain(linked).filter(|old| past(&old.number));
            let bytes: u64 = history.map(|segment| segment.bytes).sum();
            let ended = tail.kept.get(1).map_or(tail.time, |next| next.beginning.time);
            let age_ms = tail.time.0.saturating_sub(ended.0);
            // Whoever writes needs the space more than whoever looks back.
            let over = self.exhausted.load(Ordering::Acquire)
                || bytes > self.settings.history_bytes
                || age_ms > self.settings.history_age_ms;
            let oldest = match tail.unlinked.front() {
                Some(segment) => Some(segment.number),
                None => tail.kept.front().map(|kept| kept.segment.number),
            };
            let Some(number) = oldest.filter(|number| over && past(number)) else {
                return Ok(false);
            };
            if tail.unlinked.pop_front().is_none() {
                tail.kept.pop_front();
            }
            (segment::name(number), number)
        };
        remove_if_there(&*self.medium, &name)?;
        self.observer.event(&Event::SegmentRemoved { segment: number });
        Ok(true)
    }
}

#[expect(clippy::cast_precision_loss, reason = "for a person to read")]
fn mib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}
