//! A server with keys that expire together and others that do not; mended by spreading them.

use super::server::{Server, says};
use crate::lab::{Stage, Stop, failing};

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let (burst, others) = (stage.draw(150, 100), 300);
    let server = Server::start("b06", &["save \"\""])?;
    // One time of expiry for all, whatever the filling takes.
    let script = "local t = redis.call('TIME')[1] + ARGV[3] for i = 1, ARGV[1] do redis.call('SET', 'page:' .. i, i) \
         redis.call('EXPIREAT', 'page:' .. i, t) end \
         for i = 1, ARGV[2] do redis.call('SET', 'other:' .. i, i, 'EX', 600 + i * 7) end return 1";
    server.cli(&["EVAL", script, "0", &burst.to_string(), &others.to_string(), "300"])?;
    let stage = stage.asking(server.seen());
    let target = format!("boundary {}", server.target());
    let found =
        stage.until("keys expire together", |records| failing(records, &target).is_some())?;
    let seen = failing(&found, &target).ok_or("it is gone again")?.observed.clone();
    let all = server.cli(&["DBSIZE"])?;
    says(&seen, &[format!("{burst} of {all} sampled keys expire within one second")])?;
    let spread =
        "for i = 1, ARGV[1] do redis.call('EXPIRE', 'page:' .. i, 300 + i * 5) end return 1";
    server.cli(&["EVAL", spread, "0", &burst.to_string()])?;
    stage.until("they are spread", |records| failing(records, &target).is_none())?;
    Ok(seen)
}
