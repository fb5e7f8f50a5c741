//! The ACL categories of a command, out of its flags and its group. Source: Redis 7.2's `acl.c`.

use crate::command::{Command, Flags, Group};

/// Every category that a command of ours may be in, without the `@` before it.
const CATEGORIES: [&str; 16] = [
    "keyspace",
    "read",
    "write",
    "hash",
    "string",
    "admin",
    "fast",
    "slow",
    "blocking",
    "dangerous",
    "connection",
    "transaction",
    "scripting",
    "lock",
    "idempotency",
    "topic",
];

/// The categories of a command, in the order of [`CATEGORIES`].
pub(crate) fn categories(command: &Command) -> impl Iterator<Item = &'static str> {
    let (flags, group) = (command.flags, command.group);
    CATEGORIES.into_iter().filter(move |category| match *category {
        "keyspace" => group == Group::Generic,
        "read" => flags.has(Flags::READONLY),
        "write" => flags.has(Flags::WRITE),
        "admin" => flags.has(Flags::ADMIN),
        "fast" => flags.has(Flags::FAST),
        "slow" => !flags.has(Flags::FAST),
        "blocking" => flags.has(Flags::BLOCKING),
        "dangerous" => flags.has(Flags::ADMIN) || flags.has(Flags::DANGEROUS),
        "transaction" => group == Group::Transactions,
        named => group.name() == named,
    })
}
