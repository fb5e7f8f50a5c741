//! What the store tells, as log lines, a bar on a terminal, and figures for whoever asks.

use std::io::{IsTerminal, Write, stderr};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use base::{Clock, Event, Monotonic, Observer};
use parking_lot::Mutex;
use tokio::sync::watch;
use tracing::{error, info, warn};

use crate::machine::MachineClock;

/// A line of progress is written at most this often where there is no terminal, in milliseconds.
const LINE_INTERVAL_MS: u64 = 1000;

/// The bar is drawn at most this often, in milliseconds.
const BAR_INTERVAL_MS: u64 = 100;

/// Receives the store's events.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    /// Whether the log has failed.
    poisoned: watch::Sender<bool>,
    drawn_at_ms: AtomicU64,
    has_bar: AtomicBool,
    table_work: Mutex<Repeats>,
    malformed: Mutex<Repeats>,
    groups: Mutex<Repeats>,
}

/// The same kind of failure is told at most this often.
const TOLD_EVERY: Duration = Duration::from_mins(1);

/// So many kinds are told apart; the others are told each time.
const KINDS_MAX: usize = 16;

/// What fails again and again: told once a minute, with how often it was not told.
#[derive(Debug, Default)]
struct Repeats {
    kinds: Vec<(String, Monotonic, u64)>,
}

impl Repeats {
    /// Whether to tell of it, and how many of its kind were not told since the last one. A kind is what a
    /// reason says up to its first colon: what was tried, and where.
    fn tell(&mut self, reason: &str, now: Monotonic) -> Option<u64> {
        let kind = reason.split(':').next().unwrap_or_default();
        let Some((_, told, untold)) = self.kinds.iter_mut().find(|(known, ..)| known == kind)
        else {
            if self.kinds.len() < KINDS_MAX {
                self.kinds.push((kind.to_owned(), now, 0));
            }
            return Some(0);
        };
        if now < *told + TOLD_EVERY {
            *untold += 1;
            return None;
        }
        *told = now;
        Some(std::mem::take(untold))
    }
}

impl Journal {
    /// Whether the log has failed: the process has to end.
    pub(crate) fn is_poisoned(&self) -> bool {
        *self.poisoned.borrow()
    }

    /// Returns once the log has failed.
    pub(crate) async fn poisoned(&self) {
        // It fails only if the sender is gone, which is here.
        let mut poisoned = self.poisoned.subscribe();
        let _is_gone = poisoned.wait_for(|poisoned| *poisoned).await.is_err();
    }

    fn progress(&self, what: &str, bytes: u64, of: u64) {
        let now = u64::try_from(MachineClock.monotonic().as_millis()).unwrap_or(0);
        let is_terminal = stderr().is_terminal();
        let interval = if is_terminal { BAR_INTERVAL_MS } else { LINE_INTERVAL_MS };
        let done = bytes >= of;
        // What is over within an interval needs no progress.
        if self.drawn_at_ms.compare_exchange(0, now, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            return;
        }
        if now < self.drawn_at_ms.load(Ordering::Relaxed) + interval
            && !(done && self.has_bar.load(Ordering::Relaxed))
        {
            return;
        }
        self.drawn_at_ms.store(now, Ordering::Relaxed);
        let percent = bytes.saturating_mul(100) / of.max(1);
        let mib = |bytes: u64| bytes >> 20;
        let mut out = stderr().lock();
        // Progress is a courtesy: a closed stderr is no reason to stop.
        let _closed = if is_terminal {
            self.has_bar.store(!done, Ordering::Relaxed);
            let filled = usize::try_from(percent / 4).unwrap_or(25).min(25);
            let end = if done { "\n" } else { "" };
            write!(
                out,
                "\r{what} [{:<25}] {percent:>3} %  {} of {} MiB{end}",
                "#".repeat(filled),
                mib(bytes),
                mib(of)
            )
        } else {
            writeln!(out, "{what}: {percent} %, {} of {} MiB", mib(bytes), mib(of))
        };
    }
}

impl Observer for Journal {
    fn event(&self, event: &Event) {
        match event {
            Event::RecoveryProgress { bytes, of } => self.progress("recovering", *bytes, *of),
            Event::ReplayProgress { bytes, of } => self.progress("replaying", *bytes, *of),
            Event::TornTailDropped { file, offset, bytes, kept, copy } => {
                let copy = copy.as_deref().unwrap_or("none: the disk is full");
                warn!(%file, offset, bytes, %kept, %copy, "the log ended in an unfinished write, which nobody was told of: dropped");
            }
            // The log and the store may both have reason to tell of it: the first is the cause.
            Event::Poisoned { reason } if !self.poisoned.send_replace(true) => {
                error!(%reason, "the log has failed: nothing more is acknowledged, and the process stops");
            }
            Event::LogSpaceExhausted { reason } => {
                error!(%reason, "no space for the log: writes are refused until there is");
            }
            Event::LogSpaceReturned => info!("there is space for the log again: writes are taken"),
            Event::TableWorkFailed { reason } => {
                if let Some(untold) = self.table_work.lock().tell(reason, MachineClock.monotonic())
                {
                    warn!(%reason, untold, "a flush or compaction failed and will be tried again");
                }
            }
            Event::TableDamaged { file, reason } => {
                error!(%file, %reason, "a table is damaged: run `groundsill verify`, and restore the directory from a backup");
            }
            Event::ClockStep { skew_ms } => {
                warn!(
                    skew_ms,
                    "the wall clock and store time are apart; store time follows slowly"
                );
            }
            Event::ConnectionFailed { reason } => {
                error!(%reason, "a connection was ended by a defect of ours: please report it; the others go on");
            }
            Event::ConnectionStalled { left } => {
                warn!(
                    left,
                    "a client took nothing of its replies for too long: its connection was closed"
                );
            }
            Event::RequestMalformed { reason } => {
                let now = MachineClock.monotonic();
                if let Some(untold) = self.malformed.lock().tell(reason, now) {
                    warn!(%reason, untold, "a client sent what is no request: its connection was closed; does it speak TLS, or another protocol?");
                }
            }
            Event::GroupWanted { group } => {
                let now = MachineClock.monotonic();
                if let Some(untold) = self.groups.lock().tell("", now) {
                    info!(group = %group.escape_debug(), untold, "a Kafka client asked for its consumer group; consumer groups are not there yet: one that subscribes gets nothing, one that assigns partitions reads them");
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
