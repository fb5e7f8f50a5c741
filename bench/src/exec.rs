//! What does a whole transaction cost beside a plain durable SET?
//!
//! Unit: transactions a second, and the ratio to SETs a second of the same number of clients. Each claims
//! a key, checks a lock, changes a balance, appends an event: one commit, so one share of a sync. Expected
//! from a sketch: the sync bounds both, so the ratio is near one for few clients and falls with the work of
//! five commands for many.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::client::Client;
use crate::disk::print_sync_time;
use crate::open_loop::join;
use crate::progress::Progress;
use crate::server::{Kind, Mode, Server, Setup};
use crate::stop;

/// Compare the transaction of the README with plain durable SETs.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Seconds for each measurement
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Clients, separated by commas
    #[arg(long, value_delimiter = ',', default_values_t = [1, 16, 64])]
    clients: Vec<u32>,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let runs = 2 * args.clients.len();
    println!("{runs} runs of {} s each", args.seconds);
    print_sync_time()?;
    println!("{:>7} | {:>12} {:>12} {:>6}", "clients", "SET/s", "EXEC/s", "ratio");
    for &clients in &args.clients {
        let sets = rate("SET", clients, args.seconds, set)?;
        let transactions = rate("EXEC", clients, args.seconds, transfer)?;
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
fn rate(what: &str, clients: u32, seconds: u64, work: Work) -> Result<f64> {
    let setup = Setup { kind: Kind::Groundsill, mode: Mode::Durable, memory: None };
    let server = Server::start(setup)?;
    let create: &[&str] = &["TOPIC.CREATE", "payments", "PARTITIONS", "16"];
    expect(&Client::connect(server.port)?.send(&[create])?, "+OK")?;
    let (stop, done) = (AtomicBool::new(false), AtomicU64::new(0));
    let one = |number: u32| -> Result<()> {
        let mut client = Client::connect(server.port)?;
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
    };
    thread::scope(|scope| {
        let (one, began) = (&one, Instant::now());
        let threads: Vec<_> = (0..clients).map(|number| scope.spawn(move || one(number))).collect();
        let mut progress = Progress::new(format!("{what}, {clients} clients"), seconds as f64);
        let mut waited = Ok(());
        while began.elapsed() < Duration::from_secs(seconds) && waited.is_ok() {
            waited = stop::sleep(Duration::from_millis(20));
            let count = done.load(Ordering::Relaxed);
            progress.show(began.elapsed().as_secs_f64(), &format!("{count} done"));
        }
        stop.store(true, Ordering::Relaxed);
        let rate = done.load(Ordering::Relaxed) as f64 / began.elapsed().as_secs_f64();
        threads.into_iter().try_for_each(|thread| join(thread.join()))?;
        waited.map(|()| rate)
    })
}
