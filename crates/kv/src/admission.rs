//! Whether a transaction may write: space in the log is taken before its closure runs, so that a full
//! disk refuses it cleanly, and what the tables cannot keep up with slows writers early and smoothly.

use std::sync::atomic::Ordering;
use std::time::Duration;

use log::Room;

use crate::error::Refusal;
use crate::plan::Work;
use crate::shard::Shard;
use crate::store::Store;
use crate::wait::Wait;

/// Bytes that are set aside for a transaction beside what it expects: header rows, index rows, counts, and what the
/// log hears of sessions with it.
pub(crate) const OVERHEAD_BYTES: usize = 8 * 1024;

/// Bytes that are set aside beside that for each object it names: its id, and most contents of one
/// row. What takes more is seen when it is queued, and set aside for another round.
const OBJECT_BYTES: usize = 2 * 1024;

/// What writes more has a part of the backlog only: where the tables fall behind because of large writes, small ones
/// need not wait with them, for seconds perhaps.
const SMALL_BYTES: usize = 64 * 1024;

/// And where many small ones keep the backlog above that, it has waited long enough after so many rounds, a
/// millisecond or two each.
const PATIENT_ROUNDS: u32 = 250;

/// Writers are delayed by at most this much, when the backlog is full.
const DELAY_MAX: Duration = Duration::from_millis(20);

/// What becomes of a transaction that wants to write.
#[derive(Debug)]
pub(crate) enum Admission {
    /// It may run.
    Granted,
    /// There will be, after this: it may run soon.
    Later(Wait),
    /// There is none to be had.
    Refused(Refusal),
}

impl Shard {
    /// Sets bytes of the log aside for one round; [`Shard::give_back`] ends it.
    pub(crate) fn admit(&self, work: &mut Work) -> Admission {
        let behind = self.backlog.bytes.load(Ordering::Relaxed) as u64 + self.queue.bytes();
        let need = work.bytes + OVERHEAD_BYTES + OBJECT_BYTES * work.named.len();
        let most = self.settings.backlog_bytes as u64;
        let room = self.log.room();
        // The tables do not catch up while their disk is full.
        let is_hopeless = work.grows && room.exhausted;
        let is_large = work.grows && work.bytes > SMALL_BYTES && work.rounds < PATIENT_ROUNDS;
        if behind > if is_large && !is_hopeless { most / 4 * 3 } else { most } {
            return if is_hopeless {
                self.refuse(room, need, true)
            } else {
                Admission::Later(Wait::Backlog)
            };
        }
        let reserved = self.reserved.fetch_add(need as u64, Ordering::AcqRel) + self.queue.bytes();
        work.reserved = need;
        let fits = if work.grows {
            room.admits(need as u64, reserved)
        } else {
            // Half of what is kept for removals is for those of clients.
            let left = if work.is_upkeep { room.reserve / 2 } else { 0 };
            room.admits_release(need as u64, reserved.saturating_add(left))
        };
        if fits {
            return Admission::Granted;
        }
        self.give_back(work);
        if room.refuses(need as u64) {
            return self.refuse(room, need, work.grows);
        }
        self.upkeep.raise();
        Admission::Later(Wait::LogRoom)
    }

    fn refuse(&self, room: Room, need: usize, grows: bool) -> Admission {
        let why = self.log.shortage().map_or_else(String::new, |why| format!(" ({why})"));
        Admission::Refused(refusal(room, need, grows, &why))
    }

    /// Gives back what was set aside: by now it is queued, and counted there, or not needed.
    pub(crate) fn give_back(&self, work: &mut Work) {
        let reserved = std::mem::take(&mut work.reserved);
        if reserved > 0 {
            self.reserved.fetch_sub(reserved as u64, Ordering::AcqRel);
        }
    }
}

/// Why a write of so many bytes of log, which grows the store or only gives back, will not fit.
fn refusal(room: Room, bytes: usize, grows: bool, why: &str) -> Refusal {
    Refusal::limit(match (room.exhausted, grows) {
        (true, true) => format!(
            "the disk has no space for the log: free some; until then writes are refused, reads and deletes go on{why}"
        ),
        (true, false) => format!(
            "the disk has no space for the log, and what is kept for deletes is used up: free some; until then only reads go on{why}"
        ),
        (false, _) => format!(
            "the disk has no space for {bytes} bytes of log at once: free some, or split it up{why}"
        ),
    })
}

impl Store {
    /// How long a writer has to hold back, before it takes any lock: nothing until the tables are half
    /// a backlog behind, then growing smoothly.
    pub fn write_delay(&self) -> Option<Duration> {
        let most = self.shard.settings.backlog_bytes.max(2);
        let over = self.shard.backlog.bytes.load(Ordering::Relaxed).checked_sub(most / 2)?;
        #[expect(clippy::cast_precision_loss, reason = "a share, where a few bytes do not matter")]
        let share = (over as f64 / (most / 2) as f64).min(1.0);
        Some(DELAY_MAX.mul_f64(share * share))
    }
}
