//! A command as data.

use crate::call::Call;
use crate::error::Error;

/// One command: everything that is known of it, in one place.
#[derive(Debug)]
pub struct Command {
    /// Its name, in lower case.
    pub name: &'static str,
    /// How many arguments it takes, its name included.
    pub arity: Arity,
    /// What it does, for clients and for admission.
    pub flags: Flags,
    /// Which of its arguments are keys.
    pub keys: KeySpec,
    /// Which family it belongs to.
    pub group: Group,
    /// The version of Redis that it came with.
    pub since: &'static str,
    /// What it costs, in the words of the documentation.
    pub complexity: &'static str,
    /// What it does, in a line.
    pub summary: &'static str,
    /// What it does, in code.
    pub run: Run,
}

/// How many arguments a command takes, its name included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arity {
    /// Just so many.
    Exactly(usize),
    /// So many or more.
    AtLeast(usize),
}

impl Arity {
    /// Whether a request of `args` arguments may be this command.
    pub const fn admits(self, args: usize) -> bool {
        match self {
            Self::Exactly(count) => args == count,
            Self::AtLeast(count) => args >= count,
        }
    }

    /// As COMMAND answers it: negative for "or more".
    pub fn number(self) -> i64 {
        let signed = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        match self {
            Self::Exactly(count) => signed(count),
            Self::AtLeast(count) => -signed(count),
        }
    }
}

/// What a command does, as a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flags(u32);

/// Names of the flags as clients know them, by bit.
const FLAG_NAMES: [&str; 9] = [
    "write",
    "readonly",
    "denyoom",
    "fast",
    "noscript",
    "loading",
    "stale",
    "no_auth",
    "movablekeys",
];

impl Flags {
    /// None.
    pub const NONE: Self = Self(0);
    /// It may change keys.
    pub const WRITE: Self = Self(1);
    /// It only reads keys.
    pub const READONLY: Self = Self(1 << 1);
    /// It may take more memory or disk: refused when there is none.
    pub const DENYOOM: Self = Self(1 << 2);
    /// It takes constant or logarithmic time.
    pub const FAST: Self = Self(1 << 3);
    /// Not to be called by scripts.
    pub const NOSCRIPT: Self = Self(1 << 4);
    /// Allowed while the store is opening.
    pub const LOADING: Self = Self(1 << 5);
    /// Allowed on a replica that lags.
    pub const STALE: Self = Self(1 << 6);
    /// Allowed before authentication.
    pub const NO_AUTH: Self = Self(1 << 7);
    /// Its keys cannot be told from positions alone.
    pub const MOVABLE_KEYS: Self = Self(1 << 8);

    /// Both sets together.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether all of `other` are in it.
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// The names of its members.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        FLAG_NAMES
            .iter()
            .enumerate()
            .filter(move |(bit, _)| self.0 >> bit & 1 == 1)
            .map(|(_, name)| *name)
    }
}

/// Which arguments are keys, as first, last and step. A negative last counts from the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeySpec {
    /// Index of the first key; 0 if there are none.
    pub first: usize,
    /// Index of the last key; -1 is the last argument.
    pub last: i32,
    /// How far keys are apart.
    pub step: usize,
}

impl KeySpec {
    /// No keys.
    pub const NONE: Self = Self { first: 0, last: 0, step: 0 };
    /// The first argument.
    pub const ONE: Self = Self { first: 1, last: 1, step: 1 };
    /// The first two arguments.
    pub const TWO: Self = Self { first: 1, last: 2, step: 1 };
    /// All arguments.
    pub const ALL: Self = Self { first: 1, last: -1, step: 1 };
    /// Every other argument, beginning with the first.
    pub const PAIRS: Self = Self { first: 1, last: -1, step: 2 };

    /// Indices of the keys in a request of `args` arguments.
    pub fn positions(self, args: usize) -> impl Iterator<Item = usize> {
        let from_end = usize::try_from(self.last.unsigned_abs()).unwrap_or(usize::MAX);
        let end = if self.last < 0 {
            (args + 1).saturating_sub(from_end)
        } else {
            (from_end + 1).min(args)
        };
        let first = if self.first == 0 { end } else { self.first };
        (first..end).step_by(self.step.max(1))
    }
}

/// The family that a command belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Any key.
    Generic,
    /// Strings.
    String,
    /// Hashes.
    Hash,
    /// The connection.
    Connection,
    /// The server.
    Server,
    /// MULTI and its kin.
    Transactions,
    /// Locks with fencing tokens.
    Lock,
    /// Idempotency records.
    Idempotency,
    /// Topics.
    Topic,
}

impl Group {
    /// As COMMAND DOCS names it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Generic => "generic",
            Self::String => "string",
            Self::Hash => "hash",
            Self::Connection => "connection",
            Self::Server => "server",
            Self::Transactions => "transactions",
            Self::Lock => "lock",
            Self::Idempotency => "idempotency",
            Self::Topic => "topic",
        }
    }
}

/// What carries a command out.
#[derive(Clone, Copy)]
pub enum Run {
    /// A function over a transaction.
    Txn(fn(&mut Call<'_, '_>) -> Result<(), Error>),
    /// The front: it is about the connection or the server, not about keys.
    Connection(Connection),
}

impl std::fmt::Debug for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Txn(_) => f.write_str("Txn"),
            Self::Connection(which) => f.debug_tuple("Connection").field(which).finish(),
        }
    }
}

/// The commands that the front carries out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connection {
    /// Begins to queue.
    Multi,
    /// Runs what was queued.
    Exec,
    /// Forgets what was queued.
    Discard,
    /// Goes back to the state of a new connection.
    Reset,
    /// Closes after the reply.
    Quit,
    /// Chooses the protocol version, and may authenticate.
    Hello,
    /// Authenticates.
    Auth,
    /// Chooses the namespace.
    Select,
    /// Asks or says something of connections.
    Client,
}

#[cfg(test)]
mod tests;
