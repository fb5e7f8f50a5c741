//! The metrics: one table, from which `/metrics` is written in Prometheus' text format (version 0.0.4) and
//! against which a test holds the documentation.
//!
//! Invariants:
//! 1. Every label has a closed set of values, known here: nothing that a client sends can add a series.
//! 2. What is not known at the moment is left out, never told as zero.

use std::fmt::Write;
use std::time::Duration;

use kv::{Figures, Level, Standing, TIME_BOUNDS_US, TablesStats, Times};

use crate::host::Usage;
use crate::server::{Front, Server};
use crate::usage::Told;

/// How the server stands as one answer tells it.
pub(super) struct Moment<'a> {
    pub(super) server: &'a Server,
    pub(super) standing: Standing,
    /// None if the tables took too long to tell.
    pub(super) tables: Option<TablesStats>,
    pub(super) usage: Usage,
    /// Connections of the front that answers.
    pub(super) http: usize,
    /// Why it is not ready.
    pub(super) hindrances: Vec<String>,
}

/// One metric.
struct Metric {
    /// Without the prefix that all have.
    name: &'static str,
    kind: Kind,
    help: &'static str,
    series: Series,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Counter,
    Gauge,
    Histogram,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

/// What a metric has values for, and how one is read.
enum Series {
    /// The process: one value without a label.
    Process(fn(&Moment<'_>) -> Option<Value>),
    /// Each shard, of which there is one.
    Shard(fn(&Moment<'_>) -> Option<Value>),
    /// Each shard, with how often something took how long.
    Times(fn(&Figures) -> &Times),
    /// Each front.
    Front(fn(&Moment<'_>) -> [(&'static str, usize); 3]),
    /// Each command and subcommand that has been asked for.
    Command(fn(&Told) -> Value),
    /// Each code of an error that has been answered, and `other`.
    Code,
}

#[derive(Clone, Copy, Debug)]
enum Value {
    Whole(u64),
    /// Told in seconds.
    Millis(i64),
    /// Told in seconds.
    Nanos(u64),
}

/// What every name begins with.
const PREFIX: &str = "groundsill_";

/// All metrics, in the words of Prometheus.
pub(super) fn render(moment: &Moment<'_>) -> String {
    let mut text = String::with_capacity(16 << 10);
    let commands = moment.server.usages.told();
    for metric in METRICS {
        let Metric { name, kind, help, series } = metric;
        let mut lines = String::new();
        match series {
            Series::Process(read) => put(&mut lines, name, "", read(moment)),
            Series::Shard(read) => put(&mut lines, name, "{shard=\"0\"}", read(moment)),
            Series::Times(read) => put_times(&mut lines, name, read(figures(moment))),
            Series::Front(read) => {
                for (front, count) in read(moment) {
                    let label = format!("{{front=\"{front}\"}}");
                    put(&mut lines, name, &label, whole(count as u64));
                }
            }
            Series::Command(read) => {
                for told in &commands {
                    let label = format!("{{command=\"{}\"}}", told.name);
                    put(&mut lines, name, &label, Some(read(told)));
                }
            }
            Series::Code => {
                for (code, count) in moment.server.usages.errors() {
                    put(&mut lines, name, &format!("{{code=\"{code}\"}}"), whole(count));
                }
            }
        }
        if !lines.is_empty() {
            let kind = kind.name();
            // Writing into a string does not fail.
            let _written =
                writeln!(text, "# HELP {PREFIX}{name} {help}\n# TYPE {PREFIX}{name} {kind}");
            text.push_str(&lines);
        }
    }
    text
}

/// A histogram of the one shard, as Prometheus has them: counts up to each bound, all of them, and their sum.
fn put_times(lines: &mut String, name: &str, times: &Times) {
    let counts = times.up_to();
    let bounds =
        TIME_BOUNDS_US.map(|bound| format!("{:.6}", Duration::from_micros(bound).as_secs_f64()));
    let bounds = bounds.iter().map(|bound| bound.trim_end_matches('0').trim_end_matches('.'));
    for (bound, count) in bounds.chain(["+Inf"]).zip(counts) {
        let label = format!("{{shard=\"0\",le=\"{bound}\"}}");
        put(lines, &format!("{name}_bucket"), &label, whole(count));
    }
    let label = "{shard=\"0\"}";
    put(lines, &format!("{name}_sum"), label, Some(Value::Nanos(times.nanos())));
    put(lines, &format!("{name}_count"), label, whole(counts[TIME_BOUNDS_US.len()]));
}

fn put(lines: &mut String, name: &str, label: &str, value: Option<Value>) {
    let _written = match value {
        Some(Value::Whole(value)) => writeln!(lines, "{PREFIX}{name}{label} {value}"),
        Some(Value::Millis(value)) => {
            let (sign, value) = (if value < 0 { "-" } else { "" }, value.unsigned_abs());
            let (seconds, rest) = (value / 1000, value % 1000);
            writeln!(lines, "{PREFIX}{name}{label} {sign}{seconds}.{rest:03}")
        }
        Some(Value::Nanos(value)) => {
            let (seconds, rest) = (value / 1_000_000_000, value % 1_000_000_000 / 1000);
            writeln!(lines, "{PREFIX}{name}{label} {seconds}.{rest:06}")
        }
        None => Ok(()),
    };
}

#[expect(clippy::unnecessary_wraps, reason = "the table's functions may have nothing to tell")]
const fn whole(value: u64) -> Option<Value> {
    Some(Value::Whole(value))
}

#[expect(clippy::unnecessary_wraps, reason = "the table's functions may have nothing to tell")]
fn millis(value: u64) -> Option<Value> {
    Some(Value::Millis(i64::try_from(value).unwrap_or(i64::MAX)))
}

fn about(time: Duration) -> Option<Value> {
    millis(u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
}

fn mark(moment: &Moment<'_>, level: Level) -> Option<Value> {
    whole(moment.server.store.watermarks().at(level).0)
}

fn figures<'a>(moment: &Moment<'a>) -> &'a Figures {
    moment.server.store.figures()
}

fn processor_time(moment: &Moment<'_>) -> Option<Value> {
    about(moment.usage.cpu_user? + moment.usage.cpu_system?)
}

fn of_tables(moment: &Moment<'_>, read: fn(&TablesStats) -> u64) -> Option<Value> {
    moment.tables.as_ref().map(|tables| Value::Whole(read(tables)))
}

fn connections(moment: &Moment<'_>) -> [(&'static str, usize); 3] {
    let of = |front| moment.server.connected_to(front);
    [("resp", of(Front::Resp)), ("kafka", of(Front::Kafka)), ("http", moment.http)]
}

/// Every metric, in the order in which they are told. Among the watermarks, those that are behind come first:
/// what moves on meanwhile only grows.
static METRICS: &[Metric] = &[
    Metric {
        name: "ready",
        kind: Kind::Gauge,
        help: "Whether /readyz answers 200: 1 or 0",
        series: Series::Process(|moment| whole(u64::from(moment.hindrances.is_empty()))),
    },
    Metric {
        name: "up_seconds",
        kind: Kind::Gauge,
        help: "Time since it began to serve",
        series: Series::Process(|moment| {
            about(moment.server.store.monotonic().saturating_sub(moment.server.since))
        }),
    },
    Metric {
        name: "process_resident_bytes",
        kind: Kind::Gauge,
        help: "Memory of the process that is in RAM",
        series: Series::Process(|moment| moment.usage.resident_bytes.map(Value::Whole)),
    },
    Metric {
        name: "memory_bytes_max",
        kind: Kind::Gauge,
        help: "Memory for objects, blocks, requests and buffers",
        series: Series::Process(|moment| whole(moment.server.host.memory_bytes)),
    },
    Metric {
        name: "process_cpu_seconds_total",
        kind: Kind::Counter,
        help: "Processor time of the process, in the program and in the kernel for it",
        series: Series::Process(processor_time),
    },
    Metric {
        name: "commit_applied",
        kind: Kind::Gauge,
        help: "The last commit that reads of the tables see",
        series: Series::Shard(|moment| mark(moment, Level::Applied)),
    },
    Metric {
        name: "commit_durable",
        kind: Kind::Gauge,
        help: "The last commit that a power cut cannot take back",
        series: Series::Shard(|moment| mark(moment, Level::Durable)),
    },
    Metric {
        name: "commit_written",
        kind: Kind::Gauge,
        help: "The last commit that survives the death of the process",
        series: Series::Shard(|moment| mark(moment, Level::Written)),
    },
    Metric {
        name: "commit_queued",
        kind: Kind::Gauge,
        help: "The last commit that has been given its sequence",
        series: Series::Shard(|moment| whole(moment.server.store.watermarks().queued().0)),
    },
    Metric {
        name: "queue_bytes",
        kind: Kind::Gauge,
        help: "Commits that are queued and not yet in the log",
        series: Series::Shard(|moment| whole(moment.standing.queued_bytes)),
    },
    Metric {
        name: "backlog_bytes",
        kind: Kind::Gauge,
        help: "Log that is written and not yet in the tables",
        series: Series::Shard(|moment| whole(moment.standing.backlog_bytes)),
    },
    Metric {
        name: "backlog_bytes_max",
        kind: Kind::Gauge,
        help: "Queue and backlog together, above which writers wait; from half of it on they are slowed",
        series: Series::Shard(|moment| whole(moment.standing.backlog_bytes_max)),
    },
    Metric {
        name: "log_replay_bytes",
        kind: Kind::Gauge,
        help: "Log that is not yet in tables on disk: what a start would replay after a kill",
        series: Series::Shard(|moment| whole(moment.standing.replay_bytes)),
    },
    Metric {
        name: "log_room_bytes",
        kind: Kind::Gauge,
        help: "Log that can be written within space taken in advance",
        series: Series::Shard(|moment| whole(moment.standing.room_bytes)),
    },
    Metric {
        name: "log_reserved_bytes",
        kind: Kind::Gauge,
        help: "Log that is set aside for transactions that run",
        series: Series::Shard(|moment| whole(moment.standing.reserved_bytes)),
    },
    Metric {
        name: "log_out_of_room",
        kind: Kind::Gauge,
        help: "Whether writes, of a MiB at least, are refused because the disk has no space for the log: 1 or 0",
        series: Series::Shard(|moment| whole(u64::from(moment.standing.is_out_of_room))),
    },
    Metric {
        name: "clock_skew_seconds",
        kind: Kind::Gauge,
        help: "The wall clock minus store time",
        series: Series::Shard(|moment| Some(Value::Millis(moment.standing.skew_ms))),
    },
    Metric {
        name: "objects_resident_bytes",
        kind: Kind::Gauge,
        help: "Memory that objects are taken to cost",
        series: Series::Shard(|moment| whole(moment.server.store.resident_bytes() as u64)),
    },
    Metric {
        name: "objects_bytes_max",
        kind: Kind::Gauge,
        help: "Memory for objects, above which they are evicted",
        series: Series::Shard(|moment| whole(moment.server.store.settings().objects_bytes as u64)),
    },
    Metric {
        name: "objects_evicted_total",
        kind: Kind::Counter,
        help: "Objects that left memory; on disk they are still there",
        series: Series::Shard(|moment| whole(figures(moment).evicted.get())),
    },
    Metric {
        name: "load_seconds",
        kind: Kind::Histogram,
        help: "Loads from the tables, each of all that a transaction lacked in memory, on the threads that read",
        series: Series::Times(|figures| &figures.loads),
    },
    Metric {
        name: "transactions_rerun_total",
        kind: Kind::Counter,
        help: "Rounds of transactions beyond their first: for locks that others had, or after a load",
        series: Series::Shard(|moment| whole(figures(moment).reruns.get())),
    },
    Metric {
        name: "transactions_exclusive_total",
        kind: Kind::Counter,
        help: "Rounds of transactions that held a namespace alone, as FLUSHDB or SCAN in MULTI does",
        series: Series::Shard(|moment| whole(figures(moment).exclusive.get())),
    },
    Metric {
        name: "transactions_exclusive_seconds_total",
        kind: Kind::Counter,
        help: "Time that these took together, with their waiting for it",
        series: Series::Shard(|moment| {
            about(Duration::from_nanos(figures(moment).exclusive_nanos.get()))
        }),
    },
    Metric {
        name: "log_sync_seconds",
        kind: Kind::Histogram,
        help: "Syncs of the log, each for all that were waiting for one: what a durable write waits for at least",
        series: Series::Times(|figures| &figures.syncs),
    },
    Metric {
        name: "objects_expired_total",
        kind: Kind::Counter,
        help: "Objects that ended at their deadline",
        series: Series::Shard(|moment| whole(figures(moment).expired.get())),
    },
    Metric {
        name: "expiry_lag_seconds",
        kind: Kind::Gauge,
        help: "How long the object that is due first has been due; readers do not see it meanwhile",
        series: Series::Shard(|moment| millis(figures(moment).expiry_lag_ms.get())),
    },
    Metric {
        name: "reclaimed_rows_total",
        kind: Kind::Counter,
        help: "Rows of removed objects that were given back",
        series: Series::Shard(|moment| whole(figures(moment).reclaimed_rows.get())),
    },
    Metric {
        name: "reclaim_owed",
        kind: Kind::Gauge,
        help: "Removed objects and spaces whose rows are still there, counted up to a bound",
        series: Series::Shard(|moment| whole(figures(moment).owed.get())),
    },
    Metric {
        name: "tables",
        kind: Kind::Gauge,
        help: "Tables on disk",
        series: Series::Shard(|moment| of_tables(moment, |tables| tables.tables)),
    },
    Metric {
        name: "tables_bytes",
        kind: Kind::Gauge,
        help: "Their size on disk",
        series: Series::Shard(|moment| of_tables(moment, |tables| tables.bytes)),
    },
    Metric {
        name: "tables_entries",
        kind: Kind::Gauge,
        help: "Entries in them, superseded ones too",
        series: Series::Shard(|moment| of_tables(moment, |tables| tables.entries)),
    },
    Metric {
        name: "tables_tombstones",
        kind: Kind::Gauge,
        help: "Markers of deletion in them",
        series: Series::Shard(|moment| of_tables(moment, |tables| tables.tombstones)),
    },
    Metric {
        name: "tables_memtable_bytes",
        kind: Kind::Gauge,
        help: "The memtable that commits go to",
        series: Series::Shard(|moment| of_tables(moment, |tables| tables.memtable_bytes)),
    },
    Metric {
        name: "tables_memtable_bytes_max",
        kind: Kind::Gauge,
        help: "From so many on it is sealed; two sealed ones may wait for the disk beside it",
        series: Series::Shard(|moment| {
            let most = moment.server.store.settings().memtable_bytes;
            of_tables(moment, |tables| tables.memtable_bytes).and_then(|_| whole(most))
        }),
    },
    Metric {
        name: "tables_sealed",
        kind: Kind::Gauge,
        help: "Memtables that wait for a flush",
        series: Series::Shard(|moment| of_tables(moment, |tables| tables.sealed)),
    },
    Metric {
        name: "tables_sealed_bytes",
        kind: Kind::Gauge,
        help: "Their size in memory",
        series: Series::Shard(|moment| of_tables(moment, |tables| tables.sealed_bytes)),
    },
    Metric {
        name: "tables_buried_memtables",
        kind: Kind::Gauge,
        help: "Memtables that are in tables and kept for readers",
        series: Series::Shard(|moment| of_tables(moment, |tables| tables.buried_memtables)),
    },
    Metric {
        name: "tables_cache_bytes",
        kind: Kind::Gauge,
        help: "Blocks of tables in memory",
        series: Series::Shard(|moment| of_tables(moment, |tables| tables.cache_bytes)),
    },
    Metric {
        name: "tables_cache_bytes_max",
        kind: Kind::Gauge,
        help: "At most so many",
        series: Series::Shard(|moment| of_tables(moment, |tables| tables.cache_bytes_max)),
    },
    Metric {
        name: "tables_pinned_bytes",
        kind: Kind::Gauge,
        help: "Filters and indexes of tables in memory, outside the cache",
        series: Series::Shard(|moment| of_tables(moment, |tables| tables.pinned_bytes)),
    },
    Metric {
        name: "tables_views",
        kind: Kind::Gauge,
        help: "Reads of the tables under way",
        series: Series::Shard(|moment| of_tables(moment, |tables| tables.views)),
    },
    Metric {
        name: "tables_versions_kept",
        kind: Kind::Gauge,
        help: "Older states of the tables that are kept for them",
        series: Series::Shard(|moment| of_tables(moment, |tables| tables.versions_kept)),
    },
    Metric {
        name: "tables_flushes_total",
        kind: Kind::Counter,
        help: "Memtables written to tables",
        series: Series::Shard(|moment| of_tables(moment, |tables| tables.flushes)),
    },
    Metric {
        name: "tables_compactions_total",
        kind: Kind::Counter,
        help: "Pieces of compaction that changed tables",
        series: Series::Shard(|moment| of_tables(moment, |tables| tables.compactions)),
    },
    Metric {
        name: "tables_written_back_bytes_total",
        kind: Kind::Counter,
        help: "Bytes of tables that were synced before these were finished, so that their last sync is short",
        series: Series::Shard(|moment| of_tables(moment, |tables| tables.written_back_bytes)),
    },
    Metric {
        name: "tables_failures_total",
        kind: Kind::Counter,
        help: "Flushes and pieces of compaction that failed; they are tried again",
        series: Series::Shard(|moment| of_tables(moment, |tables| tables.failures)),
    },
    Metric {
        name: "tables_top_runs",
        kind: Kind::Gauge,
        help: "Runs of tables in the top level, each of which a read may have to look into",
        series: Series::Shard(|moment| {
            of_tables(moment, |tables| tables.levels.first().map_or(0, |top| top.runs))
        }),
    },
    Metric {
        name: "tables_damaged",
        kind: Kind::Gauge,
        help: "Tables found damaged since the start",
        series: Series::Shard(|moment| of_tables(moment, |tables| tables.damaged.len() as u64)),
    },
    Metric {
        name: "connections",
        kind: Kind::Gauge,
        help: "Open connections",
        series: Series::Front(connections),
    },
    Metric {
        name: "connections_max",
        kind: Kind::Gauge,
        help: "Connections of resp and kafka together that there may be",
        series: Series::Process(|moment| whole(moment.server.limits.connections as u64)),
    },
    Metric {
        name: "connections_accepted_total",
        kind: Kind::Counter,
        help: "Connections of resp and kafka that were taken",
        series: Series::Process(|moment| whole(moment.server.counters.connections.get())),
    },
    Metric {
        name: "connections_rejected_total",
        kind: Kind::Counter,
        help: "Connections that were turned away, all places being taken",
        series: Series::Process(|moment| whole(moment.server.counters.rejected.get())),
    },
    Metric {
        name: "connections_stalled_total",
        kind: Kind::Counter,
        help: "Connections that were closed because the client did not read, or sent a request too slowly",
        series: Series::Process(|moment| whole(moment.server.counters.stalled.get())),
    },
    Metric {
        name: "connections_malformed_total",
        kind: Kind::Counter,
        help: "Connections of kafka that were closed because what came was no request of the protocol",
        series: Series::Process(|moment| whole(moment.server.counters.malformed.get())),
    },
    Metric {
        name: "connections_crowded_out_total",
        kind: Kind::Counter,
        help: "Connections that were closed because all requests together took too much memory",
        series: Series::Process(|moment| whole(moment.server.counters.crowded_out.get())),
    },
    Metric {
        name: "authentications_failed_total",
        kind: Kind::Counter,
        help: "Passwords that were refused, over all fronts",
        series: Series::Process(|moment| whole(moment.server.counters.turned_away.get())),
    },
    Metric {
        name: "commands_failed_total",
        kind: Kind::Counter,
        help: "Commands that were undone by a defect of ours: please report it",
        series: Series::Process(|moment| whole(moment.server.counters.defects.get())),
    },
    Metric {
        name: "connections_failed_total",
        kind: Kind::Counter,
        help: "Connections that ended by a defect of ours: please report it",
        series: Series::Process(|moment| whole(moment.server.counters.failed.get())),
    },
    Metric {
        name: "commands_total",
        kind: Kind::Counter,
        help: "Requests of resp and kafka that were run",
        series: Series::Process(|moment| whole(moment.server.counters.commands.get())),
    },
    Metric {
        name: "commands_joined_total",
        kind: Kind::Counter,
        help: "Those of them that ran in a series, under locks that were taken once",
        series: Series::Process(|moment| whole(moment.server.counters.joined.get())),
    },
    Metric {
        name: "command_calls_total",
        kind: Kind::Counter,
        help: "Calls of a command of resp, those within EXEC too",
        series: Series::Command(|told| Value::Whole(told.calls)),
    },
    Metric {
        name: "command_seconds_total",
        kind: Kind::Counter,
        help: "Time that they took until their replies were there, not until these were durable",
        series: Series::Command(|told| Value::Nanos(told.nanos)),
    },
    Metric {
        name: "command_errors_total",
        kind: Kind::Counter,
        help: "Calls that were answered with an error, and requests for the command that were not begun for one",
        series: Series::Command(|told| Value::Whole(told.failed + told.rejected)),
    },
    Metric {
        name: "errors_total",
        kind: Kind::Counter,
        help: "Errors that commands of resp were answered",
        series: Series::Code,
    },
    Metric {
        name: "writes_held_back_total",
        kind: Kind::Counter,
        help: "Writes, pipelines of them as one, that were delayed because the tables were behind",
        series: Series::Process(|moment| whole(moment.server.counters.held_back.get())),
    },
    Metric {
        name: "received_bytes_total",
        kind: Kind::Counter,
        help: "Bytes received by resp and kafka",
        series: Series::Process(|moment| whole(moment.server.counters.received_bytes.get())),
    },
    Metric {
        name: "sent_bytes_total",
        kind: Kind::Counter,
        help: "Bytes sent by resp and kafka",
        series: Series::Process(|moment| whole(moment.server.counters.sent_bytes.get())),
    },
    Metric {
        name: "requests_bytes",
        kind: Kind::Gauge,
        help: "Memory of requests and replies under way over all connections",
        series: Series::Process(|moment| whole(moment.server.inboxes.taken() as u64)),
    },
    Metric {
        name: "requests_bytes_max",
        kind: Kind::Gauge,
        help: "Memory for them, above which a request ends its connection and a reply is refused",
        series: Series::Process(|moment| whole(moment.server.inboxes.bytes_max() as u64)),
    },
];

#[cfg(test)]
mod tests;
