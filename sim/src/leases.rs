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
    /// How its holder named itself, by an empty name if it did not; none where that was not heard.
    owner: Option<String>,
    /// It was given back: nobody holds the lock until it is taken again.
    is_over: bool,
    /// Its time began last between these two, and is so long.
    from: (Duration, Duration),
    ttl_ms: u64,
}

impl Lease {
    /// Store time goes at most a hundredth too fast or too slow, is corrected by a millisecond at once, and counts
    /// whole ones.
    const SLACK_MS: u128 = 4;

    /// Whether it cannot have ended.
    fn surely_lasts(&self, now: Duration) -> bool {
        if self.is_over {
            return false;
        }
        let passed = now.saturating_sub(self.from.0).as_millis();
        passed + passed / 100 + Self::SLACK_MS < u128::from(self.ttl_ms)
    }

    /// Whether it must have ended for what was asked at that time.
    fn surely_ended(&self, asked: Duration) -> bool {
        if self.is_over {
            return true;
        }
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
    /// It was free, and is now held with the token of this commit; without one it cannot be.
    Taken(Option<Sequence>),
    /// It is held with this token, and whoever asks is its holder.
    Own(Sequence),
    /// It is held with this token.
    Held(Sequence),
    /// It is not held with this token.
    NotHeld(Sequence),
    /// Somebody else holds it.
    Busy,
}

impl Says {
    /// The token that it is held with.
    const fn held(self) -> Option<Sequence> {
        match self {
            Self::Taken(token) => token,
            Self::Own(token) | Self::Held(token) => Some(token),
            Self::NotHeld(_) | Self::Busy => None,
        }
    }
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
            Says::Own(_) => "locks that their holders asked for again",
            Says::Held(_) => "locks that were held",
            Says::NotHeld(_) => "holders who came too late",
            Says::Busy => "locks that others had",
        });
        if let Some(broken) = self.broken_by(errand, says, now) {
            let lease = self.leases.get(&errand.lock);
            let what = format!("{errand:?} at {now:?}: {says:?}, but of {lease:?} {broken}");
            return Err(Violation { checker: Checker::Leases, what });
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

    /// What an answer breaks of what is known of the lock.
    fn broken_by(&self, errand: &Errand, says: Says, now: Duration) -> Option<&'static str> {
        if matches!(says, Says::Taken(None)) {
            return Some("it was taken without a commit");
        }
        let lease = self.leases.get(&errand.lock)?;
        let is_owner = |owner: &str| {
            let known = lease.owner.as_ref();
            known.map(|known| !owner.is_empty() && owner == known)
        };
        match says {
            Says::Taken(token) if lease.surely_lasts(now) || token <= Some(lease.token) => {
                Some("it was taken from its holder")
            }
            Says::Own(token) | Says::Held(token) if token != lease.token => {
                Some("another holds it")
            }
            Says::Own(_) if is_owner(errand.owner()) == Some(false) => {
                Some("whoever asks is not its holder")
            }
            Says::Own(_) | Says::Held(_) if lease.surely_ended(errand.asked) => {
                Some("it has ended")
            }
            Says::Busy if lease.surely_ended(errand.asked) => {
                Some("it has ended, and nobody gets it")
            }
            Says::Busy if is_owner(errand.owner()) == Some(true) && lease.surely_lasts(now) => {
                Some("its holder is told that another has it")
            }
            Says::NotHeld(token) if token == lease.token && lease.surely_lasts(now) => {
                Some("its holder has lost it early")
            }
            _ => None,
        }
    }

    fn take_down(
        &mut self,
        errand: &Errand,
        says: Says,
        answered: Option<Answered>,
        now: Duration,
    ) {
        let (lock, from) = (errand.lock, (errand.asked, now));
        let held = says.held();
        match (&errand.what, held) {
            (Do::Acquire(ttl_ms, _) | Do::Renew(_, ttl_ms), Some(token)) => {
                let before = self.leases.remove(&lock).filter(|lease| lease.token == token);
                let named =
                    matches!(errand.what, Do::Acquire(..)).then(|| errand.owner().to_owned());
                let owner = before.and_then(|lease| lease.owner).or(named);
                let ttl_ms = *ttl_ms;
                self.leases.insert(lock, Lease { token, owner, is_over: false, from, ttl_ms });
            }
            (Do::Release(_), Some(_)) => {
                if let Some(lease) = self.leases.get_mut(&lock) {
                    lease.is_over = true;
                }
            }
            _ => {}
        }
        if let (Says::Taken(Some(token)), Some(_)) = (says, answered) {
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
            Acquired::Now => Some(Says::Taken(commit)),
            Acquired::Before(token) => token.map(Says::Own),
            Acquired::Not => Some(Says::Busy),
        },
        (Do::Renew(token, _), Some(Answered::Renewed(is)))
        | (Do::Release(token), Some(Answered::Released(is))) => held(token, is),
        (Do::Spend(token), Some(Answered::Spent(_))) => held(token, true),
        (Do::Spend(token), None) => held(token, false),
        _ => None,
    }
}
