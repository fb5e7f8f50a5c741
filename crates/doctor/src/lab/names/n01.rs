//! A namespace with ndots 5 and several search domains, whose name server counts what a real lookup asks.

use std::fs;

use super::room;
use super::server::Server;
use crate::lab::netns::Netns;
use crate::lab::{Folder, Stage, Stop, failed, failing, run as program};

const PLACE: &str = "/etc/resolv.conf";

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let count = stage.draw(2, 4);
    let domains: Vec<String> = (0..count).map(|at| format!("zone{at}.lab")).collect();
    let (folder, netns) = (Folder::new("n01")?, Netns::new("n01")?);
    let file = folder.path().join("resolv.conf");
    let write = |ndots: u64| {
        let text =
            format!("nameserver 127.0.0.1\nsearch {}\noptions ndots:{ndots}\n", domains.join(" "));
        fs::write(&file, text).map_err(failed("write resolv.conf"))
    };
    write(5)?;
    let shown = file.to_string_lossy().into_owned();
    room::inside(&netns, &[(&shown, PLACE)], || {
        let server = Server::start(1, Some("example."))?;
        let found = stage.until("outside names are tried", |it| failing(it, "host").is_some())?;
        let record = failing(&found, "host").ok_or("it is gone again")?;
        let before = server.in_vain();
        program("getent", &["ahosts", "api.shop.example"])?;
        let in_vain = server.in_vain() - before;
        let wanted = format!("{in_vain} questions in vain");
        if in_vain != 2 * count || !record.observed.contains(&wanted) {
            return Err(format!(
                "getent asks {in_vain} times in vain with {count} domains; the check says {}",
                record.observed
            )
            .into());
        }
        let seen = record.observed.clone();
        write(1)?;
        stage.until("they are asked for as they are", |it| failing(it, "host").is_none())?;
        let before = server.in_vain();
        program("getent", &["ahosts", "api.shop.example"])?;
        match server.in_vain() - before {
            0 => Ok(seen),
            left => Err(format!("with ndots 1 getent asks {left} times in vain").into()),
        }
    })
}
