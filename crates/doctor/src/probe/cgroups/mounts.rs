//! Where control groups are mounted: `/proc/self/mountinfo`, proc(5).

use std::path::Path;

use crate::snapshot::Probed;

/// A mounted hierarchy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hierarchy {
    /// Where.
    pub(super) point: String,
    /// Which group is mounted there: `/` is the topmost one that the process may see.
    root: String,
    /// 1 or 2.
    pub(super) version: u8,
    /// With version 1: its controllers.
    controllers: Vec<String>,
}

impl Hierarchy {
    /// Whether it is that of the whole machine, and not of a container: only its topmost group has the one file, or has not the
    /// other.
    pub(super) fn is_whole(&self) -> bool {
        let point = Path::new(&self.point);
        match self.version {
            1 => point.join("release_agent").exists(),
            _ => !point.join("cgroup.type").exists(),
        }
    }

    /// The path of a group, as `/proc/PID/cgroup` has it.
    pub(super) fn path_of(&self, folder: &Path) -> String {
        let below = folder.strip_prefix(&self.point).unwrap_or(folder).to_string_lossy();
        // In a namespace of groups those outside of it are told as `/..`.
        let root = if self.root.starts_with("/..") { "" } else { self.root.trim_end_matches('/') };
        match &*below {
            "" if root.is_empty() => "/".to_owned(),
            "" => root.to_owned(),
            below => format!("{root}/{below}"),
        }
    }

    /// What `cgroup.controllers` has, with version 2.
    fn has(&self, controller: &str) -> bool {
        if self.version == 1 {
            return self.controllers.iter().any(|it| it == controller);
        }
        let listed = std::fs::read_to_string(Path::new(&self.point).join("cgroup.controllers"));
        listed.is_ok_and(|listed| listed.split_whitespace().any(|it| it == controller))
    }
}

/// The hierarchy that has a controller: it is in one of them alone.
pub(super) fn find(mounts: &[Hierarchy], controller: &str) -> Probed<Hierarchy> {
    let found = mounts.iter().find(|it| it.has(controller));
    found.cloned().map_or_else(
        || Probed::Absent(format!("mounted control group with the controller {controller}")),
        Probed::Seen,
    )
}

/// Those in such a file.
pub(super) fn parse(text: &str) -> Vec<Hierarchy> {
    text.lines().filter_map(hierarchy).collect()
}

fn hierarchy(line: &str) -> Option<Hierarchy> {
    let (before, after) = line.split_once(" - ")?;
    let (before, after): (Vec<&str>, Vec<&str>) =
        (before.split(' ').collect(), after.split(' ').collect());
    let version = match *after.first()? {
        "cgroup" => 1,
        "cgroup2" => 2,
        _ => return None,
    };
    let controllers = after.get(2).filter(|_| version == 1).map_or("", |options| options);
    Some(Hierarchy {
        point: plain(before.get(4)?),
        root: plain(before.get(3)?),
        version,
        controllers: controllers.split(',').map(str::to_owned).collect(),
    })
}

/// What is written as `\040` there, as a space and so on.
fn plain(text: &str) -> String {
    let mut told = text.to_owned();
    for (written, meant) in [(r"\040", " "), (r"\011", "\t"), (r"\012", "\n"), (r"\134", r"\")] {
        told = told.replace(written, meant);
    }
    told
}

#[cfg(test)]
mod tests;
