//! A namespace whose first name server is deaf and whose second answers.

use std::fs;

use super::room;
use super::server::Server;
use crate::lab::netns::Netns;
use crate::lab::{Folder, Stage, Stop, failed, failing, run as program};

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let timeout_s = stage.draw(1, 2);
    let (folder, netns) = (Folder::new("n02")?, Netns::new("n02")?);
    let file = folder.path().join("resolv.conf");
    let text = format!(
        "nameserver 127.0.0.1\nnameserver 127.0.0.2\nsearch example\noptions timeout:{timeout_s}\n"
    );
    fs::write(&file, text).map_err(failed("write resolv.conf"))?;
    let shown = file.to_string_lossy().into_owned();
    room::inside(&netns, &[(&shown, "/etc/resolv.conf")], || {
        let (first, _second) = (Server::start(1, Some(""))?, Server::start(2, Some(""))?);
        first.answers(false);
        let target = " 127.0.0.1";
        let found = stage.until("the first is deaf", |it| failing(it, target).is_some())?;
        let record = failing(&found, target).ok_or("it is gone again")?;
        let began_ms = (stage.now)().up_ms;
        program("getent", &["ahosts", "api.shop.example"])?;
        let waited_ms = (stage.now)().up_ms - began_ms;
        let wanted = format!("waits {timeout_s} s for it");
        if waited_ms < timeout_s * 1_000 || !record.impact.contains(&wanted) {
            return Err(format!(
                "getent took {waited_ms} ms with a time-out of {timeout_s} s; the check says {record:?}"
            )
            .into());
        }
        let seen = format!("{}; getent took {waited_ms} ms", record.observed);
        first.answers(true);
        stage.until("it answers", |it| failing(it, target).is_none())?;
        Ok(seen)
    })
}
