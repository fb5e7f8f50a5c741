//! Everything of a run in one file, for somebody who helps.
//!
//! A snapshot holds no secret by how it is made: values are asked for by name, statements without their literals, and no key. What
//! it does hold are names and addresses of machines; those can be replaced, each by the same one wherever it stands: names by a word,
//! addresses by one of those that are kept for tests (RFC 2544) and documents (RFC 3849), so that a bundle can still be judged.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use serde_json::{Value, json};

use crate::report::Report;
use crate::snapshot::Recording;

/// The text of a bundle. With `anonymous`, a keyed hash, names and addresses of machines are replaced.
pub fn bundle(
    report: &Report,
    recording: &Recording,
    anonymous: Option<&dyn Fn(&str) -> u64>,
) -> String {
    let mut whole = json!({
        "doctor": env!("CARGO_PKG_VERSION"),
        "recording": recording,
        "records": report.records,
        "suppressed": report.suppressed.iter().map(|it| &it.record).collect::<Vec<_>>(),
    });
    if let Some(hash) = anonymous {
        let names = names(recording);
        let mut veil = Veil { names, hash, known: BTreeMap::new() };
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
    hash: &'a dyn Fn(&str) -> u64,
    known: BTreeMap<String, u64>,
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
                text = text.replace(&name, &format!("m{:016x}", self.hash_of(&name)));
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
        // What ends a sentence is not of the address.
        let bare = run.trim_end_matches(['.', ':']);
        let tail = &run[bare.len()..];
        if is_link_address(bare) {
            let hash = self.hash_of(bare).to_be_bytes();
            let parts: Vec<String> = hash[..5].iter().map(|byte| format!("{byte:02x}")).collect();
            return format!("02:{}{tail}", parts.join(":"));
        }
        let (ip, port) = match (bare.parse::<IpAddr>(), bare.parse::<SocketAddr>()) {
            (Ok(ip), _) => (ip, None),
            (_, Ok(socket)) => (socket.ip(), Some(socket.port())),
            _ => return run.to_owned(),
        };
        if ip.is_loopback() || ip.is_unspecified() {
            return run.to_owned();
        }
        let other = self.other(ip);
        let told =
            port.map_or_else(|| other.to_string(), |port| SocketAddr::new(other, port).to_string());
        told + tail
    }

    /// One that is of no machine.
    fn other(&mut self, ip: IpAddr) -> IpAddr {
        let hash = self.hash_of(&ip.to_string()).to_be_bytes();
        match ip {
            IpAddr::V4(_) => Ipv4Addr::new(198, 18 + (hash[0] & 1), hash[1], hash[2]).into(),
            IpAddr::V6(_) => {
                let mut octets = [0; 16];
                octets[..4].copy_from_slice(&[0x20, 0x01, 0x0d, 0xb8]);
                octets[8..].copy_from_slice(&hash);
                Ipv6Addr::from(octets).into()
            }
        }
    }

    fn hash_of(&mut self, name: &str) -> u64 {
        let hash = self.hash;
        *self.known.entry(name.to_owned()).or_insert_with(|| hash(name))
    }
}

/// Whether it is the address of an interface, such as `52:54:00:12:34:56`.
fn is_link_address(text: &str) -> bool {
    let mut parts = text.split(':');
    let is_byte = |part: &str| part.len() == 2 && u8::from_str_radix(part, 16).is_ok();
    parts.clone().count() == 6 && parts.all(is_byte)
}

#[cfg(test)]
mod tests;
