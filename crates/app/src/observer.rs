//! What the store tells, as log lines, a bar on a terminal, and figures for whoever asks.

use std::io::{IsTerminal, Write, stderr};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use base::{Clock, Event, Observer};
use tracing::{error, info, warn};

use crate::machine::MachineClock;

/// A line of progress is written at most this often where there is no terminal, in milliseconds.
const LINE_INTERVAL_MS: u64 = 1000;

/// The bar is drawn at most this often, in milliseconds.
const BAR_INTERVAL_MS: u64 = 100;

/// Receives the store's events.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    poisoned: AtomicBool,
    drawn_at_ms: AtomicU64,
    has_bar: AtomicBool,
}

impl Journal {
    /// Whether the log has failed: the process has to end.
    pub(crate) fn is_poisoned(&self) -> bool {
        self.poisoned.load(Ordering::Acquire)
    }

    fn progress(&self, bytes: u64, of: u64) {
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
                "\rrecovering [{:<25}] {percent:>3} %  {} of {} MiB{end}",
                "#".repeat(filled),
                mib(bytes),
                mib(of)
            )
        } else {
            writeln!(out, "recovering: {percent} %, {} of {} MiB", mib(bytes), mib(of))
        };
    }
}

impl Observer for Journal {
    fn event(&self, event: &Event) {
        match event {
            Event::RecoveryProgress { bytes, of } => self.progress(*bytes, *of),
            Event::TornTailDropped { file, offset, bytes, kept, copy } => {
                let copy = copy.as_deref().unwrap_or("none: the disk is full");
                warn!(%file, offset, bytes, %kept, %copy, "the log ended in an unfinished write, which nobody was told of: dropped");
            }
            // The log and the store may both have reason to tell of it: the first is the cause.
            Event::Poisoned { reason } if !self.poisoned.swap(true, Ordering::AcqRel) => {
                error!(%reason, "the log has failed: nothing more is acknowledged, and the process stops");
            }
            Event::LogSpaceExhausted { reason } => {
                error!(%reason, "no space for the log: writes are refused until there is");
            }
            Event::LogSpaceReturned => info!("there is space for the log again: writes are taken"),
            Event::TableWorkFailed { reason } => {
                warn!(%reason, "a flush or compaction failed and will be tried again");
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
            _ => {}
        }
    }
}
