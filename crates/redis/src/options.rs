//! Options that several commands share.

use base::StoreTime;
use wire::resp::parse_i64;

use crate::error::Error;

/// How the time of an expiry is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TimeUnit {
    /// Milliseconds in one.
    pub(crate) millis: i64,
    /// Whether it counts from the Unix epoch, not from now.
    pub(crate) absolute: bool,
}

impl TimeUnit {
    /// Seconds from now.
    pub(crate) const SECONDS: Self = Self { millis: 1000, absolute: false };
    /// Milliseconds from now.
    pub(crate) const MILLISECONDS: Self = Self { millis: 1, absolute: false };
    /// Seconds since the Unix epoch.
    pub(crate) const UNIX_SECONDS: Self = Self { millis: 1000, absolute: true };
    /// Milliseconds since the Unix epoch.
    pub(crate) const UNIX_MILLISECONDS: Self = Self { millis: 1, absolute: true };

    /// The unit that an option of SET or GETEX names; `option` in any case of letters.
    pub(crate) fn of_option(option: &[u8]) -> Option<Self> {
        match option.to_ascii_uppercase().as_slice() {
            b"EX" => Some(Self::SECONDS),
            b"PX" => Some(Self::MILLISECONDS),
            b"EXAT" => Some(Self::UNIX_SECONDS),
            b"PXAT" => Some(Self::UNIX_MILLISECONDS),
            _ => None,
        }
    }

    /// The deadline that `text` stands for, where only a time after the epoch will do.
    pub(crate) fn deadline(
        self,
        text: &[u8],
        now: StoreTime,
        command: &str,
    ) -> Result<StoreTime, Error> {
        let count = parse_i64(text).ok_or(Error::NOT_AN_INTEGER)?;
        if count <= 0 {
            return Err(Error::invalid_expire(command));
        }
        Ok(StoreTime(self.moment(count, now, command)?.cast_unsigned()))
    }

    /// The time that `count` stands for, also one that has passed: milliseconds after the epoch, or
    /// before it.
    pub(crate) fn moment(self, count: i64, now: StoreTime, command: &str) -> Result<i64, Error> {
        let invalid = || Error::invalid_expire(command);
        let millis = count.checked_mul(self.millis).ok_or_else(invalid)?;
        let from = if self.absolute { 0 } else { i64::try_from(now.0).unwrap_or(i64::MAX) };
        from.checked_add(millis).ok_or_else(invalid)
    }
}

/// Whether `arg` is the word `word`, in any case of letters.
pub(crate) fn is(arg: &[u8], word: &str) -> bool {
    arg.eq_ignore_ascii_case(word.as_bytes())
}
