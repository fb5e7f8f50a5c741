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
    /// The unit that an option of SET or GETEX names; `option` in any case of letters.
    pub(crate) fn of_option(option: &[u8]) -> Option<Self> {
        let (millis, absolute) = match option.to_ascii_uppercase().as_slice() {
            b"EX" => (1000, false),
            b"PX" => (1, false),
            b"EXAT" => (1000, true),
            b"PXAT" => (1, true),
            _ => return None,
        };
        Some(Self { millis, absolute })
    }

    /// The deadline that `text` stands for, where only a time after the epoch will do.
    pub(crate) fn deadline(
        self,
        text: &[u8],
        now: StoreTime,
        command: &str,
    ) -> Result<StoreTime, Error> {
        let count = parse_i64(text).ok_or(Error::NOT_AN_INTEGER)?;
        let invalid = || Error::invalid_expire(command);
        if count <= 0 {
            return Err(invalid());
        }
        let millis = count.checked_mul(self.millis).ok_or_else(invalid)?;
        let from = if self.absolute { 0 } else { i64::try_from(now.0).unwrap_or(i64::MAX) };
        let at = from.checked_add(millis).ok_or_else(invalid)?;
        Ok(StoreTime(at.cast_unsigned()))
    }
}

/// Whether `arg` is the word `word`, in any case of letters.
pub(crate) fn is(arg: &[u8], word: &str) -> bool {
    arg.eq_ignore_ascii_case(word.as_bytes())
}
