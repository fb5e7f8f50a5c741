//! A member of etcd, over HTTP: three requests for a look, of which none writes.
//!
//! Requests run in threads of their own, and each has until the end of the look: a member that takes connections and says nothing
//! holds up nobody. Nothing goes through a proxy. Who the server is, is not asked, as with the others: the doctor sends no secret
//! but what the address itself holds.
//!
//! Source: the documentation of etcd (monitoring, gRPC gateway), and its metrics as 3.4 writes them.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};
use ureq::Agent;
use ureq::http::Uri;
use ureq::http::uri::Authority;
use ureq::tls::TlsConfig;

use super::{Endpoint, Place, Session};
use crate::probe::{LOOK, Load};
use crate::snapshot::{self, Probed, Server};

mod answers;

/// More of `/metrics` is not read; etcd 3.4 writes 150 KB.
const METRICS_MAX: u64 = 4 << 20;

/// More of the other answers is not read.
const ANSWER_MAX: u64 = 64 << 10;

const NO_ANSWER: &str = "it did not answer in time";

/// Where to ask; each request has a connection of its own if it needs one.
#[derive(Debug)]
pub(super) struct Etcd {
    place: Place,
    /// `http://HOST:PORT`, or what is wrong with the address.
    base: Result<String, String>,
    load: Load,
}

/// An answer of any status.
struct Answer {
    status: u16,
    text: String,
}

/// How an address is written.
pub(super) const FORM: &str = "http://HOST:PORT or https://HOST:PORT";

/// Whether this is an address.
pub(super) fn is_address(url: &str) -> bool {
    url.parse::<Uri>().is_ok_and(|uri| parts(&uri).is_some())
}

/// How, and with whom it is spoken.
fn parts(uri: &Uri) -> Option<(&str, &Authority)> {
    let scheme = uri.scheme_str().filter(|it| matches!(*it, "http" | "https"))?;
    Some((scheme, uri.authority()?))
}

impl Session for Etcd {
    type Seen = snapshot::Etcd;

    async fn open(endpoint: Endpoint) -> Self {
        let until = Instant::now() + LOOK;
        let load = Load::default();
        let uri = endpoint.url.parse::<Uri>().ok();
        let Some((scheme, authority)) = uri.as_ref().and_then(parts) else {
            let base = Err(format!("it cannot be read as an address: {FORM}"));
            return Self { place: Place::unknown(&endpoint), base, load };
        };
        let host = authority.host().trim_matches(['[', ']']);
        let port = authority.port_u16().unwrap_or(2379);
        let place = Place::of(&endpoint, host, port, until).await;
        let user = authority.as_str().rsplit_once('@').map_or("", |(user, _)| user);
        let at = if user.is_empty() { "" } else { "@" };
        let base = Ok(format!("{scheme}://{user}{at}{}:{port}", authority.host()));
        Self { place, base, load }
    }

    async fn look(&mut self, _deep: bool, until: Instant) -> Server<Self::Seen> {
        let base = match &self.base {
            Ok(base) => base.clone(),
            Err(wrong) => return self.place.server(Probed::Failed(wrong.clone()), None),
        };
        // One after the other: so a member that is silent costs one thread.
        let metrics = match self.ask(format!("{base}/metrics"), None, METRICS_MAX, until).await {
            Ok(answer) => answers::metrics(answer.status, &answer.text),
            Err(error) => return self.place.server(Probed::Failed(error), None),
        };
        if let Probed::Denied(needs) = &metrics {
            return self.place.server(Probed::Denied(needs.clone()), None);
        }
        let version = self.ask(format!("{base}/version"), None, ANSWER_MAX, until).await;
        let list = Some("{\"action\":\"GET\"}");
        let alarms =
            self.ask(format!("{base}/v3/maintenance/alarm"), list, ANSWER_MAX, until).await;
        let seen = snapshot::Etcd {
            version: of(version, answers::version),
            metrics,
            alarms: of(alarms, answers::alarms),
        };
        self.place.server(Probed::Seen(seen), None)
    }

    fn load(&self) -> Load {
        self.load
    }
}

impl Etcd {
    /// What is answered; a body makes it a `POST`.
    async fn ask(
        &mut self,
        url: String,
        body: Option<&'static str>,
        bytes_max: u64,
        until: Instant,
    ) -> Result<Answer, String> {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(NO_ANSWER.to_owned());
        }
        self.load.queries += 1;
        let asked = tokio::task::spawn_blocking(move || request(&url, body, bytes_max, left));
        let answer = match timeout_at(until, asked).await {
            Ok(Ok(answer)) => answer?,
            Ok(Err(_)) => return Err("the request was broken off".to_owned()),
            Err(_) => return Err(NO_ANSWER.to_owned()),
        };
        self.load.bytes += answer.text.len() as u64;
        Ok(answer)
    }
}

fn of<T>(answer: Result<Answer, String>, parse: fn(u16, &str) -> Probed<T>) -> Probed<T> {
    match answer {
        Ok(Answer { status, text }) => parse(status, &text),
        Err(error) => Probed::Failed(error),
    }
}

fn request(
    url: &str,
    body: Option<&str>,
    bytes_max: u64,
    left: Duration,
) -> Result<Answer, String> {
    let agent: Agent = Agent::config_builder()
        .timeout_global(Some(left))
        .http_status_as_error(false)
        .max_redirects(0)
        .proxy(None)
        .user_agent("groundsill-doctor")
        .tls_config(TlsConfig::builder().disable_verification(true).build())
        .build()
        .into();
    let answer = match body {
        Some(body) => agent.post(url).content_type("application/json").send(body),
        None => agent.get(url).call(),
    };
    let mut answer = answer.map_err(said)?;
    let status = answer.status().as_u16();
    let text = answer.body_mut().with_config().limit(bytes_max).lossy_utf8(true).read_to_string();
    Ok(Answer { status, text: text.map_err(said)? })
}

/// Without the address, in which there may be a password.
fn said(error: ureq::Error) -> String {
    match error {
        ureq::Error::Timeout(_) => NO_ANSWER.to_owned(),
        ureq::Error::Io(error) => format!("no connection: {error}"),
        ureq::Error::HostNotFound => "no connection: its name has no address".to_owned(),
        ureq::Error::BodyExceedsLimit(bytes) => format!("its answer has more than {bytes} bytes"),
        ureq::Error::Rustls(error) => format!("no connection: {error}"),
        _ => "it does not answer as an HTTP server does".to_owned(),
    }
}

#[cfg(test)]
mod tests;
