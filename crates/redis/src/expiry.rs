//! When keys end: what the families of EXPIRE, TTL and SETEX have in common.
//!
//! A deadline that has passed when it is set removes the key at once.

use std::cmp::Ordering;

use base::StoreTime;
use kv::Object;

use crate::call::Call;
use crate::error::Error;
use crate::options::{TimeUnit, is};

const NX_AND_OTHERS: Error =
    Error::text("ERR NX and XX, GT or LT options at the same time are not compatible");
const GT_AND_LT: Error = Error::text("ERR GT and LT options at the same time are not compatible");

/// What TTL and its kin answer of a key that is not there.
const ABSENT: i64 = -2;

/// What they answer of a key that does not end.
const ENDLESS: i64 = -1;

/// On which conditions EXPIRE sets a deadline; all of them have to hold.
#[derive(Clone, Copy, Debug)]
struct Conditions {
    /// Whether there has to be a deadline already (`XX`) or must not be (`NX`).
    is_set: Option<bool>,
    /// How the new one has to compare with it: `Greater` (`GT`) or `Less` (`LT`).
    compares: Option<Ordering>,
}

impl Conditions {
    const WORDS: [&str; 4] = ["NX", "XX", "GT", "LT"];

    fn parse(call: &Call<'_, '_>) -> Result<Self, Error> {
        let mut given = [false; 4];
        for option in call.args.skip(3).iter() {
            let Some(at) = Self::WORDS.iter().position(|word| is(option, word)) else {
                let option = String::from_utf8_lossy(option);
                return Err(Error::Reply(format!("ERR Unsupported option {option}").into()));
            };
            given[at] = true;
        }
        let [nx, xx, gt, lt] = given;
        if nx && (xx || gt || lt) {
            return Err(NX_AND_OTHERS);
        }
        if gt && lt {
            return Err(GT_AND_LT);
        }
        let compares = if gt { Some(Ordering::Greater) } else { lt.then_some(Ordering::Less) };
        Ok(Self { is_set: (nx || xx).then_some(xx), compares })
    }

    /// Whether they hold for `new`. No deadline counts as one that never comes.
    fn hold(self, old: Option<StoreTime>, new: i64) -> bool {
        let never = i128::MAX;
        let than = old.map_or(never, |old| i128::from(old.0));
        self.is_set.is_none_or(|is_set| is_set == old.is_some())
            && self.compares.is_none_or(|compares| i128::from(new).cmp(&than) == compares)
    }
}

impl Call<'_, '_> {
    /// Carries out EXPIRE and its kin: `command key time [condition ...]`.
    pub(crate) fn expire(&mut self, unit: TimeUnit, command: &str) -> Result<(), Error> {
        let conditions = Conditions::parse(self)?;
        let moment = unit.moment(self.integer(2)?, self.txn.now(), command)?;
        let key = self.open(1)?;
        let header = self.txn.header(key);
        let is_set = header.is_some_and(|header| conditions.hold(header.deadline, moment));
        if is_set {
            // What lies before the epoch has passed as well as its first millisecond.
            self.end_at(key, StoreTime(u64::try_from(moment).unwrap_or(0)))?;
        }
        self.reply.integer(i64::from(is_set));
        Ok(())
    }

    /// Sets when a key ends, or removes it if that has passed.
    pub(crate) fn end_at(&mut self, key: Object, deadline: StoreTime) -> Result<(), Error> {
        if deadline > self.txn.now() {
            self.txn.set_deadline(key, Some(deadline))?;
        } else {
            self.txn.delete(key)?;
        }
        Ok(())
    }

    /// Answers when the key that is the first argument ends.
    pub(crate) fn reply_with_deadline(&mut self, unit: TimeUnit) -> Result<(), Error> {
        let key = self.open(1)?;
        let answer = match self.txn.header(key).map(|header| header.deadline) {
            None => ABSENT,
            Some(None) => ENDLESS,
            Some(Some(deadline)) => {
                let from = if unit.absolute { 0 } else { self.txn.now().0 };
                let millis = i64::try_from(deadline.0.saturating_sub(from)).unwrap_or(i64::MAX);
                // Rounded to the nearest.
                millis.saturating_add(unit.millis / 2) / unit.millis
            }
        };
        self.reply.integer(answer);
        Ok(())
    }

    /// Carries out SETEX and PSETEX: `command key time value`.
    pub(crate) fn set_with_expiry(&mut self, unit: TimeUnit, command: &str) -> Result<(), Error> {
        let deadline = unit.deadline(self.arg(2), self.txn.now(), command)?;
        let key = self.open(1)?;
        self.set_string(key, self.arg(3))?;
        self.txn.set_deadline(key, Some(deadline))?;
        self.reply.ok();
        Ok(())
    }
}
