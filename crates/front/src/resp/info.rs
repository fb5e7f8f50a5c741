//! INFO and MEMORY STATS: figures of the server. A field is there only if its value is real.

use std::fmt::Display;
use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use kv::{Layer, Level};
use wire::resp::Args;

use crate::pause::{Extent, Scope};
use crate::resp::handshake::REDIS_VERSION;
use crate::resp::session::Session;
use crate::server::{DATABASES, Server};
use crate::usage::Told;

/// The sections, in the order in which they are told, and whether they are where none is named.
const SECTIONS: [(&str, bool); 11] = [
    ("server", true),
    ("clients", true),
    ("memory", true),
    ("persistence", true),
    ("stats", true),
    ("replication", true),
    ("cpu", true),
    ("commandstats", false),
    ("latencystats", false),
    ("errorstats", true),
    ("keyspace", true),
];

/// The parts of a command's calls whose longest time is told: in thousandths, and as Redis calls them.
const PERCENTILES: [(u64, &str); 3] = [(500, "p50"), (990, "p99"), (999, "p99.9")];

/// The number of keys is counted as commits are applied; a call waits so long for those before it.
const KEYS_WAIT: Duration = Duration::from_millis(100);

/// Lines of fields below headings.
#[derive(Debug, Default)]
struct Text(String);

impl Text {
    fn section(&mut self, name: &str) {
        if !self.0.is_empty() {
            self.0.push_str("\r\n");
        }
        let (first, rest) = name.split_at(1);
        self.line(format_args!("# {}{rest}", first.to_uppercase()));
    }

    fn field(&mut self, name: &str, value: impl Display) {
        self.line(format_args!("{name}:{value}"));
    }

    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        // Writing into a string does not fail.
        let _written = write!(self.0, "{line}\r\n");
    }
}

impl Session {
    pub(crate) async fn info(&mut self, args: Args<'_>) {
        let asked: Vec<_> = args.skip(1).iter().map(<[u8]>::to_ascii_lowercase).collect();
        let names = |name: &str| asked.iter().any(|asked| asked == name.as_bytes());
        let (all, usual) =
            (names("all") || names("everything"), asked.is_empty() || names("default"));
        let server = Arc::clone(&self.server);
        let mut text = Text::default();
        for (section, is_usual) in SECTIONS {
            if !(all || usual && is_usual || names(section)) {
                continue;
            }
            text.section(section);
            match section {
                "server" => about_server(&mut text, &server),
                "clients" => about_clients(&mut text, &server),
                "memory" => about_memory(&mut text, &server),
                "persistence" => about_persistence(&mut text, &server),
                "stats" => about_stats(&mut text, &server),
                "replication" => {
                    text.field("role", "master");
                    text.field("connected_slaves", 0);
                }
                "cpu" => about_processor(&mut text, &server),
                "commandstats" => about_commands(&mut text, &server),
                "latencystats" => about_latencies(&mut text, &server),
                "errorstats" => {
                    for (code, count) in server.usages.errors() {
                        text.field(&format!("errorstat_{code}"), format_args!("count={count}"));
                    }
                }
                _ => self.about_keys(&mut text).await,
            }
        }
        self.reply.verbatim(*b"txt", text.0.as_bytes());
    }

    async fn about_keys(&self, text: &mut Text) {
        let watermarks = self.server.store.watermarks();
        let applied = watermarks.reached(Level::Applied, watermarks.queued());
        // Late or never: then it tells of what is applied so far.
        let _late = tokio::time::timeout(KEYS_WAIT, applied).await;
        for number in 0..DATABASES {
            let Some(namespace) = self.server.find_database(self.tenant, number) else { continue };
            let store = self.server.store.clone();
            let count = move || {
                store.overview(&namespace, Layer::Redis).and_then(|overview| overview.count())
            };
            match self.server.on_loader(count).await {
                Ok(Ok(0)) => {}
                Ok(Ok(keys)) => text.field(&format!("db{number}"), format_args!("keys={keys}")),
                Ok(Err(error)) | Err(error) => text.field(&format!("db{number}_error"), error),
            }
        }
    }

    pub(crate) fn memory_stats(&mut self) {
        let server = &self.server;
        let mut figures = vec![
            ("objects.bytes", server.store.resident_bytes() as u64),
            ("objects.bytes.max", server.store.settings().objects_bytes as u64),
            ("total.bytes.max", server.host.memory_bytes),
        ];
        figures.extend((server.host.usage)().resident_bytes.map(|bytes| ("process.bytes", bytes)));
        self.reply.map(figures.len());
        for (name, figure) in figures {
            self.reply.bulk(name.as_bytes());
            self.reply.integer(i64::try_from(figure).unwrap_or(i64::MAX));
        }
    }
}

fn about_server(text: &mut Text, server: &Server) {
    let up = server.store.monotonic().saturating_sub(server.since).as_secs();
    text.field("redis_version", REDIS_VERSION);
    text.field("redis_mode", "standalone");
    text.field("groundsill_version", server.host.version);
    text.field("os", std::env::consts::OS);
    text.field("arch_bits", usize::BITS);
    text.field("process_id", server.host.process);
    text.field("tcp_port", server.host.port);
    text.field("server_time_usec", server.store.now().0 * 1000);
    text.field("clock_skew_ms", server.store.standing().skew_ms);
    text.field("uptime_in_seconds", up);
    text.field("uptime_in_days", up / 86_400);
}

fn about_clients(text: &mut Text, server: &Server) {
    text.field("connected_clients", server.connected());
    text.field("maxclients", server.limits.connections);
    text.field("blocked_clients", server.pause.held());
    let now = server.store.monotonic();
    if let Some(Extent { scope, until }) = server.pause.at(now) {
        text.field("paused_reason", "client_pause");
        text.field("paused_actions", if scope == Scope::All { "all" } else { "write" });
        text.field("paused_timeout_milliseconds", until.saturating_sub(now).as_millis());
    } else {
        text.field("paused_reason", "none");
        text.field("paused_actions", "none");
        text.field("paused_timeout_milliseconds", 0);
    }
}

fn about_memory(text: &mut Text, server: &Server) {
    text.field("used_memory", server.store.resident_bytes());
    if let Some(bytes) = (server.host.usage)().resident_bytes {
        text.field("used_memory_rss", bytes);
    }
    text.field("used_memory_objects_max", server.store.settings().objects_bytes);
    text.field("maxmemory", server.host.memory_bytes);
    text.field("maxmemory_policy", "noeviction");
}

fn about_persistence(text: &mut Text, server: &Server) {
    let watermarks = server.store.watermarks();
    // From the least: what moves on meanwhile only grows.
    let (applied, durable, written) = (
        watermarks.at(Level::Applied),
        watermarks.at(Level::Durable),
        watermarks.at(Level::Written),
    );
    let queued = watermarks.queued();
    text.field("loading", 0);
    text.field("rdb_changes_since_last_save", queued.0 - durable.0);
    text.field("rdb_last_save_time", server.last_save());
    text.field("aof_enabled", 1);
    text.field("aof_last_write_status", if watermarks.is_poisoned() { "err" } else { "ok" });
    let standing = server.store.standing();
    let refused = watermarks.is_poisoned() || standing.is_out_of_room;
    text.field("writes_refused", u8::from(refused));
    text.field("writes_refused_reason", reason_of_refusal(server, standing.is_out_of_room));
    text.field("commit_queued", queued);
    text.field("commit_written", written);
    text.field("commit_durable", durable);
    text.field("commit_applied", applied);
}

/// Why writes are refused, for a person; nothing if they are not.
fn reason_of_refusal(server: &Server, is_out_of_room: bool) -> &'static str {
    if server.store.watermarks().is_poisoned() {
        "the log has failed: the process is about to end"
    } else if is_out_of_room {
        "the disk has no space for the log: free some; reads and deletes go on"
    } else {
        ""
    }
}

fn about_stats(text: &mut Text, server: &Server) {
    let (counters, figures) = (&server.counters, server.store.figures());
    text.field("total_connections_received", counters.connections.get());
    text.field("total_commands_processed", counters.commands.get());
    text.field("total_net_input_bytes", counters.received_bytes.get());
    text.field("total_net_output_bytes", counters.sent_bytes.get());
    text.field("rejected_connections", counters.rejected.get());
    let errors: u64 = server.usages.errors().iter().map(|(_, count)| count).sum();
    text.field("total_error_replies", errors);
    text.field("expired_keys", figures.expired.get());
    text.field("expiry_lag_ms", figures.expiry_lag_ms.get());
    text.field("objects_evicted_from_memory", figures.evicted.get());
    text.field("reclaimed_rows", figures.reclaimed_rows.get());
    text.field("reclaim_owed", figures.owed.get());
}

fn about_commands(text: &mut Text, server: &Server) {
    for told in server.usages.told() {
        let Told { name, calls, nanos, rejected, failed, .. } = told;
        let each = nanos / calls.max(1);
        let value = format_args!(
            "calls={calls},usec={},usec_per_call={}.{:02},rejected_calls={rejected},failed_calls={failed}",
            nanos / 1000,
            each / 1000,
            each % 1000 / 10
        );
        text.field(&format!("cmdstat_{name}"), value);
    }
}

fn about_latencies(text: &mut Text, server: &Server) {
    for told in server.usages.told().iter().filter(|told| told.calls > 0) {
        let percentiles = PERCENTILES.map(|(permille, name)| {
            let nanos = told.permille_nanos(permille);
            format!("{name}={}.{:03}", nanos / 1000, nanos % 1000)
        });
        let name = format!("latency_percentiles_usec_{}", told.name);
        text.field(&name, percentiles.join(","));
    }
}

fn about_processor(text: &mut Text, server: &Server) {
    let usage = (server.host.usage)();
    let times = [("used_cpu_sys", usage.cpu_system), ("used_cpu_user", usage.cpu_user)];
    for (name, time) in times {
        if let Some(time) = time {
            text.field(name, format_args!("{:.6}", time.as_secs_f64()));
        }
    }
}
