//! HELLO, AUTH, SELECT, RESET: what a client says when it connects, and what it is told before.

use std::sync::Arc;

use redis::Error;
use wire::resp::{Args, Protocol, parse_i64};

use crate::access::DEFAULT_USER;
use crate::refusal::resp_refusal;
use crate::resp::client::{Replies, check_name};
use crate::resp::session::{Session, Then};
use crate::server::DATABASES;

/// The version of Redis whose behaviour is followed.
pub(crate) const REDIS_VERSION: &str = "7.2.0";

/// What HELLO asks for.
#[derive(Default)]
struct Hello<'a> {
    protocol: Option<Protocol>,
    /// User and password.
    auth: Option<(&'a [u8], &'a [u8])>,
    name: Option<&'a [u8]>,
}

const WRONG_PASSWORD: Error =
    Error::text("WRONGPASS invalid username-password pair or user is disabled.");

impl Session {
    /// Refuses a command of a client that has not said who it is.
    pub(crate) fn turn_away(&mut self) -> Then {
        self.fail(Error::text("NOAUTH Authentication required."));
        if self.caller.is_outcast() { self.become_stranger() } else { Then::Continue }
    }

    fn become_stranger(&mut self) -> Then {
        self.presence.client.shown.lock().user = None;
        self.is_renamed = true;
        if self.caller.forget(&self.server) { Then::Continue } else { Then::Close }
    }

    pub(crate) async fn hello(&mut self, args: Args<'_>) {
        let mut rest = args.skip(1).iter();
        let mut hello = Hello::default();
        if let Some(version) = rest.next() {
            hello.protocol = match parse_i64(version) {
                Some(2) => Some(Protocol::Resp2),
                Some(3) => Some(Protocol::Resp3),
                Some(_) => return self.reply.error("NOPROTO unsupported protocol version"),
                None => {
                    return self
                        .reply
                        .error("ERR Protocol version is not an integer or out of range");
                }
            };
        }
        let done = match hello.read_options(&mut rest) {
            Ok(()) => self.enter(&hello).await,
            Err(error) => Err(error),
        };
        match done {
            Ok(()) => self.reply_with_hello(),
            Err(error) => {
                self.fail(error);
            }
        }
    }

    /// Does what HELLO asks for: all of it, or nothing from the first that cannot be done.
    async fn enter(&mut self, hello: &Hello<'_>) -> Result<(), Error> {
        if let Some((user, password)) = hello.auth {
            self.check_password(user, password).await?;
        }
        if !self.caller.is_known() {
            return Err(Error::text(
                "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO \
                 <proto> AUTH <user> <pass> option can be used to authenticate the client and select the \
                 RESP protocol version at the same time",
            ));
        }
        if let Some(name) = hello.name {
            self.set_name(name)?;
        }
        if let Some(protocol) = hello.protocol {
            self.reply.set_protocol(protocol);
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

    pub(crate) async fn auth(&mut self, args: Args<'_>) {
        let (user, password) = match args.len() {
            2 => (&b"default"[..], &args[1]),
            3 => (&args[1], &args[2]),
            _ => {
                self.fail(Error::SYNTAX);
                return;
            }
        };
        match self.check_password(user, password).await {
            Ok(()) => self.reply.ok(),
            Err(error) => {
                self.fail(error);
            }
        }
    }

    /// Where no password has been set, the user `default` needs none, and there is no other.
    async fn check_password(&mut self, user: &[u8], password: &[u8]) -> Result<(), Error> {
        if self.server.access.is_none() && user == DEFAULT_USER.as_bytes() {
            return Err(Error::text(
                "ERR AUTH <password> called without any password configured for the default user. \
                 Are you sure your configuration is correct?",
            ));
        }
        let user = self.server.authenticate(user, password).await.ok_or(WRONG_PASSWORD)?;
        self.presence.client.shown.lock().user = Some(Arc::clone(&user));
        self.caller.know(user);
        self.is_renamed = true;
        Ok(())
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

    pub(crate) fn reset(&mut self) -> Then {
        self.queue = None;
        self.watches.clear();
        self.replies = Replies::On;
        self.presence.client.shown.lock().name.clear();
        (self.database, self.namespace) = (0, None);
        self.reply.simple("RESET");
        self.reply.set_protocol(Protocol::Resp2);
        self.become_stranger()
    }
}

impl<'a> Hello<'a> {
    fn read_options(&mut self, rest: &mut impl Iterator<Item = &'a [u8]>) -> Result<(), Error> {
        while let Some(option) = rest.next() {
            let syntax = || {
                Error::Reply(
                    format!("ERR Syntax error in HELLO option '{}'", option.escape_ascii()).into(),
                )
            };
            match option.to_ascii_uppercase().as_slice() {
                b"AUTH" => self.auth = Some(rest.next().zip(rest.next()).ok_or_else(syntax)?),
                b"SETNAME" => {
                    let name = rest.next().ok_or_else(syntax)?;
                    check_name(name, "Client names")?;
                    self.name = Some(name);
                }
                _ => return Err(syntax()),
            }
        }
        Ok(())
    }
}

/// The number of a database.
pub(crate) fn parse_database(text: &[u8]) -> Result<u32, Error> {
    let number = parse_i64(text).ok_or(Error::NOT_AN_INTEGER)?;
    let number = u32::try_from(number).ok().filter(|number| *number < DATABASES);
    number.ok_or(Error::text("ERR DB index is out of range"))
}
