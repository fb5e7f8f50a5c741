//! A command as data.

use wire::resp::Args;

use crate::call::Call;
use crate::error::Error;
use crate::options::is;
use crate::walk::Walk;

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
    /// From its number as COMMAND answers it.
    pub(crate) const fn of(number: i32) -> Self {
        let count = number.unsigned_abs() as usize;
        if number < 0 { Self::AtLeast(count) } else { Self::Exactly(count) }
    }

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

/// Names of the flags as clients know them, by bit; what they have no name for is not told.
const FLAG_NAMES: [&str; 16] = [
    "write",
    "readonly",
    "denyoom",
    "fast",
    "noscript",
    "loading",
    "stale",
    "no_auth",
    "movablekeys",
    "admin",
    "blocking",
    "no_multi",
    "",
    "",
    "",
    "",
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
    /// For operators.
    pub const ADMIN: Self = Self(1 << 9);
    /// It may wait.
    pub const BLOCKING: Self = Self(1 << 10);
    /// Not to be queued by MULTI.
    pub const NO_MULTI: Self = Self(1 << 11);
    /// Not for everybody: in the category `dangerous`, where ADMIN puts it too.
    pub const DANGEROUS: Self = Self(1 << 12);
    /// It holds its database alone.
    pub const EXCLUSIVE: Self = Self(1 << 13);
    /// It is about all databases of the tenant.
    pub const ALL_DATABASES: Self = Self(1 << 14);

    /// Its arguments may name databases: [`crate::databases_named`] tells which.
    pub const NAMES_DATABASES: Self = Self(1 << 15);

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
            .filter(move |(bit, name)| self.0 >> bit & 1 == 1 && !name.is_empty())
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

    /// The how-manieth key the argument at `index` is, in a request of `args` arguments.
    pub fn ordinal(self, index: usize, args: usize) -> Option<usize> {
        let from_first = index.checked_sub(self.first).filter(|_| self.first > 0)?;
        let at = from_first / self.step.max(1);
        let is_key = from_first % self.step.max(1) == 0 && at < self.positions(args).len();
        is_key.then_some(at)
    }

    /// Indices of the keys in a request of `args` arguments.
    pub fn positions(self, args: usize) -> impl ExactSizeIterator<Item = usize> {
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
    /// Functions.
    Scripting,
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
            Self::Scripting => "scripting",
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
    /// A walk over all keys of the database: beside transactions over the tables, within one over what the
    /// transaction sees. The number is drawn at random.
    Walk(for<'a> fn(Args<'a>, u64) -> Result<Box<dyn Walk + 'a>, Error>),
    /// The front: it is about the connection or the server, not about keys.
    Connection(Connection),
    /// One of these, by the second word of the request: their names are `container|word`.
    Container {
        /// In any order.
        subcommands: &'static [&'static Command],
        /// What it is without a second word, if it may be.
        alone: Option<&'static Command>,
    },
}

impl Command {
    /// A container's subcommands; none if it is no container.
    pub const fn subcommands(&self) -> &'static [&'static Self] {
        match self.run {
            Run::Container { subcommands, .. } => subcommands,
            _ => &[],
        }
    }

    /// What a request is that begins with this command's name: itself, or a subcommand of it.
    ///
    /// # Errors
    /// The error reply for a subcommand that is not there, or for too few or too many arguments.
    pub fn resolve(&'static self, args: Args<'_>) -> Result<&'static Self, Error> {
        let found = match (self.run, args.get(1)) {
            (Run::Container { alone: Some(alone), .. }, None) => alone,
            (Run::Container { subcommands, .. }, Some(word)) => subcommands
                .iter()
                .find(|subcommand| is(word, subcommand.word()))
                .ok_or_else(|| Error::unknown_subcommand(self.name, word))?,
            _ => self,
        };
        let fits = found.arity.admits(args.len());
        fits.then_some(found).ok_or_else(|| Error::wrong_arity(found.name))
    }

    /// The last word of its name: a subcommand's own.
    pub fn word(&self) -> &'static str {
        self.name.rsplit('|').next().unwrap_or_default()
    }
}

impl std::fmt::Debug for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Txn(_) => f.write_str("Txn"),
            Self::Walk(_) => f.write_str("Walk"),
            Self::Connection(which) => f.debug_tuple("Connection").field(which).finish(),
            Self::Container { subcommands, .. } => {
                f.debug_tuple("Container").field(&subcommands.len()).finish()
            }
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
    /// The user's name.
    WhoAmI,
    /// Chooses the namespace.
    Select,
    /// Asks or says something of connections.
    Client(Client),
    /// Reads and sets parameters.
    Config(Config),
    /// The commands that took long.
    Slowlog(Slowlog),
    /// What took long, by second.
    Latency(Latency),
    /// Tells figures of the server.
    Info,
    /// Tells figures of its memory.
    MemoryStats,
    /// Waits until the connection's writes are durable.
    Wait,
    /// The same, and tells whether they are.
    WaitAof,
    /// When everything was last known to be durable.
    LastSave,
    /// Makes everything durable, and waits for it.
    Save,
    /// Makes everything durable.
    BgSave,
    /// Would shorten a log that is not trimmed by itself.
    BgRewriteAof,
    /// Reads records, which waits for the tables.
    TopicRead,
    /// Lets EXEC run only if keys stay as they are.
    Watch,
    /// Forgets what is watched.
    Unwatch,
}

/// The subcommands of CLIENT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Client {
    /// The connection's number.
    Id,
    /// A line about the connection.
    Info,
    /// A line about each connection.
    List,
    /// Names the connection.
    SetName,
    /// The connection's name.
    GetName,
    /// Names the client's library.
    SetInfo,
    /// Ends connections.
    Kill,
    /// Whether replies are sent.
    Reply,
    /// Taken and without effect: clients are not evicted.
    NoEvict,
    /// Taken and without effect: what is used is not told to clients.
    NoTouch,
    /// Refused, but for turning it off.
    Tracking,
    /// That tracking is off.
    TrackingInfo,
    /// Refused: tracking is off.
    Caching,
    /// That tracking is off.
    GetRedir,
    /// Nobody is blocked.
    Unblock,
    /// Holds back commands of all connections.
    Pause,
    /// Lets them go on.
    Unpause,
}

/// The subcommands of CONFIG.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Config {
    /// Parameters by name or pattern.
    Get,
    /// Sets parameters, all or none.
    Set,
    /// Begins to count anew.
    ResetStat,
    /// Refused.
    Rewrite,
}

/// The subcommands of LATENCY that are carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Latency {
    /// The latest and the longest of each event.
    Latest,
    /// The samples of one.
    History,
    /// Forgets them.
    Reset,
    /// One drawn with characters.
    Graph,
    /// All of it in words.
    Doctor,
    /// How long each command takes.
    Histogram,
}

/// The subcommands of SLOWLOG.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slowlog {
    /// The entries, newest first.
    Get,
    /// How many there are.
    Len,
    /// Forgets them.
    Reset,
}

#[cfg(test)]
mod tests;
