//! The table of settings. Flags, environment variables, the file's keys, `config show` and the
//! documentation come out of it.

/// One setting.
#[derive(Debug)]
pub(crate) struct Setting {
    /// Its key in the file, and its flag.
    pub(crate) key: &'static str,
    /// Its value where nothing is said.
    pub(crate) default: &'static str,
    /// The least that it takes, where it is a number.
    pub(crate) least: Option<&'static str>,
    /// The most, where it is a number: more is a slip of the hand.
    pub(crate) most: Option<&'static str>,
    /// What its value looks like.
    pub(crate) shape: &'static str,
    /// What it does, in a line.
    pub(crate) help: &'static str,
}

impl Setting {
    /// Its environment variable.
    pub(crate) fn variable(&self) -> String {
        format!("GROUNDSILL_{}", self.key.to_uppercase().replace('-', "_"))
    }
}

/// Every setting, in the order in which they are shown.
pub(crate) static SETTINGS: &[Setting] = &[
    Setting {
        key: "data",
        default: "./data",
        least: None,
        most: None,
        shape: "DIR",
        help: "Where the data is kept; made if it is not there",
    },
    Setting {
        key: "resp",
        default: "127.0.0.1:6379",
        least: None,
        most: None,
        shape: "ADDRESS",
        help: "Where Redis clients connect",
    },
    Setting {
        key: "kafka",
        default: "127.0.0.1:9092",
        least: None,
        most: None,
        shape: "ADDRESS",
        help: "Where Kafka clients connect",
    },
    Setting {
        key: "http",
        default: "127.0.0.1:8080",
        least: None,
        most: None,
        shape: "ADDRESS",
        help: "Where probes and metrics are answered over HTTP",
    },
    Setting {
        key: "password-file",
        default: "none",
        least: None,
        most: None,
        shape: "none|FILE",
        help: "The users and hashes of their passwords, of which every client has to show one; see `groundsill password`",
    },
    Setting {
        key: "durability",
        default: "durable",
        least: None,
        most: None,
        shape: "durable|relaxed",
        help: "What new namespaces start with: `durable` syncs before each reply, `relaxed` within 100 ms after",
    },
    Setting {
        key: "memory",
        default: "auto",
        least: Some("256MiB"),
        most: Some("64TiB"),
        shape: "BYTES",
        help: "Memory for objects, blocks, requests and buffers, such as 4GiB; copies under way come on top; `auto` is three fifths of its control group's or machine's",
    },
    Setting {
        key: "connections",
        default: "auto",
        least: Some("1"),
        most: Some("1048576"),
        shape: "COUNT",
        help: "Connections at one time; `auto` is what the descriptors allow, at most 10000",
    },
    Setting {
        key: "drain-time",
        default: "10s",
        least: Some("0s"),
        most: Some("1d"),
        shape: "TIME",
        help: "How long a stop waits for connections to finish",
    },
    Setting {
        key: "log-segment",
        default: "64MiB",
        least: Some("1MiB"),
        most: Some("4GiB"),
        shape: "BYTES",
        help: "Length of a segment of the log, taken from the disk in advance; a longer transaction makes its segment grow",
    },
    Setting {
        key: "log-history",
        default: "1GiB",
        least: Some("0"),
        most: Some("1024TiB"),
        shape: "BYTES",
        help: "How much log is kept as history once it is in the tables",
    },
    Setting {
        key: "log-history-age",
        default: "7d",
        least: Some("0s"),
        most: Some("36500d"),
        shape: "TIME",
        help: "How long log is kept as history",
    },
    Setting {
        key: "disk-free-min",
        default: "auto",
        least: Some("0"),
        most: Some("1024TiB"),
        shape: "BYTES",
        help: "What stays free of the disk: writes are refused where the log, a flush and a compaction would leave less; `auto` is 256MiB, or a twentieth of a smaller disk",
    },
    Setting {
        key: "log-level",
        default: "info",
        least: None,
        most: None,
        shape: "error|warn|info|debug",
        help: "What is written to stderr",
    },
    Setting {
        key: "log-format",
        default: "text",
        least: None,
        most: None,
        shape: "text|json",
        help: "How it is written",
    },
];
