//! A network namespace in which files of a lab stand in place of those of the machine, for what runs inside and for nobody else.

use rustix::thread::UnshareFlags;

use crate::lab::netns::Netns;
use crate::lab::{Stop, run};

/// Runs something where each path of `places`, the second of a pair, shows what is at the first.
pub(in crate::lab) fn inside<T: Send>(
    netns: &Netns,
    places: &[(&str, &str)],
    act: impl FnOnce() -> Result<T, Stop> + Send,
) -> Result<T, Stop> {
    netns.inside(|| {
        own_mounts().map_err(|error| format!("leave the mounts of the machine: {error}"))?;
        run("mount", &["--make-rprivate", "/"])?;
        for (file, place) in places {
            run("mount", &["--bind", file, place])?;
        }
        act()
    })
}

/// Gives this thread mounts of its own, which go with it and with what it started.
#[expect(
    deprecated,
    reason = "what makes it unsafe is sharing descriptors, which are not asked for"
)]
fn own_mounts() -> rustix::io::Result<()> {
    rustix::thread::unshare(UnshareFlags::FS | UnshareFlags::NEWNS)
}
