//! HELLO, AUTH, SELECT, CLIENT, RESET: what a client says when it connects.

use redis::Error;
use wire::resp::{Args, Protocol, parse_i64};

use crate::refusal::resp_refusal;
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
                    self.check_password(user, password)?;
                }
                b"SETNAME" => self.set_name(rest.next().ok_or_else(syntax)?)?,
                _ => return Err(syntax()),
            }
        }
        Ok(())
    }

    fn reply_with_hello(&mut self) {
        let version = if self.reply.protocol() == Protocol::Resp3 { 3 } else { 2 };
        let reply = &mut self.reply;
        reply.map(7);
        reply.bulk(b"server");
        reply.bulk(b"redis");
        reply.bulk(b"version");
        reply.bulk(REDIS_VERSION.as_bytes());
        reply.bulk(b"proto");
        reply.integer(version);
        reply.bulk(b"id");
        reply.integer(i64::try_from(self.number).unwrap_or(i64::MAX));
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
        match self.check_password(user, password) {
            Ok(()) => self.reply.ok(),
            Err(error) => {
                self.fail(error);
            }
        }
    }

    /// No password has been set: the user `default` needs none, and there is no other.
    fn check_password(&self, user: &[u8], _password: &[u8]) -> Result<(), Error> {
        if user == b"default" {
            return Err(Error::text(
                "ERR AUTH <password> called without any password configured for the default user. \
                 Are you sure your configuration is correct?",
            ));
        }
        Err(Error::text("WRONGPASS invalid username-password pair or user is disabled."))
    }

    pub(crate) fn select(&mut self, args: Args<'_>) {
        let number = parse_i64(&args[1]).and_then(|number| u32::try_from(number).ok());
        let Some(number) = number.filter(|number| *number < DATABASES) else {
            let text = if parse_i64(&args[1]).is_some() {
                "ERR DB index is out of range"
            } else {
                "ERR invalid DB index"
            };
            return self.reply.error(text);
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

    pub(crate) fn client(&mut self, args: Args<'_>) {
        let subcommand = args[1].to_ascii_lowercase();
        match (subcommand.as_slice(), args.len()) {
            (b"id", 2) => self.reply.integer(i64::try_from(self.number).unwrap_or(i64::MAX)),
            (b"getname", 2) if self.name.is_empty() => self.reply.null(),
            (b"getname", 2) => self.reply.bulk(&self.name),
            (b"setname", 3) => match self.set_name(&args[2]) {
                Ok(()) => self.reply.ok(),
                Err(error) => {
                    self.fail(error);
                }
            },
            (b"setinfo", 4) => self.set_info(args),
            (b"id" | b"getname" | b"setname" | b"setinfo", _) => {
                self.fail(Error::wrong_arity(&format!("client|{}", subcommand.escape_ascii())));
            }
            _ => {
                let text = format!(
                    "ERR unknown subcommand '{}'. Try CLIENT HELP.",
                    args[1].escape_ascii()
                );
                self.reply.error(&text);
            }
        }
    }

    fn set_name(&mut self, name: &[u8]) -> Result<(), Error> {
        if !name.iter().all(|byte| (b'!'..=b'~').contains(byte)) {
            return Err(Error::text(
                "ERR Client names cannot contain spaces, newlines or special characters.",
            ));
        }
        self.name = name.to_vec();
        Ok(())
    }

    /// The library's name and version, which every client sends; they are checked and not kept.
    fn set_info(&mut self, args: Args<'_>) {
        let attribute = args[2].to_ascii_lowercase();
        if !matches!(attribute.as_slice(), b"lib-name" | b"lib-ver") {
            let text = format!("ERR Unrecognized option '{}'", args[2].escape_ascii());
            return self.reply.error(&text);
        }
        if !args[3].iter().all(|byte| (b'!'..=b'~').contains(byte)) {
            let attribute = attribute.escape_ascii();
            let text =
                format!("ERR {attribute} cannot contain spaces, newlines or special characters.");
            return self.reply.error(&text);
        }
        self.reply.ok();
    }

    pub(crate) fn reset(&mut self) {
        self.queue = None;
        self.name.clear();
        (self.database, self.namespace) = (0, None);
        self.reply.simple("RESET");
        self.reply.set_protocol(Protocol::Resp2);
    }
}
