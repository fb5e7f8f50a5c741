//! A namespace whose `/etc/hosts` has some names of other machines, and localhost elsewhere.

use std::fs;

use super::room;
use crate::lab::netns::Netns;
use crate::lab::{Folder, Stage, Stop, failed, failing, run as program};
use crate::record::Status;

const PLAIN: &str = "127.0.0.1 localhost\n";

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let count = stage.draw(1, 9);
    let (folder, netns) = (Folder::new("n03")?, Netns::new("n03")?);
    let file = folder.path().join("hosts");
    let pins = (0..count).map(|at| format!("192.0.2.{} pin{at}.example\n", at + 10));
    let text = "192.0.2.1 localhost\n".to_owned() + &pins.collect::<Vec<_>>().concat();
    fs::write(&file, text).map_err(failed("write hosts"))?;
    let shown = file.to_string_lossy().into_owned();
    room::inside(&netns, &[(&shown, "/etc/hosts")], || {
        let found = stage.until("names are pinned", |it| failing(it, "host").is_some())?;
        let told = |part: &str| {
            found.iter().find(|it| it.status == Status::Fail && it.observed.starts_with(part))
        };
        // As every program sees it.
        let first = program("getent", &["-s", "hosts:files", "hosts", "pin0.example"])?;
        let pins =
            told(&format!("{count} names of other machines are pinned: pin0.example 192.0.2.10"));
        if !first.starts_with("192.0.2.10 ")
            || pins.is_none()
            || told("localhost is 192.0.2.1").is_none()
        {
            return Err(format!(
                "getent says {first}, {count} are pinned; the check says {found:?}"
            )
            .into());
        }
        fs::write(&file, PLAIN).map_err(failed("write hosts"))?;
        stage.until("it is a plain file", |it| failing(it, "host").is_none())?;
        Ok(format!("{count} names are pinned, and localhost is 192.0.2.1"))
    })
}
