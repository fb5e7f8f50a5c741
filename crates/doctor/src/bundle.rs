//! Everything of a run in one file, for somebody who helps.
//!
//! A snapshot holds no secret by how it is made: values are asked for by name, statements without their literals, and no key. What
//! it does hold are names and addresses of machines; those can be replaced, each by the same word wherever it stands.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use serde_json::{Value, json};

use crate::report::Report;
use crate::snapshot::Recording;

/// The text of a bundle. With `anonymous` names and addresses of machines are replaced by what it makes of them.
pub fn bundle(
    report: &Report,
    recording: &Recording,
    anonymous: Option<&dyn Fn(&str) -> String>,
) -> String {
    let mut whole = json!({
        "doctor": env!("CARGO_PKG_VERSION"),
        "recording": recording,
        "records": report.records,
        "suppressed": report.suppressed.iter().map(|it| &it.record).collect::<Vec<_>>(),
    });
    if let Some(word) = anonymous {
        let names = names(recording);
        let mut veil = Veil { names, word, known: BTreeMap::new() };
        veil.over(&mut whole);
    }
    format!("{whole:#}\n")
}

/// Reads the recording of a bundle.
pub(crate) fn recording_of(bundle: &Value) -> Option<&Value> {
    bundle.get("doctor").and(bundle.get("recording"))
}

/// Names of machines, the longest first, as one may begin with another.
fn names(recording: &Recording) -> Vec<String> {
    let seen = &recording.after;
    let ats = seen.postgres.iter().map(|it| &it.at).chain(seen.mysql.iter().map(|it| &it.at));
    let ats = ats.chain(seen.redis.iter().map(|it| &it.at));
    let ats =
        ats.chain(seen.pgbouncer.iter().map(|it| &it.at)).chain(seen.etcd.iter().map(|it| &it.at));
    let hosts = ats.filter_map(|at| at.rsplit_once(':')).map(|(host, _)| host.to_owned());
    let mut names: Vec<String> = hosts
        .chain([recording.before.host.name.clone(), seen.host.name.clone()])
        .filter(|it| !it.is_empty())
        .collect();
    names.sort_by_key(|name| std::cmp::Reverse(name.len()));
    names.dedup();
    names
}

struct Veil<'a> {
    names: Vec<String>,
    word: &'a dyn Fn(&str) -> String,
    known: BTreeMap<String, String>,
}

impl Veil<'_> {
    fn over(&mut self, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.veiled(text),
            Value::Array(all) => all.iter_mut().for_each(|one| self.over(one)),
            Value::Object(all) => all.values_mut().for_each(|one| self.over(one)),
            _ => {}
        }
    }

    fn veiled(&mut self, text: &str) -> String {
        let mut text = text.to_owned();
        for name in self.names.clone() {
            if text.contains(&name) {
                text = text.replace(&name, &self.word_for(&name));
            }
        }
        let is_of_address =
            |one: char| one.is_ascii_hexdigit() || matches!(one, '.' | ':' | '[' | ']');
        let mut out = String::with_capacity(text.len());
        let mut rest = text.as_str();
        while let Some(start) = rest.find(is_of_address) {
            let (before, from) = rest.split_at(start);
            let end = from.find(|one| !is_of_address(one)).unwrap_or(from.len());
            let (run, after) = from.split_at(end);
            out.push_str(before);
            out.push_str(&self.address(run));
            rest = after;
        }
        out + rest
    }

    /// An address, with its port if it has one, or whatever else it is, which stays.
    fn address(&mut self, run: &str) -> String {
        let is_bare = |ip: IpAddr| ip.is_loopback() || ip.is_unspecified();
        // What ends a sentence is not of the address.
        let bare = run.trim_end_matches(['.', ':']);
        let tail = &run[bare.len()..];
        let (ip, port) = match (bare.parse::<IpAddr>(), bare.parse::<SocketAddr>()) {
            (Ok(ip), _) => (ip, String::new()),
            (_, Ok(socket)) => (socket.ip(), format!(":{}", socket.port())),
            _ => return run.to_owned(),
        };
        if is_bare(ip) { run.to_owned() } else { self.word_for(&ip.to_string()) + &port + tail }
    }

    fn word_for(&mut self, name: &str) -> String {
        let word = self.word;
        self.known.entry(name.to_owned()).or_insert_with(|| word(name)).clone()
    }
}

#[cfg(test)]
mod tests;
