//! Redis and Valkey: one connection, over which nothing is written.
//!
//! Each command goes out with others of its part in one pipeline of at most [`PIPELINE_MAX`], and each answer is told apart, so that
//! one which a user may not give does not hide the others. The doctor speaks RESP2, as every version does, and says its name with
//! `CLIENT SETNAME`.
//!
//! Source: the documentation of Redis (protocol, ACL, and each command), and the errors in `server.c` and `acl.c`.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use redis_client::aio::{AsyncStream, MultiplexedConnection};
use redis_client::{
    Cmd, ConnectionAddr, ConnectionInfo, IntoConnectionInfo, Pipeline, ProtocolVersion,
    RedisConnectionInfo, RedisError, Value,
};
use rustls::pki_types::ServerName;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;

use super::bounded::{Bounded, Budget};
use super::postgres::trust;
use super::{Endpoint, Place, Session};
use crate::probe::{LOOK, Load};
use crate::snapshot::{self, Probed, Refusal, Server};

mod commands;
mod info;
mod local;
mod parts;
mod sample;

/// How an address is written.
pub(super) const FORM: &str =
    "redis://USER:PASSWORD@HOST:PORT/DATABASE, rediss:// with TLS, or redis+unix:///SOCKET";

/// So many commands go out before their answers are waited for.
const PIPELINE_MAX: usize = 100;

/// The fact that names prefixes of keys, with commas between.
const PREFIXES: &str = "redis.prefixes";

/// So many prefixes are counted apart.
const PREFIXES_MAX: usize = 20;

/// The password is shown later than the crate would, so that what the server says of it is kept word for word.
static BARE: LazyLock<RedisConnectionInfo> = LazyLock::new(|| {
    RedisConnectionInfo::default().set_protocol(ProtocolVersion::RESP2).set_skip_set_lib_name()
});

/// What it says to one who is too many.
const FULL: &str = "max number of clients";

/// More of its first line is not read.
const GREETING_MAX: usize = 1_024;

const NO_ANSWER: &str = "it did not answer in time";

/// A connection.
#[derive(Debug)]
pub(super) struct Redis {
    place: Place,
    local: bool,
    /// Or what the server said, or what failed.
    client: Result<MultiplexedConnection, (Option<Refusal>, Probed<snapshot::Redis>)>,
    /// The database that the address names.
    database: u64,
    /// Whether it came in with a password.
    has_password: bool,
    /// Whether it came in with a name, too.
    has_user: bool,
    /// Prefixes of keys that the user named.
    prefixes: Vec<String>,
    until: Instant,
    /// What may still come.
    budget: Budget,
    load: Load,
}

impl Session for Redis {
    type Seen = snapshot::Redis;

    async fn open(endpoint: Endpoint) -> Self {
        let until = Instant::now() + LOOK;
        let (url, is_secret) = plain(&endpoint.url);
        let Ok(info) = url.as_str().into_connection_info() else {
            // Its error may tell the address, and the password with it.
            let seen = Probed::Failed(format!("it cannot be read as an address: {FORM}"));
            return Self::new(Place::unknown(&endpoint), Err((None, seen)), until);
        };
        let place = match info.addr() {
            ConnectionAddr::Tcp(host, port) => {
                let place = Place::of(&endpoint, host, *port, until).await;
                if is_secret { place.by_tls() } else { place }
            }
            ConnectionAddr::Unix(path) => Place::socket(&endpoint, path),
            _ => Place::unknown(&endpoint),
        };
        let mut session =
            Self::new(place, Err((None, Probed::Failed(NO_ANSWER.to_owned()))), until);
        session.database = u64::try_from(info.redis_settings().db()).unwrap_or(0);
        session.has_password = info.redis_settings().password().is_some();
        session.has_user = info.redis_settings().username().is_some();
        let budget = session.budget.clone();
        session.client = match timeout_at(until, connect(&info, is_secret, budget)).await {
            Ok(Ok(Ok(client))) => Ok(client),
            Ok(Ok(Err(refused))) => Err(refused_by(refused)),
            Ok(Err(error)) => Err((None, Probed::Failed(format!("no connection: {error}")))),
            Err(_) => Err((
                None,
                Probed::Failed(format!("it did not let the doctor in within {} s", LOOK.as_secs())),
            )),
        };
        session.load.queries += 1;
        session.enter(info.redis_settings()).await;
        session
    }

    async fn look(&mut self, deep: bool, until: Instant) -> Server<Self::Seen> {
        self.until = until;
        match &self.client {
            Ok(_) => {
                let seen = commands::look(self, deep).await;
                self.place.server(Probed::Seen(seen), None)
            }
            Err((refused, seen)) => self.place.server(seen.clone(), refused.clone()),
        }
    }

    fn load(&self) -> Load {
        self.load
    }
}

impl Redis {
    fn new(
        place: Place,
        client: Result<MultiplexedConnection, (Option<Refusal>, Probed<snapshot::Redis>)>,
        until: Instant,
    ) -> Self {
        Self {
            local: place.is_local(),
            place,
            client,
            database: 0,
            has_password: false,
            has_user: false,
            prefixes: Vec::new(),
            until,
            budget: Budget::default(),
            load: Load::default(),
        }
    }

    /// Counts keys with the prefixes apart that the user named as those of what must not be lost: nobody else can know.
    pub(super) fn count_apart(&mut self, facts: &BTreeMap<String, String>) {
        let named = facts.get(PREFIXES).map_or("", String::as_str).split(',').map(str::trim);
        self.prefixes =
            named.filter(|it| !it.is_empty()).take(PREFIXES_MAX).map(str::to_owned).collect();
    }

    /// Shows the password, and says who this is; a server that does not let one in is one that refused.
    async fn enter(&mut self, settings: &RedisConnectionInfo) {
        if let Some(password) = settings.password() {
            let mut auth = redis_client::cmd("AUTH");
            if let Some(user) = settings.username() {
                auth.arg(user);
            }
            let answer = self.ask(auth.arg(password)).await;
            self.refuse(&answer);
        }
        let answer =
            self.ask(redis_client::cmd("CLIENT").arg("SETNAME").arg("groundsill-doctor")).await;
        // A user who may not give itself a name, and a server that does not know of names, may still be looked at.
        if !matches!(&answer, Answer::Error(code, _) if code == "NOPERM" || code == "ERR") {
            self.refuse(&answer);
        }
        if self.database > 0 {
            let answer = self.ask(redis_client::cmd("SELECT").arg(self.database)).await;
            self.refuse(&answer);
        }
    }

    /// Whether it would have let anybody in.
    fn is_open(&self) -> Probed<bool> {
        match (self.has_password, self.has_user) {
            (false, _) => Probed::Seen(true),
            // Without a name it is the default user's password, and the server refuses one where there is none.
            (true, false) => Probed::Seen(false),
            (true, true) => Probed::Absent(
                "way to know whether others need a password: the doctor came in as a user of its own".to_owned(),
            ),
        }
    }

    /// Keeps the first error as the refusal that it is.
    fn refuse(&mut self, answer: &Answer) {
        if self.client.is_err() {
            return;
        }
        match answer {
            Answer::Told(_) => {}
            Answer::Error(code, message) => {
                let refusal = Refusal { code: code.clone(), message: message.clone() };
                let needs = match code.as_str() {
                    "NOAUTH" => "a password: redis://USER:PASSWORD@HOST:PORT".to_owned(),
                    "WRONGPASS" => "the right user and password".to_owned(),
                    _ => format!("to be let in; it says \"{message}\""),
                };
                self.client = Err((Some(refusal), Probed::Denied(needs)));
            }
            Answer::Broken(why) => {
                self.client = Err((None, Probed::Failed(format!("no connection: {why}"))));
            }
        }
    }

    /// The answer to one command.
    async fn ask(&mut self, command: &Cmd) -> Answer {
        let Ok(client) = &mut self.client else { return Answer::Broken("no session".to_owned()) };
        self.load.queries += 1;
        self.budget.renew();
        let answer = timeout_at(self.until, client.send_packed_command(command)).await;
        let answer = match answer {
            Ok(Ok(value)) => Answer::of(value),
            Ok(Err(error)) => Answer::failed(&error),
            Err(_) => Answer::Broken(NO_ANSWER.to_owned()),
        };
        self.load.bytes += answer.bytes();
        answer
    }

    /// The answers to some commands, one to each.
    async fn ask_all(&mut self, commands: &[Cmd]) -> Vec<Answer> {
        let mut answers = Vec::with_capacity(commands.len());
        for batch in commands.chunks(PIPELINE_MAX) {
            let Ok(client) = &mut self.client else { break };
            let mut pipeline = Pipeline::with_capacity(batch.len());
            for command in batch {
                pipeline.add_command(command.clone());
            }
            self.load.queries += batch.len() as u64;
            self.budget.renew();
            let sent = client.send_packed_commands(&pipeline, 0, batch.len());
            let told = match timeout_at(self.until, sent).await {
                Ok(Ok(values)) => values.into_iter().map(Answer::of).collect(),
                Ok(Err(error)) => vec![Answer::failed(&error); batch.len()],
                Err(_) => vec![Answer::Broken(NO_ANSWER.to_owned()); batch.len()],
            };
            answers.extend::<Vec<_>>(told);
        }
        self.load.bytes += answers.iter().map(Answer::bytes).sum::<u64>();
        answers.resize(commands.len(), Answer::Broken(NO_ANSWER.to_owned()));
        answers
    }
}

/// Whether this is an address.
pub(super) fn is_address(url: &str) -> bool {
    plain(url).0.into_connection_info().is_ok()
}

/// What a server answers.
#[derive(Clone, Debug, PartialEq)]
enum Answer {
    /// This.
    Told(Value),
    /// An error: its code, and its words.
    Error(String, String),
    /// Nothing.
    Broken(String),
}

impl Answer {
    fn of(value: Value) -> Self {
        match value {
            Value::ServerError(error) => {
                Self::Error(error.code().to_owned(), error.details().unwrap_or_default().to_owned())
            }
            value => Self::Told(value),
        }
    }

    fn failed(error: &RedisError) -> Self {
        match error.code() {
            Some(code) => {
                Self::Error(code.to_owned(), error.detail().unwrap_or_default().to_owned())
            }
            None => Self::Broken(format!("the connection broke: {error}")),
        }
    }

    /// What was told; else what it means that nothing was. `needs` is the rule of an ACL that would allow it.
    fn probed(self, needs: &str) -> Probed<Value> {
        let (code, message) = match self {
            Self::Told(value) => return Probed::Seen(value),
            Self::Error(code, message) => (code, message),
            Self::Broken(why) => return Probed::Failed(why),
        };
        match code.as_str() {
            "NOPERM" => {
                Probed::Denied(format!("{needs} in the ACL of its user: ACL SETUSER USER {needs}"))
            }
            "NOAUTH" => Probed::Denied("a password: redis://USER:PASSWORD@HOST:PORT".to_owned()),
            "LOADING" => Probed::Absent("answer yet: it loads its data (LOADING)".to_owned()),
            "MASTERDOWN" => {
                Probed::Absent("answer: the link to its primary is down (MASTERDOWN)".to_owned())
            }
            _ if message.to_lowercase().contains("unknown command")
                || message.to_lowercase().contains("unknown subcommand") =>
            {
                Probed::Absent(format!(
                    "such a command here ({needs}): renamed, taken away, or of a later version"
                ))
            }
            _ => Probed::Failed(format!("it says \"{code} {message}\"")),
        }
    }

    fn bytes(&self) -> u64 {
        match self {
            Self::Told(value) => bytes(value),
            Self::Error(code, message) => (code.len() + message.len()) as u64,
            Self::Broken(_) => 0,
        }
    }
}

/// How much an answer was, about.
fn bytes(value: &Value) -> u64 {
    match value {
        Value::BulkString(bytes) => bytes.len() as u64,
        Value::SimpleString(text) => text.len() as u64,
        Value::Array(values) => values.iter().map(bytes).sum(),
        _ => 8,
    }
}

/// What it means that a server sends one away before anything was asked.
fn refused_by(refused: Refusal) -> (Option<Refusal>, Probed<snapshot::Redis>) {
    let needs = format!("to be let in; it says \"{}\"", refused.message);
    (Some(refused), Probed::Denied(needs))
}

/// Whether the server talks to one at all: one that is full, or in protected mode, says so at once and hangs up, which a client
/// that has not asked anything yet would not hear.
async fn greet(stream: &mut (dyn AsyncStream + Send + Unpin)) -> std::io::Result<Option<Refusal>> {
    // Where this fails, what it said before may still be read.
    let _sent = stream.write_all(b"*1\r\n$4\r\nPING\r\n").await;
    let mut line = Vec::new();
    while line.len() < GREETING_MAX && line.last() != Some(&b'\n') {
        line.push(stream.read_u8().await?);
    }
    Ok(sent_away(&String::from_utf8_lossy(&line)))
}

/// Of a line, whether it sends one away. Any other error, such as that a password is needed, is met later.
fn sent_away(line: &str) -> Option<Refusal> {
    let (code, message) = line.trim_end().strip_prefix('-')?.split_once(' ')?;
    let is_away = code == "DENIED" || message.contains(FULL);
    is_away.then(|| Refusal { code: code.to_owned(), message: message.to_owned() })
}

/// An address as the crate reads it, which is built without TLS of its own; and whether TLS is wanted.
fn plain(url: &str) -> (String, bool) {
    match url.split_once("://") {
        Some(("rediss" | "valkeys", rest)) => (format!("redis://{rest}"), true),
        _ => (url.to_owned(), false),
    }
}

async fn connect(
    info: &ConnectionInfo,
    is_secret: bool,
    budget: Budget,
) -> Result<Result<MultiplexedConnection, Refusal>, RedisError> {
    let stream: Box<dyn AsyncStream + Send + Unpin> = match info.addr() {
        ConnectionAddr::Tcp(host, port) if !is_secret => {
            Box::new(TcpStream::connect((host.as_str(), *port)).await?)
        }
        ConnectionAddr::Tcp(host, port) => {
            let stream = TcpStream::connect((host.as_str(), *port)).await?;
            let name = ServerName::try_from(host.clone()).map_err(std::io::Error::other)?;
            Box::new(TlsConnector::from(Arc::new(trust::config())).connect(name, stream).await?)
        }
        ConnectionAddr::Unix(path) => Box::new(UnixStream::connect(path).await?),
        _ => return Err(std::io::Error::from(std::io::ErrorKind::Unsupported).into()),
    };
    let mut stream = Bounded::new(stream, budget);
    if let Some(refused) = greet(&mut stream).await? {
        return Ok(Err(refused));
    }
    let (client, connection) = MultiplexedConnection::new(&BARE, stream).await?;
    // Ends with the connection, which ends with its client.
    let _handle = tokio::spawn(connection);
    Ok(Ok(client))
}

#[cfg(test)]
mod tests;
