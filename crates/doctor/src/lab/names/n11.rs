//! A namespace with two name servers of which only one knows the machine's name.

use std::fs;

use super::room;
use super::server::Server;
use crate::lab::netns::Netns;
use crate::lab::{Folder, Stage, Stop, failed, failing, run as program};

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    // Of the own name: which of both knows it is drawn.
    let first_knows = stage.draw(0, 2) == 0;
    let (folder, netns) = (Folder::new("n11")?, Netns::new("n11")?);
    let file = folder.path().join("resolv.conf");
    let text = "nameserver 127.0.0.1\nnameserver 127.0.0.2\nsearch example\n";
    fs::write(&file, text).map_err(failed("write resolv.conf"))?;
    let shown = file.to_string_lossy().into_owned();
    room::inside(&netns, &[(&shown, "/etc/resolv.conf")], || {
        let knows = |is_so: bool| is_so.then_some("");
        let first = Server::start(1, knows(first_knows))?;
        let second = Server::start(2, knows(!first_knows))?;
        let target = " 127.0.0.2";
        let found = stage.until("they differ", |it| failing(it, target).is_some())?;
        let record = failing(&found, target).ok_or("it is gone again")?;
        // The C library takes what the first says for final.
        let is_found = program("getent", &["ahosts", "own.example"]).is_ok();
        if is_found != first_knows || !record.observed.contains("Non-Existent Domain") {
            return Err(format!("getent finds it: {is_found}; the check says {record:?}").into());
        }
        let seen = record.observed.clone();
        drop((first, second));
        let _both = (Server::start(1, Some(""))?, Server::start(2, Some(""))?);
        stage.until("they say the same", |it| failing(it, target).is_none())?;
        Ok(seen)
    })
}
