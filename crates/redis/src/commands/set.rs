//! `SET key value [NX | XX] [GET] [EX seconds | PX milliseconds | EXAT unix-seconds | PXAT
//! unix-milliseconds | KEEPTTL]`

use base::StoreTime;
use kv::Type;

use crate::call::Call;
use crate::command::{Arity, Command, Flags, Group, KeySpec, Run};
use crate::error::Error;
use crate::options::{TimeUnit, is};

pub(crate) static COMMAND: Command = Command {
    name: "set",
    arity: Arity::AtLeast(3),
    flags: Flags::WRITE.and(Flags::DENYOOM),
    keys: KeySpec::ONE,
    group: Group::String,
    since: "1.0.0",
    complexity: "O(1)",
    summary: "Sets the string value of a key, whatever it held, and its expiry.",
    run: Run::Txn(run),
};

/// What stands behind the value.
#[derive(Debug, Default)]
struct Options<'a> {
    /// Set only if the key is there (`XX`), or only if it is not (`NX`).
    only_if: Option<bool>,
    get: bool,
    keep_ttl: bool,
    /// When it ends, as it was given.
    time: Option<(TimeUnit, &'a [u8])>,
}

impl<'a> Options<'a> {
    fn parse(call: &Call<'a, '_>) -> Result<Self, Error> {
        let mut options = Self::default();
        let mut rest = call.args.skip(3).iter();
        while let Some(option) = rest.next() {
            if is(option, "NX") && options.only_if.is_none() {
                options.only_if = Some(false);
            } else if is(option, "XX") && options.only_if.is_none() {
                options.only_if = Some(true);
            } else if is(option, "GET") {
                options.get = true;
            } else if is(option, "KEEPTTL") && options.time.is_none() {
                options.keep_ttl = true;
            } else if let Some(unit) = TimeUnit::of_option(option)
                && options.time.is_none()
                && !options.keep_ttl
            {
                options.time = Some((unit, rest.next().ok_or(Error::SYNTAX)?));
            } else {
                return Err(Error::SYNTAX);
            }
        }
        Ok(options)
    }

    fn deadline(&self, now: StoreTime) -> Result<Option<StoreTime>, Error> {
        self.time.map(|(unit, text)| unit.deadline(text, now, "set")).transpose()
    }
}

fn run(call: &mut Call<'_, '_>) -> Result<(), Error> {
    let options = Options::parse(call)?;
    let deadline = options.deadline(call.txn.now())?;
    let key = call.open(1)?;
    let old = call.txn.header(key);
    let is_set = options.only_if.is_none_or(|there| there == old.is_some());
    if options.get {
        // The old value is the reply, whether or not a new one is set.
        call.header_of(key, Type::String)?;
        call.reply_with_string(key)?;
    } else if is_set {
        call.reply.ok();
    } else {
        call.reply.null();
    }
    if is_set {
        call.set_string(key, call.arg(2))?;
        let kept = old.filter(|_| options.keep_ttl).and_then(|old| old.deadline);
        call.txn.set_deadline(key, deadline.or(kept))?;
    }
    Ok(())
}
