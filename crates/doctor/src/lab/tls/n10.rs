//! A file with an authority, that has ended, in the folder for one's own, as one namespace sees it.

use std::fs;
use std::path::Path;

use super::authority::{Authority, Wanted};
use crate::lab::names::room;
use crate::lab::netns::Netns;
use crate::lab::{Folder, Stage, Stop, failed, failing};

const PLACE: &str = "/usr/local/share/ca-certificates";

const DAY_S: i64 = 86_400;

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    if !Path::new(PLACE).exists() {
        return Err(Stop::Missing(format!("the folder {PLACE}, of the package ca-certificates")));
    }
    let (own, folder, netns) =
        (Authority::new("n10")?, Folder::new("n10-added")?, Netns::new("n10")?);
    let ended_d = i64::try_from(stage.draw(2, 300)).unwrap_or(2);
    own.issue(Wanted {
        name: "lab-authority",
        by: None,
        from_s: -900 * DAY_S,
        to_s: -ended_d * DAY_S - 60,
        digest: "sha256",
        extensions: "basicConstraints = critical,CA:TRUE",
    })?;
    let file = folder.path().join("own.crt");
    fs::copy(own.path("lab-authority.crt"), &file).map_err(failed("copy a certificate"))?;
    let path = format!("{PLACE}/own.crt");
    let shown = folder.path().to_string_lossy().into_owned();
    room::inside(&netns, &[(&shown, PLACE)], || {
        let found = stage.until("an authority has ended", |it| failing(it, &path).is_some())?;
        let told = |aspect| {
            found.iter().find(|it| it.target.ends_with(&path) && it.aspect == Some(aspect))
        };
        let (end, bundle) = (told("end"), told("bundle"));
        let now_s = i64::try_from((stage.now)().at_ms / 1_000).unwrap_or(0);
        let days = (now_s - own.end_s("lab-authority")?) / DAY_S;
        let wanted = format!("the authority CN=lab-authority in {path} ended {days} d ago");
        let is_right = end.is_some_and(|it| it.observed == wanted) && bundle.is_some();
        if days != ended_d || !is_right {
            return Err(format!("{wanted}; the check says {found:?}").into());
        }
        fs::remove_file(&file).map_err(failed("take the certificate away"))?;
        stage.until("it is taken away", |it| failing(it, &path).is_none())?;
        Ok(wanted)
    })
}
