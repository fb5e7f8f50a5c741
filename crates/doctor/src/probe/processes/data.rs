//! Where servers keep data that shall survive a crash: by their working folder, or by a file that they always have open.

use std::fs;
use std::os::linux::fs::MetadataExt;
use std::path::Path;

use super::deleted::number;
use crate::probe::disks::mounts;
use crate::probe::text;
use crate::snapshot::{Data, DataFolder, Kind, Known, Mount};

/// Descriptors of a server that are looked through for a file.
const DESCRIPTORS_MAX: usize = 10_000;

pub(super) fn look(servers: &[Known]) -> Data {
    let mut seen = Data::default();
    for server in servers {
        match data(server) {
            Ok(folder) => seen.folders.extend(folder),
            Err(()) => seen.hidden.push(server.process.clone()),
        }
    }
    seen
}

/// None of one that keeps nothing; an error of one that may not be looked at.
fn data(server: &Known) -> Result<Option<DataFolder>, ()> {
    let proc = Path::new("/proc").join(server.process.pid.to_string());
    let found = match server.kind {
        Kind::Postgres => in_folder(server, &proc, &["PG_VERSION"]),
        Kind::Mysql => in_folder(server, &proc, &["ibdata1"]),
        Kind::Redis => in_folder(server, &proc, &["appendonlydir", "appendonly.aof"]),
        Kind::Etcd => open_file(&proc, "/snap/db", "member/snap/db"),
        Kind::Mongo => open_file(&proc, "/mongod.lock", "mongod.lock"),
        Kind::Pgbouncer | Kind::Java | Kind::Erlang => return Ok(None),
    };
    let Some((folder, sign)) = found? else { return Ok(None) };
    let mounts = text(&proc.join("mountinfo").to_string_lossy());
    let mount = mounts.seen().ok().and_then(|text| mount_of(&mounts::parse(text), &folder));
    let log = match server.kind {
        Kind::Postgres => proc.join("cwd/pg_wal"),
        _ => proc.join("root").join(folder.trim_start_matches('/')),
    };
    let log_device = fs::metadata(&log).ok().map(|it| number(it.st_dev()));
    let (process, kind, sign) = (server.process.clone(), server.kind, sign.to_owned());
    Ok(Some(DataFolder { process, kind, folder, sign, mount, log_device }))
}

/// The folder and the sign by which it is known.
type Found = Result<Option<(String, &'static str)>, ()>;

fn in_folder(server: &Known, proc: &Path, signs: &[&'static str]) -> Found {
    let Some(folder) = &server.folder else {
        return if proc.exists() { Err(()) } else { Ok(None) };
    };
    let sign = signs.iter().find(|sign| proc.join("cwd").join(sign).exists());
    Ok(sign.map(|sign| (folder.clone(), *sign)))
}

fn open_file(proc: &Path, end: &str, sign: &'static str) -> Found {
    let all = match fs::read_dir(proc.join("fd")) {
        Ok(all) => all,
        Err(error) if super::is_gone(&error) => return Ok(None),
        Err(_) => return Err(()),
    };
    let links = all.flatten().take(DESCRIPTORS_MAX).filter_map(|it| fs::read_link(it.path()).ok());
    let found = links.into_iter().find(|it| it.to_string_lossy().ends_with(end));
    Ok(found.and_then(|path| Some((path.parent()?.to_string_lossy().into_owned(), sign))))
}

/// The one with the longest path; of several at the same place the last covers the others.
fn mount_of(mounts: &[Mount], folder: &str) -> Option<Mount> {
    let holds = |mount: &&Mount| Path::new(folder).starts_with(&mount.point);
    mounts.iter().filter(holds).max_by_key(|mount| mount.point.len()).cloned()
}

#[cfg(test)]
mod tests;
