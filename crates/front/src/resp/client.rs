//! CLIENT: what a connection says of itself, and what it may ask of others.

use std::fmt::Write;
use std::net::SocketAddr;
use std::sync::Arc;

use redis::{Client as Subcommand, Error};
use wire::resp::{Args, Protocol, parse_i64};

use crate::access::DEFAULT_USER;
use crate::clients::Client;
use crate::pause::{Extent, Scope};
use crate::resp::durability::parse_millis;
use crate::resp::exec::Queue;
use crate::resp::session::{Session, Then};
use crate::server::Server;

/// What becomes of replies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Replies {
    /// They are sent.
    #[default]
    On,
    /// They are not.
    Off,
    /// That of the next command is not.
    SkipNext,
    /// That of this command is not.
    Skip,
}

/// Bytes that a name of a connection or a library may have.
const NAME_BYTES_MAX: usize = 4096;

impl Session {
    pub(crate) fn client(&mut self, which: Subcommand, args: Args<'_>) -> Then {
        let done = match which {
            Subcommand::Id => {
                self.reply.integer(i64::try_from(self.number()).unwrap_or(i64::MAX));
                Ok(())
            }
            Subcommand::Info => {
                self.client_info();
                Ok(())
            }
            Subcommand::List => self.client_list(args),
            Subcommand::SetName => self.set_name(&args[2]).map(|()| self.reply.ok()),
            Subcommand::GetName => {
                self.get_name();
                Ok(())
            }
            Subcommand::SetInfo => self.set_info(args),
            Subcommand::Kill => match self.client_kill(args) {
                Ok(then) => return then,
                Err(error) => Err(error),
            },
            Subcommand::Reply => self.client_reply(&args[2]),
            Subcommand::NoEvict | Subcommand::NoTouch => self.on_or_off(&args[2]),
            Subcommand::Tracking => self.tracking(args),
            Subcommand::TrackingInfo => {
                self.tracking_info();
                Ok(())
            }
            Subcommand::Caching => Err(Error::text(
                "ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or \
                 OPTOUT mode enabled",
            )),
            Subcommand::GetRedir => {
                self.reply.integer(-1);
                Ok(())
            }
            Subcommand::Unblock => self.unblock(args),
            Subcommand::Pause => self.pause(args),
            Subcommand::Unpause => {
                self.server.pause.end();
                self.reply.ok();
                Ok(())
            }
        };
        if let Err(error) = done {
            self.fail(error);
        }
        Then::Continue
    }

    fn client_info(&mut self) {
        self.show();
        let line = line(&self.presence.client, self.server.store.monotonic());
        self.reply.verbatim(*b"txt", line.as_bytes());
    }

    fn client_list(&mut self, args: Args<'_>) -> Result<(), Error> {
        self.show();
        let filter = Filter::of_list(args)?;
        let now = self.server.store.monotonic();
        let mut text = String::new();
        let all = self.server.clients.all();
        let mut tell = |client: &Arc<Client>| text.push_str(&line(client, now));
        if filter.ids.is_empty() {
            all.iter().filter(|client| filter.admits(client)).for_each(&mut tell);
        }
        // In the order in which they were named, and as often.
        for id in &filter.ids {
            all.iter().find(|client| client.id == *id).into_iter().for_each(&mut tell);
        }
        self.reply.verbatim(*b"txt", text.as_bytes());
        Ok(())
    }

    fn client_kill(&mut self, args: Args<'_>) -> Result<Then, Error> {
        let by_address = args.len() == 3;
        let filter = if by_address {
            Filter { address: Some(args[2].to_vec()), ..Filter::default() }
        } else {
            Filter::of_kill(&self.server, args)?
        };
        let (mut killed, mut then) = (0, Then::Continue);
        for client in self.server.clients.all().iter().filter(|client| filter.admits(client)) {
            if !Arc::ptr_eq(client, &self.presence.client) {
                client.kill();
            } else if by_address || filter.with_me {
                then = Then::Close;
            } else {
                continue;
            }
            killed += 1;
        }
        match (by_address, killed) {
            (false, _) => self.reply.integer(killed),
            (true, 0) => return Err(Error::text("ERR No such client")),
            (true, _) => self.reply.ok(),
        }
        Ok(then)
    }

    /// What has begun is carried out; what comes after this is held back.
    fn pause(&mut self, args: Args<'_>) -> Result<(), Error> {
        let mode = args.get(3).map(<[u8]>::to_ascii_uppercase);
        let scope = match (mode.as_deref(), args.len()) {
            (None | Some(b"ALL"), 3 | 4) => Scope::All,
            (Some(b"WRITE"), 4) => Scope::Writes,
            (_, 4) => return Err(Error::text("ERR CLIENT PAUSE mode must be WRITE or ALL")),
            _ => return Err(Error::SYNTAX),
        };
        let time = parse_millis(&args[2])?;
        let (wall_ms, now) = (self.server.store.now().0, self.server.store.monotonic());
        let end_ms = time.as_millis().saturating_add(u128::from(wall_ms));
        if i64::try_from(end_ms).is_err() {
            return Err(Error::text("ERR timeout is out of range"));
        }
        self.server.pause.begin(Extent { scope, until: now + time }, now);
        self.reply.ok();
        Ok(())
    }

    fn get_name(&mut self) {
        let shown = self.presence.client.shown.lock();
        if shown.name.is_empty() {
            self.reply.null();
        } else {
            self.reply.bulk(&shown.name);
        }
    }

    pub(crate) fn set_name(&mut self, name: &[u8]) -> Result<(), Error> {
        check_name(name, "Client names")?;
        self.presence.client.shown.lock().name = name.to_vec();
        Ok(())
    }

    /// The library's name and version, which every client sends.
    fn set_info(&mut self, args: Args<'_>) -> Result<(), Error> {
        let attribute = args[2].to_ascii_lowercase();
        let mut shown = self.presence.client.shown.lock();
        let (place, label) = match attribute.as_slice() {
            b"lib-name" => (&mut shown.library.name, "lib-name"),
            b"lib-ver" => (&mut shown.library.version, "lib-ver"),
            _ => {
                let text = format!("ERR Unrecognized option '{}'", args[2].escape_ascii());
                return Err(Error::Reply(text.into()));
            }
        };
        check_name(&args[3], label)?;
        *place = args[3].to_vec();
        self.reply.ok();
        Ok(())
    }

    fn client_reply(&mut self, mode: &[u8]) -> Result<(), Error> {
        self.replies = match (mode.to_ascii_uppercase().as_slice(), self.replies) {
            (b"ON", _) => {
                self.reply.ok();
                Replies::On
            }
            (b"OFF", _) | (b"SKIP", Replies::Off) => Replies::Off,
            (b"SKIP", _) => Replies::SkipNext,
            _ => return Err(Error::SYNTAX),
        };
        Ok(())
    }

    /// Takes a setting that is without effect here.
    fn on_or_off(&mut self, mode: &[u8]) -> Result<(), Error> {
        if !matches!(mode.to_ascii_uppercase().as_slice(), b"ON" | b"OFF") {
            return Err(Error::SYNTAX);
        }
        self.reply.ok();
        Ok(())
    }

    fn tracking(&mut self, args: Args<'_>) -> Result<(), Error> {
        let mut options = args.skip(3).iter();
        while let Some(option) = options.next() {
            let has_value = match option.to_ascii_uppercase().as_slice() {
                b"BCAST" | b"OPTIN" | b"OPTOUT" | b"NOLOOP" => continue,
                b"REDIRECT" | b"PREFIX" => options.next().is_some(),
                _ => false,
            };
            if !has_value {
                return Err(Error::SYNTAX);
            }
        }
        match args[2].to_ascii_uppercase().as_slice() {
            b"OFF" => {
                self.reply.ok();
                Ok(())
            }
            b"ON" => Err(Error::text(
                "ERR CLIENT TRACKING is not supported: changes of keys are not announced; turn the \
                 client's cache off",
            )),
            _ => Err(Error::SYNTAX),
        }
    }

    fn tracking_info(&mut self) {
        let reply = &mut self.reply;
        reply.map(3);
        reply.bulk(b"flags");
        reply.set(1);
        reply.bulk(b"off");
        reply.bulk(b"redirect");
        reply.integer(-1);
        reply.bulk(b"prefixes");
        reply.array(0);
    }

    fn unblock(&mut self, args: Args<'_>) -> Result<(), Error> {
        parse_i64(&args[2]).ok_or(Error::NOT_AN_INTEGER)?;
        // As in Redis, words beyond the reason are passed over, and the reason with them.
        let how = args.get(3).filter(|_| args.len() == 4).map(<[u8]>::to_ascii_uppercase);
        if !matches!(how.as_deref(), None | Some(b"TIMEOUT" | b"ERROR")) {
            return Err(Error::text("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR"));
        }
        self.reply.integer(0);
        Ok(())
    }

    /// Shows others what the connection is now.
    pub(crate) fn show(&self) {
        let mut shown = self.presence.client.shown.lock();
        shown.database = self.database;
        shown.protocol = if self.reply.protocol() == Protocol::Resp3 { 3 } else { 2 };
        shown.queued = self.queue.as_ref().map(Queue::len);
        shown.command = self.latest;
        shown.active = self.at;
    }
}

/// Names stand in lines of fields, so they hold no blanks and no line ends.
pub(crate) fn check_name(name: &[u8], what: &str) -> Result<(), Error> {
    let complaint = if name.len() > NAME_BYTES_MAX {
        format!("ERR {what} take at most {NAME_BYTES_MAX} bytes.")
    } else if name.iter().all(|byte| (b'!'..=b'~').contains(byte)) {
        return Ok(());
    } else {
        format!("ERR {what} cannot contain spaces, newlines or special characters.")
    };
    Err(Error::Reply(complaint.into()))
}

/// Which connections are meant.
#[derive(Debug, Default)]
struct Filter {
    ids: Vec<u64>,
    address: Option<Vec<u8>>,
    local: Option<Vec<u8>>,
    user: Option<Vec<u8>>,
    /// Of a kind that no connection is of.
    none: bool,
    with_me: bool,
}

impl Filter {
    fn of_list(args: Args<'_>) -> Result<Self, Error> {
        let mut filter = Self::default();
        let option = args.get(2).map(<[u8]>::to_ascii_uppercase);
        match (option.as_deref(), args.len()) {
            (None, _) => {}
            (Some(b"TYPE"), 4) => filter.of_type(&args[3])?,
            (Some(b"ID"), 4..) => {
                for id in args.skip(3).iter() {
                    let id = parse_i64(id).ok_or(Error::text("ERR Invalid client ID"))?;
                    // What no connection has is found nowhere.
                    filter.ids.push(u64::try_from(id).unwrap_or(0));
                }
            }
            _ => return Err(Error::SYNTAX),
        }
        Ok(filter)
    }

    fn of_kill(server: &Server, args: Args<'_>) -> Result<Self, Error> {
        let mut filter = Self::default();
        let mut rest = args.skip(2).iter();
        while let Some(option) = rest.next() {
            let value = rest.next().ok_or(Error::SYNTAX)?;
            match option.to_ascii_uppercase().as_slice() {
                b"ID" => {
                    let id = parse_i64(value).and_then(|id| u64::try_from(id).ok());
                    let id = id.filter(|id| *id > 0);
                    filter.ids =
                        vec![id.ok_or(Error::text("ERR client-id should be greater than 0"))?];
                }
                b"TYPE" => filter.of_type(value)?,
                b"ADDR" => filter.address = Some(value.to_vec()),
                b"LADDR" => filter.local = Some(value.to_vec()),
                b"USER" if value == DEFAULT_USER.as_bytes() || server.has_user(value) => {
                    filter.user = Some(value.to_vec());
                }
                b"USER" => {
                    let text = format!("ERR No such user '{}'", value.escape_ascii());
                    return Err(Error::Reply(text.into()));
                }
                b"SKIPME" => match value.to_ascii_lowercase().as_slice() {
                    b"yes" => filter.with_me = false,
                    b"no" => filter.with_me = true,
                    _ => return Err(Error::SYNTAX),
                },
                _ => return Err(Error::SYNTAX),
            }
        }
        Ok(filter)
    }

    fn of_type(&mut self, kind: &[u8]) -> Result<(), Error> {
        match kind.to_ascii_lowercase().as_slice() {
            b"normal" => {}
            b"master" | b"primary" | b"replica" | b"slave" | b"pubsub" => self.none = true,
            _ => {
                let text = format!("ERR Unknown client type '{}'", kind.escape_ascii());
                return Err(Error::Reply(text.into()));
            }
        }
        Ok(())
    }

    fn admits(&self, client: &Client) -> bool {
        let is = |address: SocketAddr, wanted: &Option<Vec<u8>>| {
            wanted.as_ref().is_none_or(|wanted| *wanted == address.to_string().into_bytes())
        };
        !self.none
            && (self.ids.is_empty() || self.ids.contains(&client.id))
            && is(client.address, &self.address)
            && is(client.local, &self.local)
            && self.user.as_ref().is_none_or(|user| client.shown.lock().user() == user)
    }
}

/// A connection in a line, as CLIENT LIST has it.
fn line(client: &Client, now: base::Monotonic) -> String {
    let shown = client.shown.lock().clone();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut line = format!("id={} addr={} laddr={}", client.id, client.address, client.local);
    let fields = [
        ("name", text(&shown.name)),
        ("age", now.saturating_sub(client.since).as_secs().to_string()),
        ("idle", now.saturating_sub(shown.active).as_secs().to_string()),
        ("flags", if shown.queued.is_some() { "x" } else { "N" }.to_owned()),
        ("db", shown.database.to_string()),
        ("multi", shown.queued.map_or("-1".to_owned(), |queued| queued.to_string())),
        ("cmd", if shown.command.is_empty() { "NULL" } else { shown.command }.to_owned()),
        ("user", text(shown.user())),
        ("redir", "-1".to_owned()),
        ("resp", shown.protocol.to_string()),
        ("lib-name", text(&shown.library.name)),
        ("lib-ver", text(&shown.library.version)),
    ];
    for (name, value) in fields {
        // Writing into a string does not fail.
        let _written = write!(line, " {name}={value}");
    }
    line.push('\n');
    line
}
