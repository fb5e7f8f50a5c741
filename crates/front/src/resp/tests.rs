use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use base::{Clock, HandClock, Observer, StoreId, StoreTime};
use kv::{Ground, Level, Start, Store, Workers};

use log::{FileLog, Log, SimulatedMedium};
use parking_lot::Mutex;
use tables::{ModelTables, Tables};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::watch;
use tokio::time::timeout;

use super::*;
use crate::access::Access;
use crate::access::tests::{access_of, users_of};
use crate::host::Host;
use crate::server::Limits;

mod limits;
mod scripts;

pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A server over a store in memory, and what it told.
pub(crate) struct World {
    pub(crate) server: Arc<Server>,
    pub(crate) stop: watch::Sender<bool>,
    events: Arc<Mutex<Vec<Event>>>,
    is_over: Arc<AtomicBool>,
}

impl World {
    pub(crate) fn new(limits: Limits) -> Self {
        Self::over(limits, kv::Settings::default(), Arc::new(ModelTables::new()))
    }

    pub(crate) fn over(limits: Limits, settings: kv::Settings, tables: Arc<dyn Tables>) -> Self {
        Self::with_access(limits, settings, tables, None)
    }

    /// One in which the user `billing` has the password `secret`.
    pub(crate) fn guarded(limits: Limits) -> Self {
        let access = Some(Arc::new(access_of(&[("billing", "secret")])));
        Self::with_access(limits, kv::Settings::default(), Arc::new(ModelTables::new()), access)
    }

    fn with_access(
        limits: Limits,
        settings: kv::Settings,
        tables: Arc<dyn Tables>,
        access: Option<Arc<Access>>,
    ) -> Self {
        let events: Arc<Mutex<Vec<Event>>> = Arc::default();
        let heard = Arc::clone(&events);
        let observer: Arc<dyn Observer> =
            Arc::new(move |event: &Event| heard.lock().push(event.clone()));
        let ground = (SimulatedMedium::new(1), tables);
        let (store, workers) = open(ground, settings, observer, Arc::new(HandClock::default()));
        let is_over = step_until_over(store.clone(), workers);
        let (stop, stopping) = watch::channel(false);
        let server = Server::new(store, access, &[1; 16], limits, Host::default(), stopping);
        Self { server, stop, events, is_over }
    }

    pub(crate) async fn listen(&self) -> (TcpListener, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        (listener, address)
    }

    /// How many events were told that `is_it`.
    pub(crate) fn count(&self, is_it: impl Fn(&Event) -> bool) -> usize {
        self.events.lock().iter().filter(|event| is_it(event)).count()
    }

    /// Waits until an event that `is_it` was told.
    pub(crate) async fn told(&self, is_it: impl Fn(&Event) -> bool) {
        let told = async {
            while !self.events.lock().iter().any(&is_it) {
                tokio::task::yield_now().await;
            }
        };
        timeout(PATIENCE, told).await.unwrap();
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::SeqCst);
    }
}

/// Opens a store on what the medium and the tables hold.
pub(crate) fn open(
    (medium, tables): (SimulatedMedium, Arc<dyn Tables>),
    settings: kv::Settings,
    observer: Arc<dyn Observer>,
    machine: Arc<dyn Clock>,
) -> (Store, Workers) {
    let bounds = log::Settings {
        segment_bytes: 4 << 20,
        history_bytes: 1 << 30,
        history_age_ms: u64::MAX,
        disk_free_bytes_min: 0,
    };
    let (log, found) = FileLog::open(
        Arc::new(medium),
        bounds,
        StoreId([7; 16]),
        tables.applied(),
        StoreTime(machine.wall_ms()),
        Arc::clone(&observer),
    )
    .unwrap();
    let log: Arc<dyn Log> = Arc::new(log);
    let ground = Ground { settings, log, tables, observer, machine };
    let start = Start {
        last: found.last,
        next: found.next,
        generations: found.generations,
        time: found.time,
        files_bytes: found.files_bytes,
    };
    Store::open(ground, start).unwrap()
}

/// Steps the workers on a thread of the runtime.
fn step_until_over(store: Store, workers: Workers) -> Arc<AtomicBool> {
    let is_over = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&is_over);
    tokio::task::spawn_blocking(move || {
        let mut workers: Vec<_> = workers.into_iter().collect();
        while !seen.load(Ordering::SeqCst) {
            store.watermarks().demand(Level::Durable, store.watermarks().queued());
            for worker in &mut workers {
                worker.step(Duration::ZERO);
            }
            std::thread::yield_now();
        }
    });
    is_over
}

pub(crate) async fn ask(stream: &mut TcpStream, request: &[u8], answer: &[u8]) {
    stream.write_all(request).await.unwrap();
    let mut got = vec![0; answer.len()];
    timeout(PATIENCE, stream.read_exact(&mut got)).await.unwrap().unwrap();
    assert_eq!(got, answer);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_takes_nothing_of_its_replies_is_given_up_and_counted() {
    let limits = Limits { write_time: Duration::from_millis(50), ..Limits::default() };
    let world = World::new(limits);
    let (listener, address) = world.listen().await;
    let serving = tokio::spawn(serve(Arc::clone(&world.server), listener));
    let mut deaf = TcpStream::connect(address).await.unwrap();
    let sending = tokio::spawn(async move {
        let request =
            [b"*2\r\n$4\r\nECHO\r\n$1000000\r\n".as_slice(), &vec![b'x'; 1_000_000], b"\r\n"]
                .concat();
        // Until the server has given it up: more than all buffers between them hold.
        while deaf.write_all(&request).await.is_ok() {}
    });
    world.told(|event| matches!(event, Event::ConnectionStalled { left } if *left > 0)).await;
    timeout(PATIENCE, sending).await.unwrap().unwrap();
    assert_eq!(world.server.counters.stalled.get(), 1);
    let mut other = TcpStream::connect(address).await.unwrap();
    ask(&mut other, b"SET k v\r\n", b"+OK\r\n").await;
    world.stop.send(true).unwrap();
    timeout(PATIENCE, serving).await.unwrap().unwrap();
    assert_eq!(world.server.connected(), 0, "its place was given back");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_panics_is_told_of_and_the_others_go_on() {
    let world = World::new(Limits::default());
    let (listener, address) = world.listen().await;
    let fails_first = Arc::new(AtomicBool::new(true));
    let serve = move |server, stream, address| {
        let fails = fails_first.swap(false, Ordering::SeqCst);
        async move {
            assert!(!fails, "a defect, for the test");
            connection::serve(server, stream, address).await;
        }
    };
    let serving = tokio::spawn(accept(Arc::clone(&world.server), listener, serve));
    let mut first = TcpStream::connect(address).await.unwrap();
    assert_eq!(timeout(PATIENCE, first.read(&mut [0])).await.unwrap().unwrap(), 0);
    world.told(|event| matches!(event, Event::ConnectionFailed { .. })).await;
    assert_eq!(world.server.counters.failed.get(), 1);
    let mut second = TcpStream::connect(address).await.unwrap();
    ask(&mut second, b"PING\r\n", b"+PONG\r\n").await;
    world.stop.send(true).unwrap();
    timeout(PATIENCE, serving).await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_has_stopped_says_so_and_does_not_put_a_read_in_doubt() {
    let world = World::new(Limits::default());
    let (listener, address) = world.listen().await;
    let serving = tokio::spawn(serve(Arc::clone(&world.server), listener));
    let mut client = TcpStream::connect(address).await.unwrap();
    ask(&mut client, b"SET k v\r\nGET k\r\n", b"+OK\r\n$1\r\nv\r\n").await;
    world.server.store.fail(&"a disk that lied");
    for request in [b"GET k\r\n".as_slice(), b"SET k w\r\n"] {
        ask(&mut client, request, b"-UNAVAILABLE the store has stopped").await;
        let mut rest = [0; 256];
        assert!(timeout(PATIENCE, client.read(&mut rest)).await.unwrap().unwrap() > 0);
    }
    world.stop.send(true).unwrap();
    timeout(PATIENCE, serving).await.unwrap().unwrap();
}

#[test]
fn what_waits_for_a_stopped_store_is_in_doubt_only_if_it_changed_something() {
    use crate::server::Dues;
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let world = World::new(Limits::default());
        let store = &world.server.store;
        store.fail(&"a disk that lied");
        let after = base::Sequence(store.watermarks().queued().0 + 1);
        for (commit, expected) in [(None, "has stopped"), (Some(after), "not known")] {
            let mut dues = Dues::default();
            dues.add(kv::Receipt { commit, after, level: Level::Durable });
            let error = dues.settle(store).await.unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_shows_no_password_in_time_is_told_so_and_who_has_shown_one_may_be_silent() {
    let time = Duration::from_millis(300);
    let world = World::guarded(Limits { authentication_time: time, ..Limits::default() });
    let (listener, address) = world.listen().await;
    let serving = tokio::spawn(serve(Arc::clone(&world.server), listener));
    let mut known = TcpStream::connect(address).await.unwrap();
    ask(&mut known, b"AUTH billing secret\r\n", b"+OK\r\n").await;
    let mut forgotten = TcpStream::connect(address).await.unwrap();
    ask(&mut forgotten, b"AUTH billing secret\r\nRESET\r\n", b"+OK\r\n+RESET\r\n").await;
    let mut silent = TcpStream::connect(address).await.unwrap();
    ask(&mut silent, b"GET k\r\n", b"-NOAUTH Authentication required.\r\n").await;
    for late in [&mut silent, &mut forgotten] {
        let mut rest = Vec::new();
        timeout(PATIENCE, late.read_to_end(&mut rest)).await.unwrap().unwrap();
        let text = String::from_utf8(rest).unwrap();
        assert!(text.starts_with("-NOAUTH ") && text.contains("in time"), "{text}");
    }
    ask(&mut known, b"PING\r\n", b"+PONG\r\n").await;
    world.stop.send(true).unwrap();
    timeout(PATIENCE, serving).await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn strangers_have_half_of_the_places_and_leave_the_rest_to_those_who_are_known() {
    let world = World::guarded(Limits { connections: 8, ..Limits::default() });
    let (listener, address) = world.listen().await;
    let serving = tokio::spawn(serve(Arc::clone(&world.server), listener));
    let mut strangers = Vec::new();
    for _ in 0..4 {
        let mut stranger = TcpStream::connect(address).await.unwrap();
        ask(&mut stranger, b"PING\r\n", b"-NOAUTH Authentication required.\r\n").await;
        strangers.push(stranger);
    }
    let mut fifth = TcpStream::connect(address).await.unwrap();
    ask(&mut fifth, b"", b"-ERR max number of clients reached").await;
    let mut known = strangers.pop().unwrap();
    ask(&mut known, b"AUTH billing secret\r\n", b"+OK\r\n").await;
    let mut sixth = TcpStream::connect(address).await.unwrap();
    ask(&mut sixth, b"PING\r\n", b"-NOAUTH Authentication required.\r\n").await;
    // There is no place for it as a stranger.
    ask(&mut known, b"RESET\r\n", b"+RESET\r\n").await;
    assert_eq!(timeout(PATIENCE, known.read(&mut [0])).await.unwrap().unwrap(), 0);
    world.stop.send(true).unwrap();
    timeout(PATIENCE, serving).await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_taken_out_of_the_list_is_a_stranger_at_the_next_request() {
    let world = World::guarded(Limits::default());
    let (listener, address) = world.listen().await;
    let serving = tokio::spawn(serve(Arc::clone(&world.server), listener));
    let mut client = TcpStream::connect(address).await.unwrap();
    ask(&mut client, b"AUTH billing secret\r\nSET k v\r\n", b"+OK\r\n+OK\r\n").await;
    ask(&mut client, b"ACL WHOAMI\r\n", b"$7\r\nbilling\r\n").await;
    world.server.access.as_ref().unwrap().set_users(users_of(&[("other", "secret")]));
    let refused = b"-NOAUTH Authentication required.\r\n";
    ask(&mut client, b"GET k\r\n", refused).await;
    ask(&mut client, b"*11\r\n", b"-ERR Protocol error: unauthenticated multibulk length").await;
    let mut again = TcpStream::connect(address).await.unwrap();
    ask(&mut again, b"AUTH other secret\r\nGET k\r\n", b"+OK\r\n$1\r\nv\r\n").await;
    world.stop.send(true).unwrap();
    timeout(PATIENCE, serving).await.unwrap().unwrap();
}
