//! How many descriptors a server may have, and how many its unit gives it.
//!
//! Source of how units are put together: systemd.unit(5), of the limits: systemd.exec(5).

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::descriptors::parse_limits;
use crate::probe::text;
use crate::snapshot::{Allowance, Known};

/// Where units are, the first wins.
const FOLDERS: &[&str] = &[
    "/etc/systemd/system",
    "/run/systemd/system",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
];

pub(super) fn look(servers: &[Known]) -> Vec<Allowance> {
    servers.iter().filter_map(allowance).collect()
}

/// None if it may not be looked at, or is gone: then there is nothing to compare.
fn allowance(server: &Known) -> Option<Allowance> {
    let pid = server.process.pid;
    let limits = text(&format!("/proc/{pid}/limits"));
    let (soft, hard) = match parse_limits(limits.seen().ok()?) {
        Some((soft, hard)) => (Some(soft), hard),
        None => (None, None),
    };
    let groups = text(&format!("/proc/{pid}/cgroup"));
    let unit = groups.seen().ok().and_then(|text| parse_unit(text));
    Some(Allowance {
        process: server.process.clone(),
        kind: server.kind,
        soft,
        hard,
        unit_soft: unit.as_deref().and_then(|unit| soft_of(FOLDERS, unit)),
        unit,
    })
}

/// The service that a process is in, by the name of its group.
fn parse_unit(text: &str) -> Option<String> {
    let group = |wanted: fn(&str) -> bool| {
        text.lines().find_map(|line| {
            let mut fields = line.splitn(3, ':').skip(1);
            wanted(fields.next()?).then(|| fields.next()).flatten()
        })
    };
    let service =
        |path: &str| path.rsplit('/').find(|it| it.ends_with(".service")).map(str::to_owned);
    let systemd = group(|of| of == "name=systemd").and_then(service);
    systemd.or_else(|| group(str::is_empty).and_then(service))
}

/// `LimitNOFILE` of a unit and of what is dropped beside it, in the order in which it counts.
fn soft_of(folders: &[&str], unit: &str) -> Option<u64> {
    let template = unit.split_once('@').map(|(name, _)| format!("{name}@.service"));
    let names: Vec<&str> = template.iter().map(String::as_str).chain([unit]).collect();
    let file = names.iter().rev().find_map(|name| {
        folders.iter().map(|it| Path::new(it).join(name)).find(|path| path.exists())
    })?;
    // Of files with the same name the one of the first folder counts; all are read in the order of their names.
    let mut drops = BTreeMap::new();
    for folder in folders.iter().rev() {
        for name in &names {
            let folder = Path::new(folder).join(format!("{name}.d"));
            for it in fs::read_dir(folder).into_iter().flatten().flatten() {
                let is_wanted = it.path().extension().is_some_and(|it| it == "conf");
                drops.extend(is_wanted.then(|| (it.file_name(), it.path())));
            }
        }
    }
    let mut limit = None;
    for path in std::iter::once(file).chain(drops.into_values()) {
        let text = text(&path.to_string_lossy());
        for value in text.seen().map(|text| parse_values(text)).unwrap_or_default() {
            limit = value;
        }
    }
    limit
}

/// What each line gives: none takes back what was given before, or gives any number.
fn parse_values(text: &str) -> Vec<Option<u64>> {
    let value = |line: &str| {
        let value = line.trim().strip_prefix("LimitNOFILE")?.trim_start().strip_prefix('=')?;
        Some(value.trim().split(':').next()?.parse().ok())
    };
    text.lines().filter_map(value).collect()
}

#[cfg(test)]
mod tests;
