//! A server with a certificate of which a small part of its lifetime is left.

use super::authority::{Authority, Wanted};
use super::server::{Server, TARGET};
use crate::lab::netns::Netns;
use crate::lab::{Stage, Stop, failing};

const DAY_S: i64 = 86_400;

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let own = Authority::new("n04")?;
    let left_d = i64::try_from(stage.draw(3, 24)).unwrap_or(3);
    let wanted = Wanted {
        name: "shop.example",
        by: None,
        from_s: (left_d - 90) * DAY_S,
        // A minute more, as whole days are told.
        to_s: left_d * DAY_S + 60,
        digest: "sha256",
        extensions: "subjectAltName = DNS:shop.example",
    };
    own.issue(wanted)?;
    let netns = Netns::new("n04")?;
    netns.inside(|| {
        let server = Server::start(&own, "shop.example", None)?;
        let found = stage.until("it is near its end", |it| failing(it, TARGET).is_some())?;
        let record = failing(&found, TARGET).ok_or("it is gone again")?;
        let now_s = i64::try_from((stage.now)().at_ms / 1_000).unwrap_or(0);
        let days = (own.end_s("shop.example")? - now_s) / DAY_S;
        let wanted_words = format!(
            "{} presents a certificate of shop.example that ends in {days} d, of a lifetime of 90 d",
            server.process()
        );
        if days != left_d || record.observed != wanted_words {
            return Err(format!("{wanted_words}; the check says {record:?}").into());
        }
        let seen = record.observed.clone();
        drop(server);
        own.issue(Wanted { from_s: -60, to_s: 90 * DAY_S, ..wanted })?;
        let _renewed = Server::start(&own, "shop.example", None)?;
        stage.until("it is renewed", |it| failing(it, TARGET).is_none())?;
        Ok(seen)
    })
}
