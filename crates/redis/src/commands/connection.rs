//! Commands about the connection: described here, carried out by the front.

use crate::command::{Arity, Command, Connection, Flags, Group, KeySpec, Run};

const ANY_TIME: Flags = Flags::NOSCRIPT.and(Flags::LOADING).and(Flags::STALE).and(Flags::FAST);

pub(crate) static AUTH: Command = Command {
    name: "auth",
    arity: Arity::AtLeast(2),
    flags: ANY_TIME.and(Flags::NO_AUTH).and(Flags::NO_MULTI),
    keys: KeySpec::NONE,
    group: Group::Connection,
    since: "1.0.0",
    complexity: "O(1)",
    summary: "Authenticates the connection.",
    run: Run::Connection(Connection::Auth),
};

pub(crate) static DISCARD: Command = Command {
    name: "discard",
    arity: Arity::Exactly(1),
    flags: ANY_TIME,
    keys: KeySpec::NONE,
    group: Group::Transactions,
    since: "2.0.0",
    complexity: "O(N) in the number of queued commands.",
    summary: "Forgets the commands queued since MULTI.",
    run: Run::Connection(Connection::Discard),
};

pub(crate) static EXEC: Command = Command {
    name: "exec",
    arity: Arity::Exactly(1),
    flags: Flags::NOSCRIPT.and(Flags::LOADING).and(Flags::STALE),
    keys: KeySpec::NONE,
    group: Group::Transactions,
    since: "1.2.0",
    complexity: "O(N), the sum of what the queued commands cost.",
    summary: "Runs the commands queued since MULTI as one transaction.",
    run: Run::Connection(Connection::Exec),
};

pub(crate) static HELLO: Command = Command {
    name: "hello",
    arity: Arity::AtLeast(1),
    flags: ANY_TIME.and(Flags::NO_AUTH).and(Flags::NO_MULTI),
    keys: KeySpec::NONE,
    group: Group::Connection,
    since: "6.0.0",
    complexity: "O(1)",
    summary: "Chooses the protocol version and tells what the server is.",
    run: Run::Connection(Connection::Hello),
};

pub(crate) static MULTI: Command = Command {
    name: "multi",
    arity: Arity::Exactly(1),
    flags: ANY_TIME,
    keys: KeySpec::NONE,
    group: Group::Transactions,
    since: "1.2.0",
    complexity: "O(1)",
    summary: "Begins to queue commands for EXEC.",
    run: Run::Connection(Connection::Multi),
};

pub(crate) static QUIT: Command = Command {
    name: "quit",
    arity: Arity::AtLeast(1),
    flags: ANY_TIME.and(Flags::NO_AUTH),
    keys: KeySpec::NONE,
    group: Group::Connection,
    since: "1.0.0",
    complexity: "O(1)",
    summary: "Closes the connection after the replies to what came before.",
    run: Run::Connection(Connection::Quit),
};

pub(crate) static RESET: Command = Command {
    name: "reset",
    arity: Arity::Exactly(1),
    flags: ANY_TIME.and(Flags::NO_AUTH),
    keys: KeySpec::NONE,
    group: Group::Connection,
    since: "6.2.0",
    complexity: "O(1)",
    summary: "Puts the connection back into the state of a new one.",
    run: Run::Connection(Connection::Reset),
};

pub(crate) static SELECT: Command = Command {
    name: "select",
    arity: Arity::Exactly(2),
    flags: Flags::LOADING.and(Flags::STALE).and(Flags::FAST),
    keys: KeySpec::NONE,
    group: Group::Connection,
    since: "1.0.0",
    complexity: "O(1)",
    summary: "Chooses the database of the connection, 0 to 15.",
    run: Run::Connection(Connection::Select),
};
