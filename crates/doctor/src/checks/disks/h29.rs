//! H29: a database keeps what shall survive on a file system that does not keep it.
//!
//! Source: Linux `Documentation/filesystems/{tmpfs,overlayfs}.rst`; the documentation of PostgreSQL, "File Systems" of "Creating a Database
//! Cluster": a `soft` mount of NFS loses writes, a hard one may be used; nfs(5) on `soft`.

use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{DataFolder, Kind, Mount, Window};

pub(super) static CHECK: Check = Check {
    id: "H29",
    title: "a database keeps its data where they do not survive",
    severity: Severity::Critical,
    needs: "root, to see where processes of other users work",
    expected: "the data of each server that shall survive are on a file system of a disk",
    guardrail: "RequiresMountsFor= in the unit; a volume for the data folder in the manifest of the container",
    probes: &[
        "/proc/PID/cwd and what is in it: PG_VERSION, ibdata1, appendonlydir, appendonly.aof",
        "/proc/PID/fd of etcd and mongod: the file of their data",
        "/proc/PID/mountinfo",
    ],
    proof: Proof::Lab,
    catalogue: &["overlayfs-inode-exhaustion"],
    page: Page {
        symptom: "After a restart of the machine, or once the container was made anew, the database is empty or as old as its image.",
        culprit: "The data folder is on tmpfs, which is memory; or in the writable layer of a container (overlayfs), which goes with the container and shares its bytes and inodes with all others; or on NFS that is mounted soft, where a write that takes too long fails and is lost after the program was told that it was done.",
        proof: "For each running server that says by its files that data shall survive (PostgreSQL, MySQL and MariaDB, Redis with an append-only file, etcd, mongod) the mount that holds its folder is looked up as the process itself sees it. Critical: tmpfs, ramfs, NFS or CIFS mounted soft. A warning: overlay. For your information: a network file system mounted hard, which its makers allow but which stands still with its server. A cache without an append-only file does not count, and PostgreSQL does not where each server on this machine runs with fsync off, which P01 is about. Java and Erlang machines are not looked at.",
        fix: "Make a volume on a disk, stop the server, copy the folder to it (cp -a, or rsync -aHAX), mount it where the folder was, start. With containers: docker run -v NAME:/var/lib/..., or a PersistentVolumeClaim. NFS: mount it hard.",
        cost: "The server is away while it is copied. Keep the old folder until the new one has been used for a while: to go back, mount it again, without what was written meanwhile. What is on tmpfs is gone if the machine is restarted before it is copied.",
        lab: "Redis with an append-only file on tmpfs or on overlayfs, as it is drawn; mended by moving it to a disk.",
    },
    rule: Rule::Host(rule),
};

fn rule(window: &Window<'_>) -> Result<Verdict, Blind> {
    let data = window.after.host.processes.seen()?.data.seen()?;
    let durable: Vec<_> = data.folders.iter().filter(|it| !is_given_up(window, it)).collect();
    if durable.is_empty() && data.hidden.is_empty() {
        return Err(Blind::OutOfPlace("no server was seen here that keeps data".to_owned()));
    }
    let unmounted = durable.iter().find(|it| it.mount.is_none()).map(|it| &it.process);
    let unseen = data.hidden.first().or(unmounted);
    let unseen = unseen.map(|it| Blind::Denied(format!("root, to see where {it} keeps its data")));
    let faults = durable.iter().filter_map(|it| fault(it, it.mount.as_ref()?)).collect();
    let observed = format!("{} servers keep data, each on a disk", durable.len());
    Ok(Verdict { observed, faults, unseen })
}

/// Whether it is known that these data need not survive: each PostgreSQL here runs without fsync.
fn is_given_up(window: &Window<'_>, folder: &DataFolder) -> bool {
    let here = window.after.postgres.iter().filter(|it| it.local);
    let fsync = |it: &crate::snapshot::Server<crate::snapshot::Postgres>| {
        let settings = it.seen.seen().ok()?.settings.seen().ok()?;
        Some(settings.get("fsync")?.setting == "on")
    };
    let mut here = here.map(fsync).peekable();
    folder.kind == Kind::Postgres && here.peek().is_some() && here.all(|it| it == Some(false))
}

fn fault(folder: &DataFolder, mount: &Mount) -> Option<Fault> {
    let (severity, aspect, impact) = match mount.kind.as_str() {
        "tmpfs" | "ramfs" => (
            Severity::Critical,
            "memory",
            "all of its data are gone once the machine or its container is restarted",
        ),
        "overlay" => {
            (Severity::Warning, "layer", "all of its data are gone once the container is made anew")
        }
        "nfs" | "nfs4" | "cifs" | "smb3" if mount.has("soft") || mount.has("softerr") => (
            Severity::Critical,
            "soft",
            "writes that the server does not take in time are lost though they were said to be done",
        ),
        _ if mount.is_remote() => {
            (Severity::Info, "network", "it stands still while the server of its files is away")
        }
        _ => return None,
    };
    let DataFolder { process, folder: path, sign, .. } = folder;
    let Mount { kind, point, source, .. } = mount;
    let options = mount.features.join(",");
    Some(Fault {
        severity,
        aspect: Some(aspect),
        at: Some(path.clone()),
        observed: format!("{process} keeps its data on {kind} (mounted at {point})"),
        impact: impact.to_owned(),
        fix: match aspect {
            "soft" => {
                format!("stop it, mount {point} with the option hard instead of soft, start it")
            }
            "network" => {
                format!("nothing, if that is meant; else move {path} to a disk of this machine")
            }
            // What it would be copied from is gone when its container ends.
            "memory" => format!(
                "do not stop it or its container first, which may empty {path}: take a copy while it runs (pg_basebackup, mariadb-backup, BGSAVE, etcdctl snapshot save) to a disk, see that it can be restored, then move {path} to a volume"
            ),
            "layer" => format!(
                "do not remove its container: take a copy while it runs, or docker cp once it is stopped if it was not started with --rm; then mount a volume at {path}"
            ),
            _ => format!(
                "stop it, copy {path} to a volume on a disk (cp -a), mount that at {path}, start it"
            ),
        },
        actions: Vec::new(),
        risk:
            "it is away while it is copied; keep the old folder until the new one has proved itself"
                .to_owned(),
        reversible: true,
        evidence: vec![
            Evidence {
                probe: format!("/proc/{}/mountinfo", process.pid),
                value: format!("{kind} {source} at {point}, {options}"),
            },
            Evidence {
                probe: format!("{path}/{sign}"),
                value: "is there: its data shall survive".to_owned(),
            },
        ],
        confidence: Confidence::High,
    })
}

#[cfg(test)]
mod tests;
