//! What is asked, part by part.

use redis_client::{Cmd, cmd};

use super::{Answer, Redis, info, local, parts, sample};
use crate::probe::clock::offset;
use crate::snapshot::{self, Offset, Probed};

/// `CLIENT LIST` is not asked for where there are more.
const CLIENTS_MAX: u64 = 10_000;

/// So many entries of the slow log are asked for: what it keeps unless told otherwise.
const SLOW_MAX: usize = 128;

/// Asks for everything.
pub(super) async fn look(session: &mut Redis, deep: bool) -> snapshot::Redis {
    let told = session.ask(cmd("INFO").arg("all")).await.probed("+info").and_then(parts::text);
    let mut seen = snapshot::Redis {
        info: told.clone().map(|text| info::fields(&text)),
        keyspace: told.clone().map(|text| info::keyspace(&text)),
        replicas: told.clone().map(|text| info::replicas(&text)),
        calls: told.clone().map(|text| info::calls(&text)),
        errors: told.and_then(|text| info::errors(&text)),
        is_open: session.is_open(),
        ..snapshot::Redis::default()
    };
    seen.clock = clock(session).await;
    seen.config = config(session).await;
    seen.clients = clients(session, &seen).await;
    let [slow, latency, channels] = session
        .ask_all(&[
            command(&["SLOWLOG", "GET"]).arg(SLOW_MAX).clone(),
            command(&["LATENCY", "LATEST"]),
            command(&["PUBSUB", "CHANNELS", "__key*__:*"]),
        ])
        .await
        .try_into()
        .unwrap_or([const { Answer::Broken(String::new()) }; 3]);
    seen.slow = slow.probed("+slowlog").and_then(parts::slow);
    seen.latency = latency.probed("+latency").and_then(parts::latency);
    seen.event_channels = channels.probed("+pubsub").and_then(parts::count);
    seen.cluster = cluster(session, &seen).await;
    seen.sample = sample::look(session, &seen, deep).await;
    if session.local {
        let (pid, uptime) = (seen.number("process_id"), seen.number("uptime_in_seconds"));
        let path = seen.info.seen().ok().and_then(|it| it.get("config_file")).cloned();
        if let (Ok(pid), Ok(uptime)) = (pid, uptime) {
            seen.process = local::process(pid, uptime);
            seen.file = local::file(&seen.process, path.as_deref());
        }
    } else {
        let away = "process of it on this machine";
        seen.process = Probed::Absent(away.to_owned());
        seen.file = Probed::Absent(away.to_owned());
    }
    seen
}

/// A command of some words.
pub(super) fn command(words: &[&str]) -> Cmd {
    let mut command = Cmd::new();
    for word in words {
        command.arg(*word);
    }
    command
}

async fn clock(session: &mut Redis) -> Probed<Offset> {
    let time = command(&["TIME"]);
    offset(async { session.ask(&time).await.probed("+time").and_then(parts::time) }).await
}

async fn config(session: &mut Redis) -> Probed<std::collections::BTreeMap<String, String>> {
    let asked: Vec<Cmd> =
        parts::SETTINGS.iter().map(|name| command(&["CONFIG", "GET", name])).collect();
    let answers = session.ask_all(&asked).await;
    let mut settings = std::collections::BTreeMap::new();
    for answer in answers {
        match answer.probed("+config|get").and_then(parts::pairs) {
            Probed::Seen(pairs) => settings.extend(pairs),
            Probed::Denied(needs) => return Probed::Denied(needs),
            Probed::Absent(what) => return Probed::Absent(what),
            Probed::Failed(error) => return Probed::Failed(error),
        }
    }
    Probed::Seen(settings)
}

async fn clients(session: &mut Redis, seen: &snapshot::Redis) -> Probed<snapshot::RedisClients> {
    match seen.number::<u64>("connected_clients") {
        Ok(CLIENTS_MAX..) => {
            Probed::Absent(format!("list of clients: there are more than {CLIENTS_MAX} of them"))
        }
        Ok(_) => {
            let answer = session.ask(&command(&["CLIENT", "LIST"])).await;
            answer.probed("+client|list").and_then(parts::text).map(|text| parts::clients(&text))
        }
        // How many there are is not known: then a list may be of any length.
        Err(_) => seen.info.clone().and_then(|_| Probed::Absent("number of clients".to_owned())),
    }
}

async fn cluster(session: &mut Redis, seen: &snapshot::Redis) -> Probed<snapshot::RedisCluster> {
    match seen.field("cluster_enabled") {
        Ok("1") => {}
        Ok(_) => return Probed::Absent("cluster: it stands alone".to_owned()),
        Err(_) => return seen.info.clone().and_then(|_| Probed::Absent("cluster".to_owned())),
    }
    let asked = [command(&["CLUSTER", "INFO"]), command(&["CLUSTER", "NODES"])];
    let mut answers = session.ask_all(&asked).await.into_iter();
    let mut next = |needs| {
        let answer = answers.next().unwrap_or_else(|| Answer::Broken(String::new()));
        answer.probed(needs).and_then(parts::text)
    };
    let (info, nodes) = (next("+cluster|info"), next("+cluster|nodes"));
    info.and_then(|info| nodes.map(|nodes| parts::cluster(&info, &nodes)))
}
