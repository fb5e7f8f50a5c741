//! The table of commands, in the order of their names.

use crate::command::Command;
use crate::commands;

/// Every command, in ascending order of name.
pub static COMMANDS: &[&Command] = &[
    &commands::acl::COMMAND,
    &commands::append::COMMAND,
    &commands::connection::AUTH,
    &commands::server::BGREWRITEAOF,
    &commands::server::BGSAVE,
    &commands::client::COMMAND,
    &commands::command::COMMAND,
    &commands::config::COMMAND,
    &commands::copy::COMMAND,
    &commands::dbsize::COMMAND,
    &commands::debug::COMMAND,
    &commands::decr::COMMAND,
    &commands::decrby::COMMAND,
    &commands::del::COMMAND,
    &commands::connection::DISCARD,
    &commands::echo::COMMAND,
    &commands::connection::EXEC,
    &commands::exists::COMMAND,
    &commands::expire::COMMAND,
    &commands::expireat::COMMAND,
    &commands::expiretime::COMMAND,
    &commands::flushall::COMMAND,
    &commands::flushdb::COMMAND,
    &commands::function::COMMAND,
    &commands::get::COMMAND,
    &commands::getdel::COMMAND,
    &commands::getex::COMMAND,
    &commands::getrange::COMMAND,
    &commands::getset::COMMAND,
    &commands::hdel::COMMAND,
    &commands::connection::HELLO,
    &commands::hexists::COMMAND,
    &commands::hget::COMMAND,
    &commands::hgetall::COMMAND,
    &commands::hincrby::COMMAND,
    &commands::hincrbyfloat::COMMAND,
    &commands::hkeys::COMMAND,
    &commands::hlen::COMMAND,
    &commands::hmget::COMMAND,
    &commands::hmset::COMMAND,
    &commands::hrandfield::COMMAND,
    &commands::hscan::COMMAND,
    &commands::hset::COMMAND,
    &commands::hsetnx::COMMAND,
    &commands::hstrlen::COMMAND,
    &commands::hvals::COMMAND,
    &commands::incr::COMMAND,
    &commands::incrby::COMMAND,
    &commands::incrbyfloat::COMMAND,
    &commands::server::INFO,
    &commands::keys::COMMAND,
    &commands::server::LASTSAVE,
    &commands::latency::COMMAND,
    &commands::memory::COMMAND,
    &commands::mget::COMMAND,
    &commands::mset::COMMAND,
    &commands::msetnx::COMMAND,
    &commands::connection::MULTI,
    &commands::object::COMMAND,
    &commands::persist::COMMAND,
    &commands::pexpire::COMMAND,
    &commands::pexpireat::COMMAND,
    &commands::pexpiretime::COMMAND,
    &commands::ping::COMMAND,
    &commands::psetex::COMMAND,
    &commands::pttl::COMMAND,
    &commands::connection::QUIT,
    &commands::randomkey::COMMAND,
    &commands::rename::COMMAND,
    &commands::renamenx::COMMAND,
    &commands::connection::RESET,
    &commands::server::SAVE,
    &commands::scan::COMMAND,
    &commands::connection::SELECT,
    &commands::set::COMMAND,
    &commands::setex::COMMAND,
    &commands::setnx::COMMAND,
    &commands::setrange::COMMAND,
    &commands::slowlog::COMMAND,
    &commands::strlen::COMMAND,
    &commands::substr::COMMAND,
    &commands::swapdb::COMMAND,
    &commands::time::COMMAND,
    &commands::touch::COMMAND,
    &commands::ttl::COMMAND,
    &commands::key_type::COMMAND,
    &commands::unlink::COMMAND,
    &commands::unwatch::COMMAND,
    &commands::server::WAIT,
    &commands::server::WAITAOF,
    &commands::watch::COMMAND,
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
