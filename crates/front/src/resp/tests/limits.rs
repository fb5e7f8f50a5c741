//! The bounds of requests, as the document tells them.

use super::*;
use crate::resp::connection::parser_limits;

const REDIS: &str = include_str!("../../../../../docs/protocols/redis.md");

#[tokio::test]
async fn the_bounds_of_what_a_known_client_sends_stand_in_the_document() {
    let world = World::new(Limits::default());
    let most = parser_limits(&world.server, true);
    let mib = |bytes: u32| bytes >> 20;
    for row in [
        format!("| bytes of one argument | {} MiB |", mib(most.bulk_bytes_max)),
        format!("| bytes of one request | {} MiB |", mib(most.request_bytes_max)),
    ] {
        assert!(REDIS.contains(&row), "docs/protocols/redis.md lacks {row}");
    }
}
