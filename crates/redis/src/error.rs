//! How a command fails: with an error reply of its own, or with its whole transaction.

use std::borrow::Cow;

use kv::{Refusal, Stop};

/// Why a command did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// The command answers this error; the rest of its transaction stands. The text begins with a code,
    /// as on the wire.
    Reply(Cow<'static, str>),
    /// The transaction ends: it is run again, or refused as a whole.
    Stop(Stop),
}

impl Error {
    /// The object is of another type than the command is for.
    pub const WRONG_TYPE: Self =
        Self::text("WRONGTYPE Operation against a key holding the wrong kind of value");
    /// The arguments do not follow the command's syntax.
    pub const SYNTAX: Self = Self::text("ERR syntax error");
    /// An argument or a value is no 64-bit integer.
    pub const NOT_AN_INTEGER: Self = Self::text("ERR value is not an integer or out of range");
    /// An argument or a value is no number.
    pub const NOT_A_FLOAT: Self = Self::text("ERR value is not a valid float");
    /// A string would become longer than a value may be.
    pub const STRING_TOO_LONG: Self =
        Self::text("ERR string exceeds maximum allowed size (proto-max-bulk-len)");
    /// There is no database of the number that was given.
    pub const NO_SUCH_DATABASE: Self = Self::text("ERR DB index is out of range");
    /// There is no key of the name that was given.
    pub const NO_SUCH_KEY: Self = Self::text("ERR no such key");

    /// An error reply whose text is known beforehand.
    pub const fn text(text: &'static str) -> Self {
        Self::Reply(Cow::Borrowed(text))
    }

    /// `command` has no subcommand `word`.
    pub fn unknown_subcommand(command: &str, word: &[u8]) -> Self {
        let word = String::from_utf8_lossy(&word[..word.len().min(128)]);
        let command = command.to_uppercase();
        Self::Reply(format!("ERR unknown subcommand '{word}'. Try {command} HELP.").into())
    }

    /// `command` was given too few arguments, or too many.
    pub fn wrong_arity(command: &str) -> Self {
        Self::Reply(format!("ERR wrong number of arguments for '{command}' command").into())
    }

    /// The expiry time given to `command` is not one.
    pub fn invalid_expire(command: &str) -> Self {
        Self::Reply(format!("ERR invalid expire time in '{command}' command").into())
    }
}

impl From<Stop> for Error {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::Stop(Stop::Refused(refusal))
    }
}
