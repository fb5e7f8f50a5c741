//! `ACL WHOAMI`: described here, carried out by the front. Of the other subcommands there are none: users are
//! made where the server is started.

use crate::command::{Arity, Command, Connection, Flags, Group, KeySpec, Run};
use crate::commands::help;

pub(crate) static COMMAND: Command = Command {
    name: "acl",
    arity: Arity::AtLeast(2),
    flags: Flags::NONE,
    keys: KeySpec::NONE,
    group: Group::Server,
    since: "6.0.0",
    complexity: "O(1)",
    summary: "Tells who is connected.",
    run: Run::Container { subcommands: SUBCOMMANDS, alone: None },
};

static SUBCOMMANDS: &[&Command] = &[
    &help::of("acl|help", Group::Server, "6.0.0"),
    &Command {
        name: "acl|whoami",
        arity: Arity::Exactly(2),
        flags: Flags::NOSCRIPT.and(Flags::LOADING).and(Flags::STALE),
        keys: KeySpec::NONE,
        group: Group::Server,
        since: "6.0.0",
        complexity: "O(1)",
        summary: "Returns the name of the connection's user.",
        run: Run::Connection(Connection::WhoAmI),
    },
];
