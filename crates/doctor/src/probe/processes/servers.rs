//! Processes of servers that are known by their names.

use std::fs;
use std::path::Path;

use crate::probe::{host, owner, text};
use crate::snapshot::{Kind, Known, Probed, Process};

/// So many are told of, at most.
const SERVERS_MAX: usize = 1_000;

/// In the order of their numbers.
pub(super) fn look() -> Probed<Vec<Known>> {
    let all = match fs::read_dir("/proc") {
        Ok(all) => all,
        Err(error) => return crate::probe::unseen(&error, "/proc"),
    };
    let pids = all.flatten().filter_map(|it| it.file_name().to_str()?.parse::<u32>().ok());
    let pids: Vec<u32> = pids.collect();
    let is_first_hidden = !pids.contains(&1);
    let mut found: Vec<(Known, u32)> =
        pids.into_iter().filter_map(known).take(SERVERS_MAX).collect();
    // Where the first process is not listed, others are not either (hidepid).
    if found.is_empty() && is_first_hidden {
        return Probed::Denied("root, to see processes of other users".to_owned());
    }
    found.sort_by_key(|(known, _)| known.process.pid);
    let of: Vec<(u32, Kind)> = found.iter().map(|(it, _)| (it.process.pid, it.kind)).collect();
    // PostgreSQL has a process for each connection: its parent is the server.
    let is_first = |known: &Known, parent: u32| !of.contains(&(parent, known.kind));
    Probed::Seen(
        found.into_iter().filter(|(it, parent)| is_first(it, *parent)).map(|(it, _)| it).collect(),
    )
}

/// With the number of its parent; none if it is no server that is known, or is gone.
fn known(pid: u32) -> Option<(Known, u32)> {
    let folder = Path::new("/proc").join(pid.to_string());
    let name = owner::name(&folder);
    let kind = kind(&name)?;
    let status = text(&format!("/proc/{pid}/status"));
    let status = status.seen().ok()?;
    let field = |name: &str| {
        let rest = status.lines().find_map(|line| line.strip_prefix(name))?;
        rest.split_whitespace().next()?.parse::<u64>().ok()
    };
    let parent = u32::try_from(field("PPid:")?).ok()?;
    let known = Known {
        process: Process { pid, name },
        kind,
        folder: fs::read_link(folder.join("cwd")).ok().map(|it| it.to_string_lossy().into_owned()),
        cgroup: host::cgroup(&format!("/proc/{pid}/cgroup")),
        resident_bytes: field("VmRSS:").map(|kib| kib.saturating_mul(1024)),
        huge_pages: field("THP_enabled:").map(|it| it == 1),
    };
    Some((known, parent))
}

/// By the first 15 bytes of the program's name, which is all that the kernel keeps.
fn kind(name: &str) -> Option<Kind> {
    Some(match name {
        "postgres" | "postmaster" => Kind::Postgres,
        "mysqld" | "mariadbd" => Kind::Mysql,
        "redis-server" | "valkey-server" => Kind::Redis,
        "pgbouncer" => Kind::Pgbouncer,
        "etcd" => Kind::Etcd,
        "mongod" => Kind::Mongo,
        "java" => Kind::Java,
        "beam.smp" => Kind::Erlang,
        _ => return None,
    })
}
