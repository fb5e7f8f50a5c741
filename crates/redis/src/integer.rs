//! Strings that hold an integer: what INCR, DECR, INCRBY and DECRBY have in common.

use kv::Type;
use wire::resp::{IntegerText, parse_i64};

use crate::call::Call;
use crate::error::Error;
use crate::string;

const OVERFLOW: Error = Error::text("ERR increment or decrement would overflow");

impl Call<'_, '_> {
    /// Adds to the key that is the first argument, of which an absent one counts as 0, and answers the
    /// sum.
    pub(crate) fn add_integer(&mut self, increment: i64) -> Result<(), Error> {
        let key = self.open(1)?;
        let old = if !self.exists_as(key, Type::String)? {
            0
        } else if self.txn.is_split(key) {
            // Too long for a number, and not worth loading.
            return Err(Error::NOT_AN_INTEGER);
        } else {
            let text = self.txn.row(key, b"")?.unwrap_or_default();
            parse_i64(text).ok_or(Error::NOT_AN_INTEGER)?
        };
        let sum = old.checked_add(increment).ok_or(OVERFLOW)?;
        string::replace(self.txn, key, IntegerText::new(sum).as_bytes())?;
        self.reply.integer(sum);
        Ok(())
    }
}
