//! The leases of locks, kept by the time that really passes, whatever the machine's wall clock says.
//!
//! Knows what holders asked and were answered, and nothing of rows, deadlines or store time. Where the store
//! opens anew its time may have gone on with the wall clock: of leases from before, nothing is expected.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use base::Sequence;
use coord::lock::Acquired;

use crate::client::locks::{Answered, Do, Errand, Tokens};
use crate::tally::Tally;
use crate::violation::{Checker, Violation};

/// A lease, as its holder may rely on it.
#[derive(Clone, Debug)]
struct Lease {
    token: Sequence,
    /// Its time began last between these two, and is so long.
    from: (Duration, Duration),
    ttl_ms: u64,
}

impl Lease {
    /// Store time goes at most a hundredth too fast or too slow, and counts milliseconds.
    const SLACK_MS: u128 = 2;

    /// Whether it cannot have ended.
    fn surely_lasts(&self, now: Duration) -> bool {
        let passed = now.saturating_sub(self.from.0).as_millis();
        passed + passed / 100 + Self::SLACK_MS < u128::from(self.ttl_ms)
    }

    /// Whether it must have ended for what was asked at that time.
    fn surely_ended(&self, asked: Duration) -> bool {
        let passed = asked.saturating_sub(self.from.1).as_millis();
        passed - passed / 100 > u128::from(self.ttl_ms) + Self::SLACK_MS
    }
}

/// See the module's description.
#[derive(Debug, Default)]
pub struct Leases {
    leases: BTreeMap<u64, Lease>,
    /// What holders know.
    pub tokens: Tokens,
}

/// What an answer says of a lock.
#[derive(Clone, Copy, Debug)]
enum Says {
    /// It was free, and is now held with this token.
    Taken(Sequence),
    /// It is held with this token.
    Held(Sequence),
    /// It is not held with this token.
    NotHeld(Sequence),
    /// Somebody holds it.
    Busy,
}

impl Leases {
    /// The store was opened anew.
    pub fn forget(&mut self) {
        self.leases.clear();
    }

    /// An errand was answered at a time; `answered` is none if it was refused, as [`Do::Spend`] is
    /// without the lock.
    ///
    /// # Errors
    /// What the answer breaks: a lease that ended early, or lasts too long, or a token that is not the latest.
    pub fn enter(
        &mut self,
        errand: &Errand,
        answered: Option<Answered>,
        commit: Option<Sequence>,
        now: Duration,
        tally: &Arc<Tally>,
    ) -> Result<(), Violation> {
        let Some(says) = says(&errand.what, answered, commit) else { return Ok(()) };
        tally.count(match says {
            Says::Taken(_) if self.leases.contains_key(&errand.lock) => {
                "locks taken after their end"
            }
            Says::Taken(_) => "locks taken",
            Says::Held(_) => "locks that were held",
            Says::NotHeld(_) => "holders who came too late",
            Says::Busy => "locks that others had",
        });
        if let Some(lease) = self.leases.get(&errand.lock) {
            let broken = match says {
                Says::Taken(token) if lease.surely_lasts(now) || token <= lease.token => {
                    Some("it was taken from its holder")
                }
                Says::Held(token) if token != lease.token => Some("another holds it"),
                Says::Held(_) if lease.surely_ended(errand.asked) => Some("it has ended"),
                Says::Busy if lease.surely_ended(errand.asked) => {
                    Some("it has ended, and nobody gets it")
                }
                Says::NotHeld(token) if token == lease.token && lease.surely_lasts(now) => {
                    Some("its holder has lost it early")
                }
                _ => None,
            };
            if let Some(broken) = broken {
                let what = format!("{errand:?} at {now:?}: {says:?}, but of {lease:?} {broken}");
                return Err(Violation { checker: Checker::Leases, what });
            }
        }
        if let (Says::Held(token), Some(Answered::Spent(Some(before)))) = (says, answered)
            && token.0 < before
        {
            let what = format!("{errand:?} was let in after the token {before}");
            return Err(Violation { checker: Checker::Guards, what });
        }
        self.take_down(errand, says, answered, now);
        Ok(())
    }

    fn take_down(
        &mut self,
        errand: &Errand,
        says: Says,
        answered: Option<Answered>,
        now: Duration,
    ) {
        let (lock, from) = (errand.lock, (errand.asked, now));
        match (&errand.what, says) {
            (
                Do::Acquire(ttl_ms, _) | Do::Renew(_, ttl_ms),
                Says::Taken(token) | Says::Held(token),
            ) => {
                self.leases.insert(lock, Lease { token, from, ttl_ms: *ttl_ms });
            }
            (Do::Release(_), Says::Held(_)) => drop(self.leases.remove(&lock)),
            _ => {}
        }
        if let (Says::Taken(token), Some(_)) = (says, answered) {
            self.tokens.learn(lock, token);
        }
    }
}

fn says(what: &Do, answered: Option<Answered>, commit: Option<Sequence>) -> Option<Says> {
    let held = |token: &Sequence, is: bool| {
        Some(if is { Says::Held(*token) } else { Says::NotHeld(*token) })
    };
    match (what, answered) {
        (Do::Acquire(..), Some(Answered::Acquired(acquired))) => match acquired {
            Acquired::Now => commit.map(Says::Taken),
            Acquired::Before(token) => token.map(Says::Held),
            Acquired::Not => Some(Says::Busy),
        },
        (Do::Renew(token, _), Some(Answered::Renewed(is)))
        | (Do::Release(token), Some(Answered::Released(is))) => held(token, is),
        (Do::Spend(token), Some(Answered::Spent(_))) => held(token, true),
        (Do::Spend(token), None) => held(token, false),
        _ => None,
    }
}
