//! One command being run: its arguments, its transaction, its reply.

use kv::{Header, Layer, Object, Place, Txn, Type};
use wire::resp::{Args, Writer};

use crate::command::{Command, KeySpec};
use crate::databases::DATABASES_NAMED_MAX;
use crate::error::Error;
use crate::keys::{KEY_BYTES_MAX, Keys};
use crate::options::is;
use crate::table::{COMMANDS, find};

/// Refuses a key that is too long for an object's id.
pub fn check_key(key: &[u8]) -> Result<(), Error> {
    if key.len() <= KEY_BYTES_MAX {
        return Ok(());
    }
    let text = format!("LIMIT a key takes at most {KEY_BYTES_MAX} bytes, this one {}", key.len());
    Err(Error::Reply(text.into()))
}

/// What a command's function is given.
#[derive(Debug)]
pub struct Call<'c, 't> {
    /// The transaction that it is part of.
    pub txn: &'c mut Txn<'t>,
    /// Its arguments, its name first; their number has been checked against its arity.
    pub args: Args<'c>,
    /// Where its reply goes. After an error whatever it wrote is dropped.
    pub reply: &'c mut Writer,
    /// The namespace that the connection has selected.
    pub db: Place,
    /// Those that its arguments name ([`crate::databases_named`]), as far as they exist.
    pub databases: [Option<Place>; DATABASES_NAMED_MAX],
    /// Makes object ids.
    pub keys: &'c Keys,
    /// Which of its arguments are keys; the plan has named them.
    pub key_spec: KeySpec,
    /// How many keys the plan has named before this command's.
    pub named_before: usize,
    /// Commands that are not in [`COMMANDS`], for COMMAND to tell of.
    pub extensions: &'static [&'static Command],
    /// What they take, as in `ARGUMENTS`.
    pub extension_arguments: &'static [(&'static str, &'static str)],
}

impl<'c> Call<'c, '_> {
    /// The argument at `index`, for as long as the request lives.
    pub fn arg(&self, index: usize) -> &'c [u8] {
        self.args.get(index).unwrap_or_default()
    }

    /// The command's name as the client wrote it, for error texts.
    pub fn name(&self) -> String {
        String::from_utf8_lossy(self.arg(0)).to_lowercase()
    }

    /// Every command there is.
    pub(crate) fn commands(&self) -> impl Iterator<Item = &'static Command> + use<> {
        COMMANDS.iter().chain(self.extensions).copied()
    }

    /// A command or a subcommand by its full name, such as `get` or `client|id`.
    pub(crate) fn find_command(&self, name: &[u8]) -> Option<&'static Command> {
        let container = name.split(|byte| *byte == b'|').next().unwrap_or_default();
        let command = find(container)
            .or_else(|| self.extensions.iter().copied().find(|command| is(name, command.name)))?;
        let named = |command: &&'static Command| is(name, command.name);
        Some(command).filter(named).or_else(|| command.subcommands().iter().copied().find(named))
    }

    /// Opens the key that is the argument at `index`.
    pub fn open(&mut self, index: usize) -> Result<Object, Error> {
        let ordinal = self.key_spec.ordinal(index, self.args.len());
        match ordinal.and_then(|at| self.txn.named(self.named_before + at)) {
            Some(object) => Ok(object),
            None => self.open_key(self.arg(index)),
        }
    }

    /// Opens a key, whether it exists or not.
    pub fn open_key(&mut self, key: &[u8]) -> Result<Object, Error> {
        self.open_key_in(self.db, key)
    }

    /// Opens a key of another database.
    pub fn open_key_in(&mut self, db: Place, key: &[u8]) -> Result<Object, Error> {
        check_key(key)?;
        let mut id = Vec::with_capacity(key.len() + 8);
        self.keys.put_id(&mut id, key);
        Ok(self.txn.open(db, Layer::Redis, &id)?)
    }

    /// The header of an object that has to be of type `kind` if it exists.
    pub fn header_of(&self, object: Object, kind: Type) -> Result<Option<Header>, Error> {
        match self.txn.header(object) {
            Some(header) if header.kind != kind => Err(Error::WRONG_TYPE),
            header => Ok(header),
        }
    }

    /// Whether there is an object; it has to be of type `kind` then.
    pub fn exists_as(&self, object: Object, kind: Type) -> Result<bool, Error> {
        match self.txn.kind(object) {
            None => Ok(false),
            Some(found) if found == kind => Ok(true),
            Some(_) => Err(Error::WRONG_TYPE),
        }
    }

    /// The argument at `index` as an integer.
    pub fn integer(&self, index: usize) -> Result<i64, Error> {
        wire::resp::parse_i64(self.arg(index)).ok_or(Error::NOT_AN_INTEGER)
    }
}
