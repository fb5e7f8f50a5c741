//! LATENCY: what a client may ask of what took long.

use std::collections::VecDeque;

use redis::Latency as Subcommand;
use wire::resp::Args;

use crate::latency::Event;
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
            Subcommand::Doctor => self.latency_doctor(),
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
        let events = self.server.latencies.events();
        let asked = events.iter().find(|event| name.eq_ignore_ascii_case(event.0.as_bytes()));
        let samples = asked.map(|(_, event)| &event.samples);
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
