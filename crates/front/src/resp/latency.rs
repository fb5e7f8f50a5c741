//! LATENCY: what a client may ask of what took long.

use std::collections::{HashMap, VecDeque};

use redis::{Error, Latency as Subcommand};
use wire::resp::Args;

use crate::latency::{Event, graph};
use crate::resp::session::Session;

impl Session {
    pub(crate) fn latency(&mut self, which: Subcommand, args: Args<'_>) {
        match which {
            Subcommand::Latest => self.latency_latest(),
            Subcommand::History => self.latency_history(&args[2]),
            Subcommand::Reset => {
                let names: Vec<&[u8]> = args.iter().skip(2).collect();
                let count = self.server.latencies.forget(&names);
                self.reply.integer(i64::try_from(count).unwrap_or(i64::MAX));
            }
            Subcommand::Graph => self.latency_graph(&args[2]),
            Subcommand::Doctor => self.latency_doctor(),
            Subcommand::Histogram => self.latency_histogram(args),
        }
    }

    fn latency_graph(&mut self, name: &[u8]) {
        if let Some((name, event)) = self.server.latencies.find(name) {
            let now = self.server.store.now().0 / 1000;
            self.reply.verbatim(*b"txt", graph(name, &event, now).as_bytes());
        } else {
            let name = String::from_utf8_lossy(&name[..name.len().min(128)]);
            let text = format!("ERR No samples available for event '{name}'");
            self.fail(Error::Reply(text.into()));
        }
    }

    /// Of a command with subcommands, each of these counts.
    fn latency_histogram(&mut self, args: Args<'_>) {
        let mut told = self.server.usages.told();
        told.retain(|told| told.calls > 0);
        if args.len() > 2 {
            // Each once, where it is first asked for: a client may ask a million times, and for what is not there.
            let names = |name: &'static str| [name, name.split('|').next().unwrap_or(name)];
            let mut asked: HashMap<&str, Option<usize>> =
                told.iter().flat_map(|told| names(told.name)).map(|name| (name, None)).collect();
            for (at, name) in args.skip(2).iter().enumerate() {
                let name = std::str::from_utf8(name).unwrap_or_default().to_ascii_lowercase();
                if let Some(place) = asked.get_mut(&*name) {
                    place.get_or_insert(at);
                }
            }
            let place = |name| names(name).iter().filter_map(|name| asked[name]).min();
            told.retain(|told| place(told.name).is_some());
            told.sort_by_key(|told| place(told.name));
        }
        let whole = |number| i64::try_from(number).unwrap_or(i64::MAX);
        self.reply.map(told.len());
        for told in &told {
            self.reply.bulk(told.name.as_bytes());
            self.reply.map(2);
            self.reply.bulk(b"calls");
            self.reply.integer(whole(told.calls));
            self.reply.bulk(b"histogram_usec");
            self.reply.map(told.histogram_us().count());
            for (bound, count) in told.histogram_us() {
                self.reply.integer(whole(bound));
                self.reply.integer(whole(count));
            }
        }
    }

    fn latency_latest(&mut self) {
        let events = self.server.latencies.events();
        self.reply.array(events.len());
        for (name, Event { samples, worst_ms }) in &events {
            let latest = samples.back().map_or((0, 0), |sample| (sample.second, sample.ms));
            self.reply.array(4);
            self.reply.bulk(name.as_bytes());
            for number in [latest.0, latest.1, *worst_ms] {
                self.reply.integer(i64::try_from(number).unwrap_or(i64::MAX));
            }
        }
    }

    fn latency_history(&mut self, name: &[u8]) {
        let asked = self.server.latencies.find(name);
        let samples = asked.as_ref().map(|(_, event)| &event.samples);
        self.reply.array(samples.map_or(0, VecDeque::len));
        for sample in samples.into_iter().flatten() {
            self.reply.array(2);
            for number in [sample.second, sample.ms] {
                self.reply.integer(i64::try_from(number).unwrap_or(i64::MAX));
            }
        }
    }

    fn latency_doctor(&mut self) {
        let events = self.server.latencies.events();
        let told = events.iter().map(|(name, Event { samples, worst_ms })| {
            let seconds = samples.len();
            format!(
                "{name}: at most {worst_ms} ms; {seconds} seconds are kept, see LATENCY HISTORY.\n"
            )
        });
        let mut text: String = told.collect();
        if text.is_empty() {
            text += "Nothing has taken as long as latency-monitor-threshold, or it is 0: CONFIG SET it to some milliseconds.\n";
        }
        text += "SLOWLOG GET tells which commands took long, and INFO persistence how far the log is behind.\n";
        self.reply.verbatim(*b"txt", text.as_bytes());
    }
}
