//! What is looked at, by what was asked for.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, bail};
use clap::ArgMatches;
use doctor::check::{FACTS, Target};
use doctor::probe::discover;

use super::{Endpoint, Missed, Usage};

/// Kinds of servers, and where their own clients take a password from.
const KINDS: [(Target, Option<&str>); 5] = [
    (Target::Postgres, Some("PGPASSWORD")),
    (Target::Mysql, Some("MYSQL_PWD")),
    (Target::Redis, Some("REDISCLI_AUTH")),
    (Target::Pgbouncer, Some("PGPASSWORD")),
    (Target::Etcd, None),
];

/// What is looked at.
pub(super) struct Aim {
    /// Kinds; none if all.
    kinds: BTreeSet<Target>,
    pub(super) servers: Vec<Endpoint>,
    pub(super) facts: BTreeMap<String, String>,
}

impl Aim {
    /// `is_recorded` is whether nothing is looked at, since a recording is judged.
    pub(super) fn of(matches: &ArgMatches, is_recorded: bool) -> Result<Self> {
        let words: Vec<&String> = matches.get_many("target").into_iter().flatten().collect();
        let all = KINDS.iter().map(|(kind, _)| *kind).chain([Target::Host, Target::Boundary]);
        let mut kinds: BTreeSet<Target> =
            all.filter(|kind| words.iter().any(|word| *word == kind.name())).collect();
        let mut servers = Vec::new();
        for (kind, secret) in KINDS {
            for url in matches.get_many::<String>(kind.name()).into_iter().flatten() {
                let url = with_password(url, secret.and_then(environment));
                let server = Endpoint { kind, url, named: true };
                if let Some(form) = server.malformed() {
                    // What was given may hold a password.
                    bail!(Usage(format!("--{}: this is no address; it is {form}", kind.name())));
                }
                servers.push(server);
            }
        }
        let are_named = !servers.is_empty();
        if matches.get_flag("quick") {
            if are_named || kinds.iter().any(|kind| *kind != Target::Host) {
                bail!(Usage("--quick is of this machine alone".into()));
            }
            kinds.insert(Target::Host);
        }
        if are_named && kinds.is_empty() {
            kinds.extend(servers.iter().map(|it| it.kind));
            kinds.insert(Target::Boundary);
            if servers.iter().any(is_here) {
                kinds.insert(Target::Host);
            }
        }
        let is_wanted = |kind: Target| kinds.is_empty() || kinds.contains(&kind);
        let is_of_servers =
            KINDS.iter().any(|(kind, _)| is_wanted(*kind)) || is_wanted(Target::Boundary);
        if !are_named && !is_recorded && is_of_servers {
            let found = discover().into_iter();
            servers.extend(
                found.filter(|it| is_wanted(it.kind) || is_wanted(Target::Boundary)).map(known),
            );
        }
        for (kind, _) in KINDS.iter().filter(|(kind, _)| words.iter().any(|it| *it == kind.name()))
        {
            if !is_recorded && !servers.iter().any(|it| it.kind == *kind) {
                let name = kind.name();
                bail!(Missed(format!(
                    "no {name} listens on its usual port here; name it: --{name} ADDRESS"
                )));
            }
        }
        Ok(Self { kinds, servers, facts: facts(matches)? })
    }

    pub(super) fn covers(&self, target: Target) -> bool {
        self.kinds.is_empty() || self.kinds.contains(&target)
    }
}

/// One that was found, with the password that the environment has for it.
fn known(mut found: Endpoint) -> Endpoint {
    let secret = KINDS.iter().find(|(kind, _)| *kind == found.kind).and_then(|(_, name)| *name);
    found.url = with_password(&found.url, secret.and_then(environment));
    found
}

fn environment(name: &str) -> Option<String> {
    std::env::var_os(name)?.into_string().ok()
}

/// Whether it is on this machine, as far as its address alone tells.
fn is_here(endpoint: &Endpoint) -> bool {
    let rest = endpoint.url.split_once("://").map_or("", |(_, rest)| rest);
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let is_local = |name: &str| host == name || host.starts_with(&format!("{name}:"));
    host.is_empty() || ["localhost", "127.0.0.1", "[::1]"].into_iter().any(is_local)
}

/// An address with a password, if it has none of its own.
fn with_password(url: &str, password: Option<String>) -> String {
    let (Some(password), Some((scheme, rest))) = (password, url.split_once("://")) else {
        return url.to_owned();
    };
    let secret: String = password.bytes().map(escaped).collect();
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    match authority.rsplit_once('@') {
        Some((user, _)) if user.contains(':') => url.to_owned(),
        Some((user, host)) => format!("{scheme}://{user}:{secret}@{host}{path}"),
        None => format!("{scheme}://:{secret}@{authority}{path}"),
    }
}

/// A byte as it may stand in an address.
fn escaped(byte: u8) -> String {
    if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") }
}

fn facts(matches: &ArgMatches) -> Result<BTreeMap<String, String>> {
    let mut facts = BTreeMap::new();
    for fact in matches.get_many::<String>("fact").into_iter().flatten() {
        let Some((name, value)) = fact.split_once('=') else {
            bail!(Usage(format!("--fact {fact}: it is NAME=VALUE")));
        };
        let is_known =
            |known: &&str| name == *known || (known.ends_with('.') && name.starts_with(*known));
        if !FACTS.iter().any(is_known) {
            bail!(Usage(format!(
                "--fact {fact}: no check takes {name}; docs/doctor.md has all of them"
            )));
        }
        if facts.insert(name.to_owned(), value.to_owned()).is_some() {
            bail!(Usage(format!("--fact {name} is given twice")));
        }
    }
    Ok(facts)
}

#[cfg(test)]
mod tests;
