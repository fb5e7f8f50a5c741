//! Databases that a command names in its arguments, so that the transaction can hold them.

use wire::resp::{Args, parse_i64};

use crate::command::{Command, Flags};
use crate::options::is;

/// How many databases a command names at most.
pub const DATABASES_NAMED_MAX: usize = 2;

/// Their numbers, in order. What is no number of a database is left out, and for the command to complain of.
pub fn databases_named(command: &Command, args: Args<'_>) -> [Option<u32>; DATABASES_NAMED_MAX] {
    let number = |index: usize| {
        let text = args.get(index)?;
        parse_i64(text).and_then(|number| u32::try_from(number).ok())
    };
    if !command.flags.has(Flags::NAMES_DATABASES) {
        return [None; DATABASES_NAMED_MAX];
    }
    match command.name {
        "swapdb" => [number(1), number(2)],
        _ => [option(args).and_then(number), None],
    }
}

/// Where the number behind the last `DB` is, of options that begin behind two keys.
fn option(args: Args<'_>) -> Option<usize> {
    let (mut at, mut found) = (3, None);
    while let Some(word) = args.get(at) {
        if is(word, "DB") {
            at += 1;
            found = Some(at);
        }
        at += 1;
    }
    found
}
