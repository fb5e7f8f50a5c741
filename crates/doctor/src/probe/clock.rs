//! Clocks.

use std::path::Path;

use super::{owner, text, unseen};
use crate::snapshot::{Clocks, Probed, Process};

mod asked;
mod ntp;

pub(super) use asked::offset;

/// Processes whose names are looked at, at most.
const PROCESSES_MAX: usize = 20_000;

/// By the first 15 bytes of their names, which is all that the kernel keeps.
const KEEPERS: &[&str] = &[
    "chronyd",
    "ntp-daemon",
    "ntpd",
    "openntpd",
    "phc2sys",
    "sntpd",
    "systemd-timesyn",
    "VBoxService",
];

/// Looks at them. `server` is one of time that the user named.
pub(super) fn look(_deep: bool, server: Option<&str>) -> Clocks {
    let of = |name: &str| text(&format!("/sys/devices/system/clocksource/clocksource0/{name}"));
    Clocks {
        source: of("current_clocksource").map(|text| text.trim().to_owned()),
        sources: of("available_clocksource")
            .map(|text| text.split_whitespace().map(str::to_owned).collect()),
        keepers: keepers(),
        timesync: timesync(Path::new("/run/systemd/timesync")),
        measured: server.map(ntp::ask),
    }
}

fn timesync(folder: &Path) -> Option<bool> {
    folder.exists().then(|| folder.join("synchronized").exists())
}

fn keepers() -> Probed<Vec<Process>> {
    let all = match std::fs::read_dir("/proc") {
        Ok(all) => all,
        Err(error) => return unseen(&error, "/proc"),
    };
    let mut found = Vec::new();
    let mut is_first_there = false;
    let pids = all.flatten().filter_map(|it| it.file_name().to_str()?.parse::<u32>().ok());
    for pid in pids.take(PROCESSES_MAX) {
        is_first_there |= pid == 1;
        let name = owner::name(&Path::new("/proc").join(pid.to_string()));
        if KEEPERS.contains(&name.as_str()) {
            found.push(Process { pid, name });
        }
    }
    // Where the first process is not listed, others are not either (hidepid).
    if found.is_empty() && !is_first_there {
        return Probed::Denied("root, to see processes of other users".to_owned());
    }
    Probed::Seen(found)
}
