//! Commands that Redis does not have: guards and effects of the other layers, plain and inside MULTI.
//!
//! A command here only reads arguments and writes a reply; what it does is its layer's.

mod idempotency;
mod lock;
mod topic;

use redis::{Call, Command, Error, syntax};
use wire::resp::Args;

pub(crate) use topic::Range;

/// Every command that is not Redis's, in ascending order of name.
pub(crate) static EXTENSIONS: &[&Command] = &[
    &idempotency::CLAIM,
    &idempotency::GET,
    &idempotency::SAVE,
    &lock::ACQUIRE,
    &lock::CHECK,
    &lock::INFO,
    &lock::RELEASE,
    &lock::RENEW,
    &topic::CREATE,
    &topic::DELETE,
    &topic::DESCRIBE,
    &topic::PRODUCE,
    &topic::READ,
];

/// What each takes, in the form of the redis crate's table of arguments.
pub(crate) static EXTENSION_ARGUMENTS: &[(&str, &str)] = &[
    ("idem.claim", "idempotency-key seconds:integer [FINGERPRINT fingerprint]"),
    ("idem.get", "idempotency-key"),
    ("idem.save", "idempotency-key answer"),
    ("lock.acquire", "lock milliseconds:integer [OWNER owner]"),
    ("lock.check", "lock token:integer"),
    ("lock.info", "lock"),
    ("lock.release", "lock token:integer"),
    ("lock.renew", "lock token:integer milliseconds:integer"),
    ("topic.create", "topic [PARTITIONS count:integer]"),
    ("topic.delete", "topic"),
    ("topic.describe", "topic"),
    (
        "topic.produce",
        "topic [KEY record-key] [PARTITION number:integer] [HEADER header(name value)]...+ value",
    ),
    ("topic.read", "topic partition:integer offset:integer [COUNT count:integer]"),
];

/// The command that a request is, of those that `named` stands for. One of ours that was given too few
/// arguments or too many is told how it is written.
pub(crate) fn resolve(named: &'static Command, args: Args<'_>) -> Result<&'static Command, Error> {
    named.resolve(args).map_err(|error| match written(named) {
        Some(written) => {
            let name = named.name;
            let text = format!("ERR wrong number of arguments for '{name}' command: {written}");
            Error::Reply(text.into())
        }
        None => error,
    })
}

/// What stands in the arguments of one of ours does not follow its syntax, which is told.
pub(crate) fn syntax_error(command: &Command) -> Error {
    let written = written(command).unwrap_or_default();
    Error::Reply(format!("ERR syntax error: {written}").into())
}

/// How one of ours is written.
fn written(command: &Command) -> Option<String> {
    let line = EXTENSION_ARGUMENTS.iter().find(|(name, _)| *name == command.name)?.1;
    Some(syntax(command.name, line))
}

/// Bytes of the name of a lock, or of a request: one byte before it makes it an object's id.
const NAME_BYTES_MAX: usize = base::limits::ID_BYTES_MAX - 1;

/// The first argument as the name of a lock, or of a request. An empty one is refused: it comes of a variable that is not
/// set, and all that have it would share it.
fn name<'a>(call: &Call<'a, '_>) -> Result<&'a [u8], Error> {
    let (name, command) = (call.arg(1), call.name());
    if (1..=NAME_BYTES_MAX).contains(&name.len()) {
        return Ok(name);
    }
    let bytes = name.len();
    let text = format!(
        "ERR the name that '{command}' is given has 1 to {NAME_BYTES_MAX} bytes, this one {bytes}"
    );
    Err(Error::Reply(text.into()))
}

/// Longest time to live, in milliseconds: a hundred years.
const TTL_MS_MAX: u64 = 100 * 365 * 86_400_000;

/// The argument at `index` as a time to live of at least one `unit_ms`, in milliseconds.
fn ttl_ms(call: &Call<'_, '_>, index: usize, unit_ms: u64) -> Result<u64, Error> {
    let count = u64::try_from(call.integer(index)?).ok().filter(|count| *count > 0);
    let ttl_ms =
        count.and_then(|count| count.checked_mul(unit_ms)).filter(|ttl_ms| *ttl_ms <= TTL_MS_MAX);
    ttl_ms.ok_or_else(|| {
        let (name, most) = (call.name(), TTL_MS_MAX / unit_ms);
        let unit = if unit_ms == 1 { "milliseconds" } else { "seconds" };
        Error::Reply(
            format!("ERR invalid expire time in '{name}' command: 1 to {most} {unit}").into(),
        )
    })
}

/// Milliseconds that are left until a deadline.
fn left_ms(call: &Call<'_, '_>, deadline: base::StoreTime) -> i64 {
    i64::try_from(deadline.0.saturating_sub(call.txn.now().0)).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
