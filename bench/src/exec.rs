//! What does a whole transaction cost beside a plain durable SET?
//!
//! Unit: transactions a second, and the ratio to SETs a second of the same number of clients. Each claims
//! a key, checks a lock, changes a balance, appends an event: one commit, so one share of a sync. Expected
//! from a sketch: the sync bounds both, so the ratio is near one for few clients and falls with the work of
//! five commands for many.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::client::Client;
use crate::disk::sync_time;
use crate::server::{Kind, Mode, Server};

/// Compare the transaction of the README with plain durable SETs.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Seconds for each measurement
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Clients; may be given several times
    #[arg(long, default_values_t = [1, 16, 64])]
    clients: Vec<u32>,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let root = Path::new("target/bench");
    std::fs::create_dir_all(root).context("make target/bench")?;
    println!(
        "sync: {:.3} ms (median of 200 writes of 512 bytes)",
        sync_time(root)?.as_secs_f64() * 1e3
    );
    println!("{:>7} | {:>12} {:>12} {:>6}", "clients", "SET/s", "EXEC/s", "ratio");
    for &clients in &args.clients {
        let time = Duration::from_secs(args.seconds);
        let sets = rate(clients, time, root, set)?;
        let transactions = rate(clients, time, root, transfer)?;
        println!("{clients:>7} | {sets:>12.0} {transactions:>12.0} {:>6.2}", transactions / sets);
    }
    Ok(())
}

type Work = fn(&mut Client, client: u32, number: u64, token: &str) -> Result<()>;

fn set(client: &mut Client, number: u32, count: u64, _token: &str) -> Result<()> {
    let (key, value) = (format!("key:{number}:{}", count % 1000), format!("{count:064}"));
    expect(&client.send(&[&["SET", &key, &value]])?, "+OK")
}

fn transfer(client: &mut Client, number: u32, count: u64, token: &str) -> Result<()> {
    let (claim, lock) = (format!("pay:{number}:{count}"), format!("account:{number}"));
    let key = count.to_string();
    let last = client.send(&[
        &["MULTI"],
        &["IDEM.CLAIM", &claim, "86400"],
        &["LOCK.CHECK", &lock, token],
        &["HINCRBY", &lock, "balance", "-100"],
        &["TOPIC.PRODUCE", "payments", "KEY", &key, "{\"amount\":100}"],
        &["EXEC"],
    ])?;
    expect(&last, "*4")
}

fn expect(reply: &str, wanted: &str) -> Result<()> {
    if reply != wanted {
        bail!("answered {reply}, and {wanted} was expected");
    }
    Ok(())
}

/// How many pieces of work a second so many clients get done, each on a connection of its own.
fn rate(clients: u32, time: Duration, root: &Path, work: Work) -> Result<f64> {
    let server = Server::start(Kind::Groundsill, Mode::Durable, root)?;
    expect(
        &Client::connect(server.port)?.send(&[&[
            "TOPIC.CREATE",
            "payments",
            "PARTITIONS",
            "16",
        ]])?,
        "+OK",
    )?;
    let (stop, done) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let began = Instant::now();
    let threads: Vec<_> = (0..clients)
        .map(|number| {
            let (stop, done, port) = (Arc::clone(&stop), Arc::clone(&done), server.port);
            std::thread::spawn(move || -> Result<()> {
                let mut client = Client::connect(port)?;
                let lock = format!("account:{number}");
                let token = client.send(&[&["LOCK.ACQUIRE", &lock, "3600000"]])?;
                let token = token.trim_start_matches(':').to_owned();
                for count in 0.. {
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                    work(&mut client, number, count, &token)?;
                    done.fetch_add(1, Ordering::Relaxed);
                }
                Ok(())
            })
        })
        .collect();
    std::thread::sleep(time);
    stop.store(true, Ordering::Relaxed);
    let elapsed = began.elapsed();
    #[expect(clippy::cast_precision_loss, reason = "a count of requests")]
    let rate = done.load(Ordering::Relaxed) as f64 / elapsed.as_secs_f64();
    for thread in threads {
        match thread.join() {
            Ok(outcome) => outcome?,
            Err(_panic) => bail!("a client failed"),
        }
    }
    Ok(rate)
}
