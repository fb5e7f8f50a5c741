//! Filling a server with keys, each once, as fast as it takes them.

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::Result;

use crate::client::{Client, put_request};
use crate::open_loop::join;
use crate::progress::Progress;
use crate::stop;

/// Connections that load at one time.
const CONNECTIONS: u64 = 4;

/// Requests that are sent at once.
const BATCH: u64 = 200;

/// Sets the keys of `numbers`; `put` appends the request for one of them.
pub(crate) fn fill(
    port: u16,
    what: &str,
    numbers: Range<u64>,
    put: impl Fn(&mut Vec<u8>, u64) + Sync,
) -> Result<()> {
    let (next, done) = (AtomicU64::new(numbers.start), AtomicU64::new(0));
    let total = numbers.end - numbers.start;
    let work = || -> Result<()> {
        let mut client = Client::connect(port)?;
        let mut requests = Vec::new();
        loop {
            stop::check()?;
            let from = next.fetch_add(BATCH, Ordering::Relaxed);
            let to = numbers.end.min(from + BATCH);
            if from >= to {
                return Ok(());
            }
            requests.clear();
            (from..to).for_each(|number| put(&mut requests, number));
            client.exchange(&requests, usize::try_from(to - from).unwrap_or(0))?;
            done.fetch_add(to - from, Ordering::Relaxed);
        }
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..CONNECTIONS).map(|_| scope.spawn(work)).collect();
        let mut progress = Progress::new(format!("loading {what}"), total as f64);
        while threads.iter().any(|thread| !thread.is_finished()) {
            let so_far = done.load(Ordering::Relaxed);
            progress.show(so_far as f64, &format!("{so_far} of {total} keys"));
            thread::sleep(Duration::from_millis(20));
        }
        threads.into_iter().try_for_each(|thread| join(thread.join()))
    })
}

/// Appends `SET` of a key of 16 bytes.
pub(crate) fn put_set(requests: &mut Vec<u8>, number: u64, value: &[u8]) {
    put_request(requests, &[b"SET", format!("key:{number:012}").as_bytes(), value]);
}
