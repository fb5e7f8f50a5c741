//! A subscriber to channels of events on a server that sends none; mended by turning them on.

use super::server::{Server, mended, observed, says};
use crate::lab::{Stage, Stop};

const KINDS: [&str; 4] = ["expired", "del", "evicted", "set"];

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let server = Server::start("r13", &["save \"\""])?;
    let mut waiting = Vec::new();
    for kind in KINDS.iter().take(usize::try_from(stage.draw(1, 4)).unwrap_or(1)) {
        waiting.push(server.waiting(&["SUBSCRIBE", &format!("__keyevent@0__:{kind}")])?);
    }
    let shown = |it: &Server| -> Result<usize, Stop> {
        Ok(it
            .cli(&["PUBSUB", "CHANNELS", "__key*__:*"])?
            .lines()
            .filter(|it| !it.is_empty())
            .count())
    };
    server.until("they have subscribed", |it| Ok(shown(it)? == waiting.len()))?;
    let stage = stage.asking(server.seen());
    let seen = observed(&stage, "somebody listens", &server)?;
    says(&seen, &[format!("{} channels of keyspace events", shown(&server)?)])?;
    server.set("notify-keyspace-events", "EA")?;
    mended(&stage, "events are sent", &server)?;
    Ok(seen)
}
