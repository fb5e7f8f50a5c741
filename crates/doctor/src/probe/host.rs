//! The machine as a whole, and from where it is looked at. Cheap, and never waits.

use std::fs;
use std::path::Path;

use super::{line, text};
use crate::snapshot::{Host, View};

/// All but the groups.
pub(super) fn look() -> Host {
    Host {
        name: line("/proc/sys/kernel/hostname"),
        kernel: line("/proc/sys/kernel/osrelease"),
        boot: line("/proc/sys/kernel/random/boot_id"),
        cpus: std::thread::available_parallelism().map_or(0, |cpus| cpus.get() as u64),
        memory_bytes: memory_bytes(),
        view: view(),
        ..Host::default()
    }
}

fn view() -> View {
    let network = fs::read_link("/proc/thread-self/ns/net");
    View {
        uid: rustix::process::getuid().as_raw(),
        container: container(),
        network: network.map(|link| link.to_string_lossy().into_owned()).unwrap_or_default(),
        cgroup: cgroup("/proc/self/cgroup").unwrap_or_default(),
    }
}

/// Told by what the engines leave: `/.dockerenv`, `/run/.containerenv`, and systemd's `/run/host/container-manager` and `/run/systemd/container`.
fn container() -> Option<String> {
    if Path::new("/.dockerenv").exists() {
        return Some("docker".to_owned());
    }
    if Path::new("/run/.containerenv").exists() {
        return Some("podman".to_owned());
    }
    if std::env::var_os("KUBERNETES_SERVICE_HOST").is_some() {
        return Some("kubernetes".to_owned());
    }
    // The second is of systemd inside a container of whatever engine, such as LXC.
    let managers = ["/run/host/container-manager", "/run/systemd/container"].map(line);
    managers.into_iter().find(|it| !it.is_empty())
}

/// The group of a process: of `memory` where version 1 has it, else of version 2. None if it cannot be read.
pub(super) fn cgroup(path: &str) -> Option<String> {
    let text = text(path);
    let text = text.seen().ok()?;
    let of = |wanted: fn(&str) -> bool| {
        text.lines().find_map(|line| {
            let mut fields = line.splitn(3, ':').skip(1);
            let controllers = fields.next()?;
            let group = fields.next()?;
            wanted(controllers).then(|| group.to_owned())
        })
    };
    of(|controllers| controllers.split(',').any(|one| one == "memory"))
        .or_else(|| of(str::is_empty))
}

/// `MemTotal`; 0 if it is not told.
fn memory_bytes() -> u64 {
    let text = text("/proc/meminfo");
    let text = text.seen().map(String::as_str).unwrap_or_default();
    let total = text.lines().find_map(|line| line.strip_prefix("MemTotal:"));
    let kib = total.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or(0) * 1024
}
