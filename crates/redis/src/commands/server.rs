//! Commands about the server: described here, carried out by the front.

use crate::command::{Arity, Command, Connection, Flags, Group, KeySpec, Run};

const ADMIN: Flags = Flags::ADMIN.and(Flags::NOSCRIPT);

pub(crate) static BGREWRITEAOF: Command = command(
    "bgrewriteaof",
    Arity::Exactly(1),
    ADMIN,
    "1.0.0",
    "Does nothing: the log is trimmed as it goes, and does not have to be rewritten.",
    Connection::BgRewriteAof,
);

pub(crate) static BGSAVE: Command = command(
    "bgsave",
    Arity::AtLeast(1),
    ADMIN,
    "1.0.0",
    "Has everything synced that is not, without waiting for it.",
    Connection::BgSave,
);

pub(crate) static INFO: Command = command(
    "info",
    Arity::AtLeast(1),
    Flags::LOADING.and(Flags::STALE).and(Flags::DANGEROUS),
    "1.0.0",
    "Returns figures of the server, all or those of sections.",
    Connection::Info,
);

pub(crate) static LASTSAVE: Command = command(
    "lastsave",
    Arity::Exactly(1),
    Flags::LOADING.and(Flags::STALE).and(Flags::FAST).and(Flags::DANGEROUS),
    "1.0.0",
    "Returns the latest time of which everything is known to be synced, in Unix seconds.",
    Connection::LastSave,
);

pub(crate) static SAVE: Command = command(
    "save",
    Arity::Exactly(1),
    ADMIN.and(Flags::NO_MULTI),
    "1.0.0",
    "Returns once everything is synced that has been acknowledged so far.",
    Connection::Save,
);

pub(crate) static WAIT: Command = Command {
    group: Group::Generic,
    ..command(
        "wait",
        Arity::Exactly(3),
        Flags::BLOCKING,
        "3.0.0",
        "Waits until the connection's writes are synced, and returns 0: there are no replicas.",
        Connection::Wait,
    )
};

pub(crate) static WAITAOF: Command = Command {
    group: Group::Generic,
    ..command(
        "waitaof",
        Arity::Exactly(4),
        Flags::BLOCKING,
        "7.2.0",
        "Waits until the connection's writes are synced, and returns whether they are, and 0 for replicas.",
        Connection::WaitAof,
    )
};

const fn command(
    name: &'static str,
    arity: Arity,
    flags: Flags,
    since: &'static str,
    summary: &'static str,
    which: Connection,
) -> Command {
    Command {
        name,
        arity,
        flags,
        keys: KeySpec::NONE,
        group: Group::Server,
        since,
        complexity: "O(1)",
        summary,
        run: Run::Connection(which),
    }
}
