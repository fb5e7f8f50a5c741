//! Cold keys, over tables that count, fail and wait as they are told.

use std::ops::Bound;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use base::{Event, Sequence};
use kv::Level;
use parking_lot::{Condvar, Mutex};
use tables::{Change, Error, Flush, ModelTables, Rows, Sealed, Stats, Tables, Value, View};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::resp::serve;
use crate::resp::tests::{PATIENCE, World, ask};
use crate::server::Limits;

/// What readers of header rows meet.
#[derive(Default)]
struct Stage {
    /// Views in which a header row was looked up.
    loads: AtomicUsize,
    fails: AtomicBool,
    waits: Mutex<bool>,
    goes_on: Condvar,
}

impl Stage {
    fn wait(&self, waits: bool) {
        *self.waits.lock() = waits;
        self.goes_on.notify_all();
    }
}

struct Staged {
    inner: ModelTables,
    stage: Arc<Stage>,
}

struct StagedView {
    inner: Box<dyn View>,
    stage: Arc<Stage>,
    is_counted: AtomicBool,
}

impl View for StagedView {
    fn applied(&self) -> Sequence {
        self.inner.applied()
    }

    fn get(&self, key: &[u8]) -> Result<Option<Value>, Error> {
        if key.first() == Some(&1) {
            if !self.is_counted.swap(true, Ordering::SeqCst) {
                self.stage.loads.fetch_add(1, Ordering::SeqCst);
            }
            assert!(!self.stage.fails.load(Ordering::SeqCst), "a defect, for the test");
            let mut waits = self.stage.waits.lock();
            while *waits {
                self.stage.goes_on.wait(&mut waits);
            }
        }
        self.inner.get(key)
    }

    fn range<'a>(&'a self, from: Bound<&[u8]>, to: Bound<&[u8]>) -> Rows<'a> {
        self.inner.range(from, to)
    }
}

impl Tables for Staged {
    fn applied(&self) -> Sequence {
        self.inner.applied()
    }

    fn apply(&self, changes: Vec<Change>, through: Sequence) -> Result<(), Error> {
        self.inner.apply(changes, through)
    }

    fn get(&self, key: &[u8]) -> Result<Option<Value>, Error> {
        self.inner.get(key)
    }

    fn view(&self) -> Box<dyn View> {
        let (inner, stage) = (self.inner.view(), Arc::clone(&self.stage));
        Box::new(StagedView { inner, stage, is_counted: AtomicBool::new(false) })
    }

    fn memtable_bytes(&self) -> u64 {
        self.inner.memtable_bytes()
    }

    fn sealed(&self) -> Sealed {
        self.inner.sealed()
    }

    fn top_runs(&self) -> u64 {
        self.inner.top_runs()
    }

    fn rotate(&self) -> bool {
        self.inner.rotate()
    }

    fn flush(&self, durable: Sequence) -> Result<Flush, Error> {
        self.inner.flush(durable)
    }

    fn flushed(&self) -> Sequence {
        self.inner.flushed()
    }

    fn compact(&self) -> Result<bool, Error> {
        self.inner.compact()
    }

    fn maintain(&self) {
        self.inner.maintain();
    }

    fn is_droppable(&self, from: &[u8], to: &[u8]) -> Result<bool, Error> {
        self.inner.is_droppable(from, to)
    }

    fn drop_range(&self, from: &[u8], to: &[u8]) -> Result<bool, Error> {
        self.inner.drop_range(from, to)
    }

    fn stats(&self) -> Stats {
        self.inner.stats()
    }
}

const KEYS: usize = 50;

/// A server whose keys leave memory as soon as they may, with [`KEYS`] of them that have.
async fn cold(limits: Limits) -> (World, Arc<Stage>, std::net::SocketAddr) {
    let stage = Arc::<Stage>::default();
    let settings = kv::Settings { objects_bytes: 0, ..kv::Settings::default() };
    let tables = Staged { inner: ModelTables::new(), stage: Arc::clone(&stage) };
    let world = World::over(limits, settings, Arc::new(tables));
    let (listener, address) = world.listen().await;
    tokio::spawn(serve(Arc::clone(&world.server), listener));
    let mut client = TcpStream::connect(address).await.unwrap();
    for key in 0..KEYS {
        ask(&mut client, format!("SET {key} {key}\r\n").as_bytes(), b"+OK\r\n").await;
    }
    until_evicted(&world, KEYS).await;
    (world, stage, address)
}

async fn until_evicted(world: &World, count: usize) {
    let marks = world.server.store.watermarks();
    let evicted = async {
        // What is not in the tables yet stays.
        marks.demand(Level::Applied, marks.queued());
        while world.count(|event| matches!(event, Event::Evicted)) < count {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, evicted).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_lies_behind_a_cold_request_of_a_pipeline_is_one_load() {
    let (world, stage, address) = cold(Limits::default()).await;
    let before = stage.loads.load(Ordering::SeqCst);
    let requests: Vec<_> = (0..KEYS).map(|key| format!("GET {key}\r\n")).collect();
    let answers: Vec<_> =
        (0..KEYS).map(|key| format!("${}\r\n{key}\r\n", key.to_string().len())).collect();
    let mut client = TcpStream::connect(address).await.unwrap();
    ask(&mut client, requests.concat().as_bytes(), answers.concat().as_bytes()).await;
    let loads = stage.loads.load(Ordering::SeqCst) - before;
    assert_eq!(loads, 2, "the first, and one for all behind it");
    assert_eq!(world.count(|event| matches!(event, Event::Loaded)), KEYS);
    // They are held for the turn alone.
    until_evicted(&world, 2 * KEYS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_load_that_panics_is_answered_and_counted_and_holds_nothing() {
    let (world, stage, address) = cold(Limits::default()).await;
    stage.fails.store(true, Ordering::SeqCst);
    let mut client = TcpStream::connect(address).await.unwrap();
    client.write_all(b"GET 1\r\n").await.unwrap();
    let mut answer = [0; 256];
    let len = timeout(PATIENCE, client.read(&mut answer)).await.unwrap().unwrap();
    let answer = String::from_utf8_lossy(&answer[..len]);
    assert!(answer.starts_with("-ERR internal: a load failed"), "{answer}");
    assert_eq!(world.server.counters.defects.get(), 1);
    // What was not read goes too, though the connection is idle now: nothing is pinned.
    until_evicted(&world, KEYS + 1).await;
    stage.fails.store(false, Ordering::SeqCst);
    ask(&mut client, b"GET 1\r\n", b"$1\r\n1\r\n").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_waits_for_the_load_of_another_is_given_up_at_the_deadline() {
    let limits = Limits { transaction_time: Duration::from_millis(100), ..Limits::default() };
    let (world, stage, address) = cold(limits).await;
    stage.wait(true);
    let mut first = TcpStream::connect(address).await.unwrap();
    let before = stage.loads.load(Ordering::SeqCst);
    first.write_all(b"GET 1\r\n").await.unwrap();
    let reading = async {
        while stage.loads.load(Ordering::SeqCst) == before {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, reading).await.unwrap();
    let mut second = TcpStream::connect(address).await.unwrap();
    ask(&mut second, b"GET 1\r\n", b"-LIMIT given up: what it needs is still being read").await;
    stage.wait(false);
    ask(&mut first, b"GET 1\r\n", b"$1\r\n1\r\n$1\r\n1\r\n").await;
    assert!(world.count(|event| matches!(event, Event::LoadJoined)) > 0);
}
