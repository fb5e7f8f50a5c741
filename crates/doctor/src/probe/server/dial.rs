//! A connection over PostgreSQL's protocol, or why there is none: to PostgreSQL itself, or to the console of a PgBouncer.

use std::convert::Infallible;
use std::path::Path;
use std::str::FromStr;

use tokio::net::{TcpStream, UnixStream};
use tokio::time::{Instant, timeout_at};
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{Client, Config, Error, SimpleQueryMessage, config::Host};

use super::bounded::{Bounded, Budget};
use super::postgres::trust;
use super::{Endpoint, Place};
use crate::probe::LOOK;
use crate::snapshot::{Probed, Refusal};

/// Why there is no session: what the server said, and what that means.
pub(super) type Missed = (Option<Refusal>, Probed<Infallible>);

/// To what is dialled.
pub(super) struct Line {
    /// Where it listens, if the address does not say.
    pub(super) port: u16,
    /// The database, if the address does not say.
    pub(super) database: &'static str,
    /// The database in any case.
    pub(super) is_fixed: bool,
    /// Who is let in.
    pub(super) needs: &'static str,
    /// How an address is written.
    pub(super) form: &'static str,
}

/// Whether this is an address: of one server.
pub(super) fn is_address(url: &str) -> bool {
    read(url).is_some()
}

/// What an address says, and what it calls the server: a name, an address, or the folder of a socket.
fn read(url: &str) -> Option<(Config, String)> {
    let config = Config::from_str(url).ok()?;
    let host = match (config.get_hosts(), config.get_hostaddrs()) {
        ([Host::Tcp(host)], [] | [_]) => host.clone(),
        ([Host::Unix(folder)], []) => folder.to_string_lossy().into_owned(),
        ([], [address]) => address.to_string(),
        _ => return None,
    };
    Some((config, host))
}

/// Connects within [`LOOK`].
pub(super) async fn dial(endpoint: &Endpoint, line: Line) -> (Place, Result<Dialled, Missed>) {
    let until = Instant::now() + LOOK;
    let Line { port, database, is_fixed, needs, form } = line;
    let Some((mut config, host)) = read(&endpoint.url) else {
        // Its error may tell the address, and the password with it.
        let form = format!("it cannot be read as an address: {form}");
        return (Place::unknown(endpoint), Err((None, Probed::Failed(form))));
    };
    let port = config.get_ports().first().copied().unwrap_or(port);
    let place = Place::of(endpoint, &host, port, until).await;
    config.application_name("groundsill-doctor");
    if is_fixed || config.get_dbname().is_none() {
        config.dbname(database);
    }
    let client = match timeout_at(until, connect(&config, &host, port)).await {
        Ok(Ok(client)) => Ok(client),
        Ok(Err(Failure::Way(error))) => {
            Err((None, Probed::Failed(format!("no connection: {error}"))))
        }
        Ok(Err(Failure::Protocol(error))) => Err(missed(&error, needs)),
        Err(_) => {
            let seconds = LOOK.as_secs();
            let late = format!("it did not let the doctor in within {seconds} s");
            Err((None, Probed::Failed(late)))
        }
    };
    (place, client)
}

/// A session, over which no answer takes more memory than [`Budget`] has.
#[derive(Debug)]
pub(super) struct Dialled {
    client: Client,
    budget: Budget,
}

impl Dialled {
    /// What statements answer.
    pub(super) async fn simple_query(
        &self,
        statement: &str,
    ) -> Result<Vec<SimpleQueryMessage>, Broken> {
        self.budget.renew();
        let answer = self.client.simple_query(statement).await;
        answer.map_err(|error| Broken { why: self.budget.exhausted(), error })
    }
}

/// A statement that was not answered.
#[derive(Debug)]
pub(super) struct Broken {
    /// Why the connection was broken off here: the client itself only knows that it is closed.
    why: Option<String>,
    /// What the client says.
    pub(super) error: Error,
}

impl Broken {
    /// What broke the connection.
    pub(super) fn cause(&self) -> String {
        self.why.clone().unwrap_or_else(|| cause(&self.error))
    }
}

/// Why there is no session.
enum Failure {
    /// Nobody is there, or nobody is heard.
    Way(std::io::Error),
    /// Somebody is.
    Protocol(Error),
}

/// `host` is a name, an address, or the folder of a socket.
async fn connect(config: &Config, host: &str, port: u16) -> Result<Dialled, Failure> {
    let budget = Budget::default();
    if host.starts_with('/') {
        let path = Path::new(host).join(format!(".s.PGSQL.{port}"));
        let stream = UnixStream::connect(path).await.map_err(Failure::Way)?;
        return speak(config, host, Bounded::new(stream, budget)).await;
    }
    let stream = match config.get_hostaddrs().first() {
        Some(address) => TcpStream::connect((*address, port)).await,
        None => TcpStream::connect((host, port)).await,
    };
    let stream = stream.map_err(Failure::Way)?;
    speak(config, host, Bounded::new(stream, budget)).await
}

async fn speak<S>(config: &Config, host: &str, stream: Bounded<S>) -> Result<Dialled, Failure>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let budget = stream.budget();
    // A folder is no name that a certificate could have; whose it is, is not asked in any case.
    let name = if host.starts_with('/') { "localhost" } else { host };
    let mut connector = trust::connector();
    let tls = MakeTlsConnect::<Bounded<S>>::make_tls_connect(&mut connector, name);
    let tls = tls.map_err(|error| Failure::Way(std::io::Error::other(error)))?;
    let (client, connection) = config.connect_raw(stream, tls).await.map_err(Failure::Protocol)?;
    // Ends with the connection, which ends with its client.
    let _handle = tokio::spawn(connection);
    Ok(Dialled { client, budget })
}

fn missed(error: &Error, needs: &str) -> Missed {
    let Some(told) = error.as_db_error() else {
        return (None, Probed::Failed(format!("no connection: {}", cause(error))));
    };
    let (code, message) = (told.code().code().to_owned(), told.message().to_owned());
    let seen = Probed::Denied(format!("{needs}; it says \"{message}\""));
    (Some(Refusal { code, message }), seen)
}

/// The innermost cause: of the outer ones the text says nothing.
fn cause(error: &Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}
