//! HELLO, AUTH, SELECT, RESET: what a client says when it connects.

use redis::Error;
use wire::resp::{Args, Protocol, parse_i64};

use crate::refusal::resp_refusal;
use crate::resp::client::Replies;
use crate::resp::session::Session;
use crate::server::DATABASES;

/// The version of Redis whose behaviour is followed.
pub(crate) const REDIS_VERSION: &str = "7.2.0";

impl Session {
    pub(crate) fn hello(&mut self, args: Args<'_>) {
        let mut rest = args.skip(1).iter();
        if let Some(version) = rest.next() {
            let protocol = match parse_i64(version) {
                Some(2) => Protocol::Resp2,
                Some(3) => Protocol::Resp3,
                Some(_) => return self.reply.error("NOPROTO unsupported protocol version"),
                None => {
                    return self
                        .reply
                        .error("ERR Protocol version is not an integer or out of range");
                }
            };
            if let Err(error) = self.hello_options(&mut rest) {
                self.fail(error);
                return;
            }
            self.reply.set_protocol(protocol);
        }
        self.reply_with_hello();
    }

    fn hello_options<'a>(
        &mut self,
        rest: &mut impl Iterator<Item = &'a [u8]>,
    ) -> Result<(), Error> {
        while let Some(option) = rest.next() {
            let syntax = || {
                Error::Reply(
                    format!("ERR Syntax error in HELLO option '{}'", option.escape_ascii()).into(),
                )
            };
            match option.to_ascii_uppercase().as_slice() {
                b"AUTH" => {
                    let (user, password) = rest.next().zip(rest.next()).ok_or_else(syntax)?;
                    Self::check_password(user, password)?;
                }
                b"SETNAME" => self.set_name(rest.next().ok_or_else(syntax)?)?,
                _ => return Err(syntax()),
            }
        }
        Ok(())
    }

    fn reply_with_hello(&mut self) {
        let version = if self.reply.protocol() == Protocol::Resp3 { 3 } else { 2 };
        let number = i64::try_from(self.number()).unwrap_or(i64::MAX);
        let reply = &mut self.reply;
        reply.map(7);
        reply.bulk(b"server");
        reply.bulk(b"redis");
        reply.bulk(b"version");
        reply.bulk(REDIS_VERSION.as_bytes());
        reply.bulk(b"proto");
        reply.integer(version);
        reply.bulk(b"id");
        reply.integer(number);
        reply.bulk(b"mode");
        reply.bulk(b"standalone");
        reply.bulk(b"role");
        reply.bulk(b"master");
        reply.bulk(b"modules");
        reply.array(0);
    }

    pub(crate) fn auth(&mut self, args: Args<'_>) {
        let (user, password) = match args.len() {
            2 => (&b"default"[..], &args[1]),
            3 => (&args[1], &args[2]),
            _ => {
                self.fail(Error::SYNTAX);
                return;
            }
        };
        match Self::check_password(user, password) {
            Ok(()) => self.reply.ok(),
            Err(error) => {
                self.fail(error);
            }
        }
    }

    /// No password has been set: the user `default` needs none, and there is no other.
    fn check_password(user: &[u8], _password: &[u8]) -> Result<(), Error> {
        if user == b"default" {
            return Err(Error::text(
                "ERR AUTH <password> called without any password configured for the default user. \
                 Are you sure your configuration is correct?",
            ));
        }
        Err(Error::text("WRONGPASS invalid username-password pair or user is disabled."))
    }

    pub(crate) fn select(&mut self, args: Args<'_>) {
        let number = match parse_database(&args[1]) {
            Ok(number) => number,
            Err(error) => {
                self.fail(error);
                return;
            }
        };
        let before = std::mem::replace(&mut self.database, number);
        match self.bind() {
            Ok(_) => self.reply.ok(),
            Err(refusal) => {
                self.database = before;
                self.reply.error(&resp_refusal(&refusal));
            }
        }
    }

    pub(crate) fn reset(&mut self) {
        self.queue = None;
        self.watches.clear();
        self.replies = Replies::On;
        self.presence.client.shown.lock().name.clear();
        (self.database, self.namespace) = (0, None);
        self.reply.simple("RESET");
        self.reply.set_protocol(Protocol::Resp2);
    }
}

/// The number of a database.
pub(crate) fn parse_database(text: &[u8]) -> Result<u32, Error> {
    let number = parse_i64(text).ok_or(Error::NOT_AN_INTEGER)?;
    let number = u32::try_from(number).ok().filter(|number| *number < DATABASES);
    number.ok_or(Error::text("ERR DB index is out of range"))
}
