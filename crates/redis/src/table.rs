//! The table of commands, in the order of their names.

use crate::command::Command;
use crate::commands;

/// Every command, in ascending order of name.
pub static COMMANDS: &[&Command] = &[
    &commands::connection::CLIENT,
    &commands::del::COMMAND,
    &commands::connection::DISCARD,
    &commands::echo::COMMAND,
    &commands::connection::EXEC,
    &commands::get::COMMAND,
    &commands::connection::HELLO,
    &commands::connection::MULTI,
    &commands::ping::COMMAND,
    &commands::connection::QUIT,
    &commands::connection::RESET,
    &commands::connection::SELECT,
    &commands::set::COMMAND,
];

/// The longest name there is, in bytes.
const NAME_BYTES_MAX: usize = 32;

/// The command of that name, in any case of letters.
pub fn find(name: &[u8]) -> Option<&'static Command> {
    let mut lower = [0; NAME_BYTES_MAX];
    let lower = lower.get_mut(..name.len())?;
    lower.copy_from_slice(name);
    lower.make_ascii_lowercase();
    let at = COMMANDS.binary_search_by(|command| command.name.as_bytes().cmp(lower)).ok()?;
    Some(COMMANDS[at])
}

#[cfg(test)]
mod tests;
