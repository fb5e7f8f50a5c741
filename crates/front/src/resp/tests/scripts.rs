//! The scripts of `testdata/`, each held with real sessions over a store in memory: no socket, one
//! thread, and a clock that moves where a script lets time pass. A crash is a cut of the power.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::future::poll_fn;
use std::path::{Path, PathBuf};
use std::pin::pin;

use kv::Worker;
use redis::Command;
use wire::resp::{ArgsBuf, Parser};

use super::*;
use crate::access::Caller;
use crate::host::Usage;
use crate::refusal::resp_error;
use crate::resp::connection::parser_limits;
use crate::resp::extensions::EXTENSIONS;
use crate::resp::session::{Session, Then, find};
use crate::server::{Admission, Front};

mod format;

use format::{Block, Step, parse, shown};

/// Steps in which an evictor passes over every object.
const EVICTOR_STEPS: usize = 1100;

const fn still() -> Usage {
    let zero = Some(Duration::ZERO);
    Usage { resident_bytes: Some(0), cpu_user: zero, cpu_system: zero }
}

/// One connection, but for its socket.
struct Speaker {
    session: Session,
    parser: Parser,
    _admission: Admission,
}

impl Drop for Speaker {
    fn drop(&mut self) {
        self.session.end();
    }
}

impl Speaker {
    /// What a connection does with a request that has come whole; see [`super::connection`].
    async fn answer(&mut self, words: &[Vec<u8>]) -> (Then, Vec<u8>) {
        let bulk =
            |word: &Vec<u8>| [format!("${}\r\n", word.len()).as_bytes(), word, b"\r\n"].concat();
        let mut request = format!("*{}\r\n", words.len()).into_bytes();
        request.extend(words.iter().flat_map(bulk));
        self.session.begin_turn();
        let args = self.parser.next(&request).unwrap().unwrap();
        let mut then = self.session.execute(args).await;
        self.session.end_turn();
        self.parser.release();
        self.settle().await;
        while self.session.is_streaming() {
            then = self.session.go_on_streaming().await;
            self.settle().await;
        }
        let reply = self.session.reply.as_bytes().to_vec();
        self.session.reply.clear();
        self.session.outgoing.restart(0);
        (then, reply)
    }

    async fn settle(&mut self) {
        if let Err(error) = self.session.settle().await {
            self.session.reply.clear();
            self.session.reply.error(&resp_error(&error));
        }
    }
}

/// A conversation that is under way.
struct Talk {
    clock: Arc<HandClock>,
    medium: SimulatedMedium,
    tables: Arc<ModelTables>,
    settings: kv::Settings,
    server: Arc<Server>,
    workers: Vec<Box<dyn Worker>>,
    speakers: BTreeMap<String, Speaker>,
    protocol: u8,
    port: u16,
}

impl Talk {
    fn new(settings: kv::Settings) -> Self {
        let clock = Arc::<HandClock>::default();
        let (medium, tables) = (SimulatedMedium::new(1), Arc::new(ModelTables::new()));
        Self::over(clock, medium, tables, settings)
    }

    fn over(
        clock: Arc<HandClock>,
        medium: SimulatedMedium,
        tables: Arc<ModelTables>,
        settings: kv::Settings,
    ) -> Self {
        let ground = (medium.clone(), Arc::clone(&tables) as Arc<dyn Tables>);
        let machine = Arc::clone(&clock) as Arc<dyn Clock>;
        let (store, workers) = open(ground, settings, Arc::new(|_: &Event| ()), machine);
        let host = Host { usage: still, ..Host::default() };
        let (_, stopping) = watch::channel(false);
        let server = Server::new(store, None, &[1; 16], Limits::default(), host, stopping);
        let (workers, speakers) = (workers.into_iter().collect(), BTreeMap::new());
        Self { clock, medium, tables, settings, server, workers, speakers, protocol: 2, port: 1000 }
    }

    /// Everything but what was synced and flushed is gone.
    fn crash(self) -> Self {
        let (medium, tables) = (self.medium.crash(1), Arc::new(self.tables.crash()));
        let next = Self::over(Arc::clone(&self.clock), medium, tables, self.settings);
        Self { protocol: self.protocol, ..next }
    }

    /// Finishes `work`, with the workers beside it; `None` if it takes for ever.
    async fn drive<R>(&mut self, work: impl Future<Output = R>) -> Option<R> {
        let mut work = pin!(work);
        let beside = poll_fn(|context| {
            let polled = work.as_mut().poll(context);
            if polled.is_pending() {
                self.step();
                context.waker().wake_by_ref();
            }
            polled
        });
        timeout(PATIENCE, beside).await.ok()
    }

    fn step(&mut self) {
        for worker in &mut self.workers {
            worker.step(self.clock.monotonic());
        }
    }

    async fn connect(&mut self) -> Speaker {
        let server = Arc::clone(&self.server);
        self.port += 1;
        let at = |port| SocketAddr::from(([127, 0, 0, 1], port));
        let admission = server.admit(Front::Resp).unwrap();
        let caller = Caller::new(&server).unwrap();
        let parser = Parser::new(parser_limits(&server, true));
        let session = Session::new(server, caller, at(self.port), at(6379));
        let mut speaker = Speaker { session, parser, _admission: admission };
        if self.protocol == 3 {
            self.drive(speaker.answer(&[b"HELLO".to_vec(), b"3".to_vec()])).await.unwrap();
        }
        speaker
    }

    async fn ask(&mut self, step: &Step) -> Vec<String> {
        let mut speaker = match self.speakers.remove(&step.connection) {
            Some(speaker) => speaker,
            None => self.connect().await,
        };
        let Some((then, reply)) = self.drive(speaker.answer(&step.words)).await else {
            return vec![format!("(no reply within {PATIENCE:?})")];
        };
        if then == Then::Continue {
            self.speakers.insert(step.connection.clone(), speaker);
        }
        self.speakers.retain(|_, speaker| !speaker.session.is_killed());
        shown(&reply)
    }

    /// Lets go of everything that memory need not hold.
    fn forget(&mut self) {
        let marks = self.server.store.watermarks();
        marks.demand(Level::Applied, marks.queued());
        self.step();
        for evictor in self.workers.iter_mut().filter(|worker| worker.name() == "evictor") {
            for _ in 0..EVICTOR_STEPS {
                evictor.step(self.clock.monotonic());
            }
        }
    }
}

/// Holds a conversation; what was answered otherwise than written, and how many steps there were.
fn converse(file: &str, text: &str, settings: kv::Settings) -> (Vec<String>, usize) {
    let blocks = parse(text).unwrap_or_else(|error| panic!("{file}: {error}"));
    let (mut wrong, mut steps) = (Vec::new(), 0);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        let mut talk = Talk::new(settings);
        for block in &blocks {
            match block {
                Block::Step(step) => {
                    steps += 1;
                    let found = talk.ask(step).await;
                    if !step.holds(&found) {
                        wrong.push(complaint(file, step, &found));
                    }
                    // Every code that there is has a name for the metrics.
                    let errors = talk.server.usages.errors();
                    if errors.iter().any(|(code, _)| *code == "other") {
                        wrong.push(format!("{file}:{}: the code is not listed", step.line));
                        talk.server.usages.reset();
                    }
                    if settings.objects_bytes == 0 {
                        talk.forget();
                    }
                }
                Block::Crash => talk = talk.crash(),
                Block::Pass(time) => {
                    let passed = u64::try_from(time.as_millis()).unwrap();
                    talk.clock.turn(passed);
                    talk.step();
                }
                Block::Protocol(version) => {
                    talk.speakers.clear();
                    talk.protocol = *version;
                }
            }
        }
    });
    (wrong, steps)
}

fn complaint(file: &str, step: &Step, found: &[String]) -> String {
    let (line, command) = (step.line, &step.command);
    let (expected, found) = (step.expected.join("\n    "), found.join("\n    "));
    format!("{file}:{line}: {command}\n  expected\n    {expected}\n  found\n    {found}\n")
}

fn testdata() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata")
}

/// The scripts of a folder, by path and in order.
fn scripts(folder: &str) -> BTreeMap<String, String> {
    let entries = fs::read_dir(testdata().join(folder)).unwrap().map(|entry| entry.unwrap().path());
    let name = |path: &Path| format!("{folder}/{}", path.file_name().unwrap().to_str().unwrap());
    entries.map(|path| (name(&path), fs::read_to_string(path).unwrap())).collect()
}

/// What was answered otherwise than written in the scripts of a folder.
fn differences(folder: &str, settings: kv::Settings) -> Vec<String> {
    let (mut wrong, mut steps) = (Vec::new(), 0);
    for (file, text) in scripts(folder) {
        let (complaints, asked) = converse(&file, &text, settings);
        wrong.extend(complaints);
        steps += asked;
    }
    assert!(steps > 0, "there is no script in {folder}");
    wrong
}

fn assert_answered(folder: &str) {
    let wrong = differences(folder, kv::Settings::default());
    assert!(wrong.is_empty(), "{} replies differ\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn the_scripts_of_redis_are_answered_in_process_as_written() {
    assert_answered("redis");
}

#[test]
fn the_scripts_of_connections_and_the_server_are_answered_in_process_as_written() {
    assert_answered("front");
}

#[test]
fn the_scripts_of_our_own_commands_are_answered_in_process_as_written() {
    assert_answered("ours");
}

#[test]
fn the_scripts_are_answered_alike_when_nothing_stays_in_memory() {
    let cold = kv::Settings { objects_bytes: 0, ..kv::Settings::default() };
    let wrong = ["redis", "ours"].map(|folder| differences(folder, cold)).concat();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_folder_of_scripts_is_passed_over() {
    let entries = fs::read_dir(testdata()).unwrap().map(|entry| entry.unwrap());
    let folders = entries.filter(|entry| entry.file_type().unwrap().is_dir());
    let names: BTreeSet<_> =
        folders.map(|entry| entry.file_name().into_string().unwrap()).collect();
    assert!(names.iter().eq(&["front", "ours", "redis"]), "{names:?}: have a test run each");
}

/// The names of commands with a function of their own: containers have subcommands instead.
fn runnable(command: &'static Command) -> Vec<&'static str> {
    match command.subcommands() {
        [] => vec![command.name],
        subcommands => subcommands.iter().map(|subcommand| subcommand.name).collect(),
    }
}

/// Commands to which no script has a reply of its own that is no error, and why; all of them.
const ONLY_REFUSED: &[(&str, &str)] = &[
    ("auth", "a server without passwords takes none; see the tests of one with passwords"),
    ("client|caching", "always refused: tracking is off"),
    ("config|rewrite", "always refused"),
    ("debug", "always refused"),
    ("idem.save", "only of use within MULTI: EXEC has its reply"),
    ("latency|graph", "nothing takes long in a script; blackbox/test_latency.py has what does"),
    (
        "lock.check",
        "a script does not know the token; blackbox/test_kafka.py and the crash histories do",
    ),
    ("memory|purge", "always refused"),
];

#[test]
fn every_command_and_subcommand_is_sent_by_a_script_and_does_something() {
    let mut missing: BTreeSet<_> =
        redis::COMMANDS.iter().chain(EXTENSIONS).flat_map(|command| runnable(command)).collect();
    let mut refused = missing.clone();
    for (file, text) in ["redis", "front", "ours"].into_iter().flat_map(scripts) {
        for block in parse(&text).unwrap_or_else(|error| panic!("{file}: {error}")) {
            let Block::Step(step) = block else { continue };
            let mut args = ArgsBuf::new();
            assert!(step.words.iter().all(|word| args.push(word)), "{file}:{}", step.line);
            let resolved = find(&step.words[0]).map(|command| command.resolve(args.as_args()));
            let Some(Ok(command)) = resolved else { continue };
            missing.remove(command.name);
            let reply = &step.expected[0];
            if reply != "QUEUED" && !reply.starts_with("(error) ") {
                refused.remove(command.name);
            }
        }
    }
    assert!(missing.is_empty(), "write a script in testdata/ that sends {missing:?}");
    let known = ONLY_REFUSED.iter().map(|(name, _)| name);
    assert!(refused.iter().eq(known), "not exactly ONLY_REFUSED: {refused:?}");
}

#[test]
fn a_wrong_reply_is_told_with_its_line_and_both_replies_and_the_rest_goes_on() {
    let text = "Prose\n\n> SET k 'a\\'b'\nOK\n\n> GET k\n\"b\"\n\nother> GET k\n~ like\n\"a*\"\n";
    let (wrong, steps) = converse("a.txt", text, kv::Settings::default());
    let told = "a.txt:6: GET k\n  expected\n    \"b\"\n  found\n    \"a'b\"\n";
    assert_eq!((wrong, steps), (vec![told.to_owned()], 3));
}

#[test]
fn a_script_that_breaks_the_format_is_refused() {
    for text in [
        "only prose\n",
        "> GET k\n",
        "> GET \"k\n(nil)\n",
        "> GET \"k\"k\n(nil)\n",
        "> GET k\n~ lke\n(nil)\n",
        "> GET k\n~ like\n~ unordered\n(nil)\n",
        "> GET k\n(nil)\n> GET k\n(nil)\n",
        "! pass 2001\n\n> GET k\n(nil)\n",
        "! sleep\n\n> GET k\n(nil)\n",
        "~ like\n\n> GET k\n(nil)\n",
    ] {
        assert!(parse(text).is_err(), "{text}");
    }
}
