//! What files of `sysctl.d` say, and what the kernel has: sysctl.d(5).
//!
//! Of files of the same name the first folder has it; of lines about the same setting the last, in the order of the names of files.
//! A file of the vendor below `/usr/lib` is nobody's wish for this machine: it only stands back behind one that is.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::probe::{text, unseen};
use crate::snapshot::{Probed, Setting};

/// In the order in which they win.
const FOLDERS: [&str; 5] = [
    "/etc/sysctl.d",
    "/run/sysctl.d",
    "/usr/local/lib/sysctl.d",
    "/usr/lib/sysctl.d",
    "/lib/sysctl.d",
];

/// The first so many are of this machine, the others of its distribution.
const OWN: usize = 3;

/// More files are not read.
const FILES_MAX: usize = 256;

/// What is looked at: what databases and brokers ask for, and none of it secret.
const NAMES: &[&str] = &[
    "fs.aio-max-nr",
    "fs.file-max",
    "fs.inotify.max_user_instances",
    "fs.inotify.max_user_watches",
    "fs.nr_open",
    "kernel.panic",
    "kernel.panic_on_oops",
    "kernel.pid_max",
    "kernel.sem",
    "kernel.shmall",
    "kernel.shmmax",
    "kernel.threads-max",
    "net.core.netdev_max_backlog",
    "net.core.rmem_max",
    "net.core.somaxconn",
    "net.core.wmem_max",
    "net.ipv4.ip_forward",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.neigh.default.gc_thresh3",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_max_syn_backlog",
    "net.ipv4.tcp_mtu_probing",
    "net.ipv4.tcp_retries2",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.tcp_tw_reuse",
    "net.ipv4.tcp_wmem",
    "net.netfilter.nf_conntrack_max",
    "vm.dirty_background_ratio",
    "vm.dirty_ratio",
    "vm.max_map_count",
    "vm.min_free_kbytes",
    "vm.nr_hugepages",
    "vm.overcommit_memory",
    "vm.overcommit_ratio",
    "vm.swappiness",
    "vm.zone_reclaim_mode",
];

pub(super) fn look() -> Probed<Vec<Setting>> {
    files().and_then(|files| {
        let mut said = BTreeMap::new();
        for (path, is_own) in files.into_values().take(FILES_MAX) {
            let told = match text(&path) {
                Probed::Seen(told) => told,
                // It went meanwhile, or is a link to nothing.
                Probed::Absent(_) => continue,
                blind => return blind.map(|_| Vec::new()),
            };
            for (name, value) in parse(&told) {
                said.insert(name, (value, path.clone(), is_own));
            }
        }
        let is_foreign = is_foreign_network();
        let own = said
            .into_iter()
            .filter(|(name, (_, _, is_own))| *is_own && !(is_foreign && name.starts_with("net.")));
        Probed::Seen(
            own.map(|(name, (configured, file, _))| setting(name, configured, file)).collect(),
        )
    })
}

/// By their names, with whether they are of this machine.
fn files() -> Probed<BTreeMap<String, (String, bool)>> {
    let mut files = BTreeMap::new();
    for (at, folder) in FOLDERS.into_iter().enumerate() {
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => return unseen(&error, folder),
        };
        for entry in entries.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if Path::new(&name).extension().is_some_and(|it| it == "conf") {
                let path = format!("{folder}/{name}");
                files.entry(name).or_insert((path, at < OWN));
            }
        }
    }
    Probed::Seen(files)
}

/// Only those that are looked at, in the order of their lines.
fn parse(text: &str) -> Vec<(&'static str, String)> {
    let set = |line: &str| {
        let line = line.trim();
        if line.starts_with(['#', ';']) {
            return None;
        }
        let (name, value) = line.split_once('=')?;
        let name = canonical(name.trim().trim_start_matches('-'));
        let name = NAMES.iter().find(|it| **it == name)?;
        let value = plain(value);
        (!value.is_empty()).then_some((*name, value))
    };
    text.lines().filter_map(set).collect()
}

/// Either separator may be used; the first that occurs says which it is.
fn canonical(name: &str) -> String {
    match name.find(['/', '.']).and_then(|at| name.get(at..=at)) {
        Some("/") => name.trim_start_matches('/').replace('/', "."),
        _ => name.to_owned(),
    }
}

/// The kernel writes tabulators between numbers.
fn plain(value: &str) -> String {
    value.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn setting(name: &str, configured: String, file: String) -> Setting {
    let running = text(&format!("/proc/sys/{}", name.replace('.', "/"))).map(|text| plain(&text));
    Setting { name: name.to_owned(), configured, file, running }
}

/// In a network namespace of its own these are not what the machine has. Who may not see that of process 1 is taken to be in it.
fn is_foreign_network() -> bool {
    let of = |who: &str| fs::read_link(format!("/proc/{who}/ns/net"));
    matches!((of("1"), of("thread-self")), (Ok(first), Ok(own)) if first != own)
}

#[cfg(test)]
mod tests;
