//! Load that does not wait for the server: each request has its time by a schedule, and its latency
//! counts from that time, whenever it could be sent. So a server that stands still for a second is
//! charged for every request that should have been sent meanwhile (no coordinated omission).
//!
//! Invariants:
//! 1. A request is never sent before its time.
//! 2. Every request whose time has come is counted: answered, with its latency, or as not sent.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::client::Client;
use crate::histogram::Histogram;
use crate::seconds::Seconds;
use crate::stop;

/// How one run loads the server.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    pub(crate) port: u16,
    pub(crate) connections: u32,
    /// Requests that one connection sends at once, if so many are due.
    pub(crate) batch: u64,
    /// Requests a second over all connections; `None` is as many as are answered.
    pub(crate) rate: Option<f64>,
    pub(crate) seconds: usize,
}

/// What came of it.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// What was answered in each second.
    pub(crate) answered: Seconds,
    /// Latencies of the requests whose time was in each second; of an unlimited rate, from when they were sent.
    pub(crate) latencies: Vec<Histogram>,
    /// Requests whose time had come and that were not sent when the run ended.
    pub(crate) unsent: u64,
}

/// When one connection's requests are due.
#[derive(Clone, Copy, Debug)]
struct Schedule {
    /// Between two requests of this connection.
    interval: f64,
    /// Until the first one.
    offset: f64,
}

impl Schedule {
    fn new(rate: f64, connections: u32, number: u32) -> Self {
        Self { interval: f64::from(connections) / rate, offset: f64::from(number) / rate }
    }

    /// How many are due by then.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a count of requests; before the first one it saturates at 0"
    )]
    fn due(&self, elapsed: Duration) -> u64 {
        let since = elapsed.as_secs_f64() - self.offset;
        if since < 0.0 { 0 } else { (since / self.interval) as u64 + 1 }
    }

    /// When request `at` is due.
    fn time(&self, at: u64) -> Duration {
        Duration::from_secs_f64(self.offset + at as f64 * self.interval)
    }
}

/// Runs a load; `put` appends a request, given a number that is different each time, and `each_second`
/// is called with the number of each second that has ended and what was answered in it.
pub(crate) fn run(
    load: Load,
    put: impl Fn(&mut Vec<u8>, u64) + Sync,
    mut each_second: impl FnMut(usize, u64) -> Result<()>,
) -> Result<Outcome> {
    let answered: Vec<AtomicU64> = (0..load.seconds).map(|_| AtomicU64::new(0)).collect();
    let began = Instant::now();
    let (connections, unsent) = thread::scope(|scope| {
        let (put, answered) = (&put, &answered[..]);
        let threads: Vec<_> = (0..load.connections)
            .map(|number| scope.spawn(move || drive(load, number, began, put, answered)))
            .collect();
        let mut watched = Ok(());
        for (second, count) in answered.iter().enumerate() {
            let end = began + Duration::from_secs(second as u64 + 1);
            watched = stop::sleep(end.saturating_duration_since(Instant::now()))
                .and_then(|()| each_second(second, count.load(Ordering::Relaxed)));
            if watched.is_err() || threads.iter().all(thread::ScopedJoinHandle::is_finished) {
                break;
            }
        }
        let mut latencies = vec![Histogram::default(); load.seconds];
        let mut unsent = 0;
        for thread in threads {
            let (of_one, left) = join(thread.join())?;
            latencies.iter_mut().zip(&of_one).for_each(|(all, one)| all.add(one));
            unsent += left;
        }
        watched?;
        anyhow::Ok((latencies, unsent))
    })?;
    let answered = Seconds(answered.into_iter().map(AtomicU64::into_inner).collect());
    Ok(Outcome { answered, latencies: connections, unsent })
}

/// One connection's part: its latencies by second, and how many it left unsent.
fn drive(
    load: Load,
    number: u32,
    began: Instant,
    put: &(impl Fn(&mut Vec<u8>, u64) + Sync),
    answered: &[AtomicU64],
) -> Result<(Vec<Histogram>, u64)> {
    let mut client = Client::connect(load.port)?;
    let schedule = load.rate.map(|rate| Schedule::new(rate, load.connections, number));
    let end = Duration::from_secs(load.seconds as u64);
    let mut latencies = vec![Histogram::default(); load.seconds];
    let (mut sent, mut requests) = (0u64, Vec::new());
    loop {
        let now = began.elapsed();
        let due = schedule.map_or(sent + load.batch, |schedule| schedule.due(now.min(end)));
        if now >= end || stop::is_asked() {
            return Ok((latencies, if schedule.is_some() { due - sent } else { 0 }));
        }
        let count = (due - sent).min(load.batch);
        if count == 0 {
            let next = schedule.map_or(now, |schedule| schedule.time(sent));
            thread::sleep(next.saturating_sub(now).min(Duration::from_millis(50)));
            continue;
        }
        requests.clear();
        let first = sent;
        for at in first..first + count {
            put(&mut requests, at * u64::from(load.connections) + u64::from(number));
        }
        client.exchange(&requests, usize::try_from(count).unwrap_or(0))?;
        sent += count;
        let after = began.elapsed();
        if let Some(second) = answered.get(whole_seconds(after)) {
            second.fetch_add(count, Ordering::Relaxed);
        }
        for at in first..sent {
            let time = schedule.map_or(now, |schedule| schedule.time(at));
            if let Some(latencies) = latencies.get_mut(whole_seconds(time)) {
                latencies.record(after.saturating_sub(time));
            }
        }
    }
}

fn whole_seconds(time: Duration) -> usize {
    usize::try_from(time.as_secs()).unwrap_or(usize::MAX)
}

/// What a thread returned; a panic is an error.
pub(crate) fn join<T>(outcome: thread::Result<Result<T>>) -> Result<T> {
    match outcome {
        Ok(outcome) => outcome,
        Err(_panic) => bail!("a client failed by a defect of the benchmark"),
    }
}

#[cfg(test)]
mod tests;
