//! `CLIENT`: described here, carried out by the front.

use crate::command::{Arity, Client, Command, Connection, Flags, Group, KeySpec, Run};
use crate::commands::help;

pub(crate) static COMMAND: Command = Command {
    name: "client",
    arity: Arity::AtLeast(2),
    flags: Flags::NONE,
    keys: KeySpec::NONE,
    group: Group::Connection,
    since: "2.4.0",
    complexity: "O(1); O(N) in the number of connections for those that look at all.",
    summary: "Asks or says something of connections.",
    run: Run::Container { subcommands: SUBCOMMANDS, alone: None },
};

const SELF: Flags = Flags::NOSCRIPT.and(Flags::LOADING).and(Flags::STALE);
const OTHERS: Flags = SELF.and(Flags::ADMIN);

static SUBCOMMANDS: &[&Command] = &[
    &subcommand("client|caching", 3, SELF, "6.0.0", Client::Caching, "Refused: tracking is off."),
    &subcommand(
        "client|getname",
        2,
        SELF,
        "2.6.9",
        Client::GetName,
        "Returns the connection's name.",
    ),
    &subcommand(
        "client|getredir",
        2,
        SELF,
        "6.0.0",
        Client::GetRedir,
        "Returns -1: tracking is off.",
    ),
    &help::of("client|help", Group::Connection, "5.0.0"),
    &subcommand("client|id", 2, SELF, "5.0.0", Client::Id, "Returns the connection's number."),
    &subcommand(
        "client|info",
        2,
        SELF,
        "6.2.0",
        Client::Info,
        "Returns a line about the connection.",
    ),
    &subcommand(
        "client|kill",
        -3,
        OTHERS,
        "2.4.0",
        Client::Kill,
        "Ends connections: by address, or by ID, ADDR, LADDR, TYPE, USER and SKIPME, and returns how many.",
    ),
    &subcommand(
        "client|list",
        -2,
        OTHERS,
        "2.4.0",
        Client::List,
        "Returns a line about each connection, or those of a TYPE or with an ID.",
    ),
    &subcommand(
        "client|no-evict",
        3,
        OTHERS,
        "7.0.0",
        Client::NoEvict,
        "Takes ON and OFF, without effect: clients are not evicted.",
    ),
    &subcommand(
        "client|no-touch",
        3,
        SELF,
        "7.2.0",
        Client::NoTouch,
        "Takes ON and OFF, without effect: when a key was used last is not told.",
    ),
    &subcommand(
        "client|pause",
        -3,
        OTHERS,
        "3.0.0",
        Client::Pause,
        "Holds back commands of all clients for some milliseconds: all, or with WRITE those that may change keys.",
    ),
    &subcommand(
        "client|reply",
        3,
        SELF.and(Flags::NO_MULTI),
        "3.2.0",
        Client::Reply,
        "Turns replies ON or OFF, or off for the next command with SKIP.",
    ),
    &subcommand(
        "client|setinfo",
        4,
        SELF,
        "7.2.0",
        Client::SetInfo,
        "Names the client's library with LIB-NAME and LIB-VER.",
    ),
    &subcommand("client|setname", 3, SELF, "2.6.9", Client::SetName, "Names the connection."),
    &subcommand(
        "client|tracking",
        -3,
        SELF,
        "6.0.0",
        Client::Tracking,
        "Takes OFF and refuses ON: changes of keys are not announced.",
    ),
    &subcommand(
        "client|trackinginfo",
        2,
        SELF,
        "6.2.0",
        Client::TrackingInfo,
        "Returns that tracking is off.",
    ),
    &subcommand(
        "client|unblock",
        -3,
        OTHERS,
        "5.0.0",
        Client::Unblock,
        "Returns 0: nobody is blocked.",
    ),
    &subcommand(
        "client|unpause",
        2,
        OTHERS,
        "6.2.0",
        Client::Unpause,
        "Ends what CLIENT PAUSE began.",
    ),
];

const fn subcommand(
    name: &'static str,
    arity: i32,
    flags: Flags,
    since: &'static str,
    which: Client,
    summary: &'static str,
) -> Command {
    Command {
        name,
        arity: Arity::of(arity),
        flags,
        keys: KeySpec::NONE,
        group: Group::Connection,
        since,
        complexity: "O(1); O(N) in the number of connections for those that look at all.",
        summary,
        run: Run::Connection(Connection::Client(which)),
    }
}
