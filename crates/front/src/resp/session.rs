//! What a connection has come to be: its namespace, its protocol, its queue; and how it runs a command.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use base::rng::SplitMix64;
use base::{Kind, Monotonic, Sequence, Tenant};
use kv::{Error as StoreError, Handle, Layer, Origin, Place, Plan, Receipt, Refusal, Stop, Txn};
use redis::{
    Call, Command, Connection, DATABASES_NAMED_MAX, Error, Flags, Group, Keys, Run, Stream,
    check_key, databases_named,
};
use topics::partition::Head;
use wire::resp::{Args, Mark, Protocol, Writer};

use crate::access::Caller;
use crate::clients::Presence;
use crate::refusal::{resp_error, resp_refusal};
use crate::resp::ahead::Ahead;
use crate::resp::client::Replies;
use crate::resp::exec::Queue;
use crate::resp::extensions::{EXTENSION_ARGUMENTS, EXTENSIONS, Range, resolve};
use crate::resp::handshake::parse_database;
use crate::resp::numbers;
use crate::resp::outgoing::Outgoing;
use crate::resp::series::Joined;
use crate::resp::stream::Streaming;
use crate::resp::watch::Watches;
use crate::server::{DATABASES, Dues, Failure, Server};
use crate::usage::{code_at, place_of};

/// What becomes of the connection after a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Then {
    /// It goes on.
    Continue,
    /// It closes once the replies have left.
    Close,
}

/// See the module's description.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) server: Arc<Server>,
    pub(crate) presence: Presence,
    pub(crate) caller: Caller,
    pub(crate) tenant: Tenant,
    pub(crate) database: u32,
    /// Bound at the first command that needs it.
    pub(crate) namespace: Option<Handle>,
    pub(crate) reply: Writer,
    pub(crate) queue: Option<Queue>,
    pub(crate) watches: Watches,
    pub(crate) replies: Replies,
    /// Its latest command.
    pub(crate) latest: &'static str,
    /// What was last looked up by its name, with its number for the log.
    again: Option<Joined>,
    /// When that ended, or the turn began.
    pub(crate) at: Monotonic,
    pub(crate) commands: u64,
    /// How many of them the server has counted.
    counted: u64,
    /// Whether the log knows of the session.
    logged: bool,
    /// Whether its user is another one since.
    pub(crate) is_renamed: bool,
    pub(crate) plan: Plan,
    /// What was brought into memory for the requests behind a cold one.
    pub(crate) ahead: Ahead,
    /// The reply that is being written piece by piece.
    pub(crate) streaming: Option<Streaming>,
    /// What the replies have of the memory for requests and replies.
    pub(crate) outgoing: Arc<Outgoing>,
    /// Where each command of the transaction is.
    pub(crate) spots: Vec<Spot>,
    pub(crate) dues: Dues,
    pub(crate) latest_commit: Sequence,
    pub(crate) rng: SplitMix64,
    /// The errors among the replies of a transaction or a series.
    pub(crate) missteps: Vec<Misstep>,
    /// How many commands of the transaction have begun in its latest round, and one more once all have ended.
    pub(crate) reached: usize,
}

impl Session {
    pub(crate) fn new(
        server: Arc<Server>,
        caller: Caller,
        address: SocketAddr,
        local: SocketAddr,
    ) -> Self {
        let mut plan = server.store.plan(server.limits.transaction_time);
        let outgoing = Arc::new(Outgoing::new(Arc::clone(&server.inboxes)));
        plan.set_allowance(Arc::<Outgoing>::clone(&outgoing));
        let (number, now) = (server.next_session(), server.store.monotonic());
        Self {
            presence: server.clients.enter(number, address, local, now),
            ahead: Ahead::new(server.store.plan(server.limits.transaction_time)),
            streaming: None,
            outgoing,
            rng: server.rng(number),
            server,
            caller,
            replies: Replies::On,
            latest: "",
            again: None,
            at: now,
            counted: 0,
            spots: Vec::new(),
            latest_commit: Sequence::ZERO,
            tenant: Tenant(0),
            database: 0,
            namespace: None,
            reply: Writer::new(Protocol::Resp2),
            queue: None,
            watches: Watches::default(),
            commands: 0,
            logged: false,
            is_renamed: false,
            plan,
            dues: Dues::default(),
            missteps: Vec::new(),
            reached: 0,
        }
    }

    /// Its number.
    pub(crate) fn number(&self) -> u64 {
        self.presence.client.id
    }

    /// The last commit that it made.
    pub(crate) fn latest_commit(&self) -> Sequence {
        self.latest_commit
    }

    /// Whether another connection has ended this one.
    pub(crate) fn is_killed(&self) -> bool {
        self.presence.client.is_killed()
    }

    /// Requests have come and are about to be run.
    pub(crate) fn begin_turn(&mut self) {
        self.at = self.server.store.monotonic();
    }

    /// They have been run.
    pub(crate) fn end_turn(&mut self) {
        self.show();
        self.server.counters.commands.add(self.commands - self.counted);
        self.counted = self.commands;
        self.ahead.end_turn();
        // A large transaction is over: its connection may be silent for long.
        self.missteps = Vec::new();
        if self.spots.capacity() > SPOTS_KEPT {
            self.spots = Vec::new();
        }
    }

    /// Runs one request and appends its reply.
    pub(crate) async fn execute(&mut self, args: Args<'_>) -> Then {
        self.commands += 1;
        let start = self.reply.mark();
        if self.replies == Replies::SkipNext {
            self.replies = Replies::Skip;
        }
        let named = self.find_again(&args[0]);
        let resolved = match named {
            Some((command, _)) => resolve(command, args),
            None if speaks_http(&args[0]) => return Then::Close,
            None => Err(unknown_command(args)),
        };
        let then = match resolved {
            Ok(command) => {
                self.latest = command.name;
                let (is_admitted, queues) = (
                    self.caller.is_known() || command.flags.has(Flags::NO_AUTH),
                    self.queue.is_some(),
                );
                let then = if is_admitted {
                    self.carry_out(command, args).await
                } else {
                    self.turn_away()
                };
                let took = self.note_time(command, args);
                let is_begun = is_admitted && !(queues && self.queue.is_some());
                self.note_usage(command, is_begun.then_some(took), start);
                then
            }
            Err(error) => {
                let then = self.fail(error);
                match named {
                    Some((command, _)) => self.note_usage(meant(command, args), None, start),
                    None => self.server.usages.error(code_at(self.reply.since(start))),
                }
                then
            }
        };
        if self.replies != Replies::On {
            self.streaming = None;
            self.reply.rewind(start);
        }
        if self.replies == Replies::Skip {
            self.replies = Replies::On;
        }
        then
    }

    /// The command of that name, and its number for the log. A client often sends the same one again.
    pub(crate) fn find_again(&mut self, name: &[u8]) -> Option<Joined> {
        match self.again {
            Some((again, _)) if name.eq_ignore_ascii_case(again.name.as_bytes()) => {}
            _ => {
                let command = find(name)?;
                self.again = Some((command, numbers::of(command.name)));
            }
        }
        self.again
    }

    /// The number of a command for the log.
    fn number_of(&self, command: &'static Command) -> u32 {
        match self.again {
            Some((again, number)) if std::ptr::eq(again, command) => number,
            _ => numbers::of(command.name),
        }
    }

    /// Counts a command: with the time that it took if it was begun, and with the error that it was answered.
    fn note_usage(&self, command: &'static Command, took: Option<Duration>, start: Mark) {
        let usages = &self.server.usages;
        let place = if command.name.contains('|') {
            place_of(command)
        } else {
            self.number_of(command) as usize
        };
        let is_error = self.reply.is_error_since(start);
        match took {
            Some(took) => usages.note(place, 1, took),
            None if is_error => usages.reject(place),
            None => {}
        }
        if is_error {
            if took.is_some() {
                usages.fail(place);
            }
            usages.error(code_at(self.reply.since(start)));
        }
    }

    async fn carry_out(&mut self, command: &'static Command, args: Args<'_>) -> Then {
        match command.run {
            Run::Connection(Connection::Multi) => self.multi(),
            Run::Connection(Connection::Exec) => return self.exec().await,
            Run::Connection(Connection::Discard) => self.discard(),
            Run::Connection(Connection::Reset) => return self.reset(),
            Run::Connection(Connection::Quit) => {
                self.reply.ok();
                return Then::Close;
            }
            Run::Connection(Connection::Watch) if self.queue.is_some() => {
                // Redis 7.2 lets the transaction go on after this error.
                self.reply.error("ERR WATCH inside MULTI is not allowed");
            }
            Run::Connection(_) if self.queue.is_some() => {
                if command.flags.has(Flags::NO_MULTI) {
                    return self.fail(NOT_IN_MULTI);
                }
                return self.enqueue(command, args);
            }
            Run::Connection(what) => return self.converse(what, args).await,
            _ if self.queue.is_some() => return self.enqueue(command, args),
            Run::Walk(begin) => match begin(args, self.rng.draw()) {
                Ok(walk) => self.walk(walk).await,
                Err(error) => return self.fail(error),
            },
            _ => {
                self.transact(&[(command, args)], Wrap::None, &Watches::default()).await;
            }
        }
        Then::Continue
    }

    /// Carries out what is about the connection or the server, and changes no keys.
    pub(crate) async fn converse(&mut self, what: Connection, args: Args<'_>) -> Then {
        match what {
            Connection::Hello => self.hello(args).await,
            Connection::Auth => self.auth(args).await,
            Connection::WhoAmI => self.reply.bulk(self.caller.name().as_bytes()),
            Connection::Select => self.select(args),
            Connection::Client(which) => return self.client(which, args),
            Connection::Config(which) => self.config(which, args),
            Connection::Slowlog(which) => self.slowlog(which, args),
            Connection::Latency(which) => self.latency(which, args),
            Connection::Info => self.info(args).await,
            Connection::MemoryStats => self.memory_stats(),
            Connection::Wait => self.wait(args).await,
            Connection::WaitAof => self.wait_aof(args).await,
            Connection::LastSave => self.last_save(),
            Connection::Save => self.save().await,
            Connection::BgSave => self.background_save(args),
            Connection::BgRewriteAof => self.background_rewrite(),
            Connection::TopicRead => self.topic_read(args).await,
            Connection::Watch => self.watch(args).await,
            Connection::Unwatch => {
                self.watches.clear();
                self.reply.ok();
            }
            Connection::Multi
            | Connection::Exec
            | Connection::Discard
            | Connection::Reset
            | Connection::Quit => {
                // Carried out as they come, never queued.
                self.reply.error("ERR internal: a command was queued that cannot be");
            }
        }
        Then::Continue
    }

    /// Answers an error; a transaction that is being queued will not run.
    pub(crate) fn fail(&mut self, error: Error) -> Then {
        if let Some(queue) = &mut self.queue {
            queue.spoil();
        }
        if let Error::Reply(text) = error {
            self.reply.error(&text);
        }
        Then::Continue
    }

    /// Runs commands as one transaction and appends their replies; whether they ran.
    pub(crate) async fn transact(
        &mut self,
        commands: &[(&'static Command, Args<'_>)],
        wrap: Wrap,
        watches: &Watches,
    ) -> bool {
        let start = self.reply.mark();
        if let Err(text) = self.prepare(commands, watches, wrap == Wrap::None) {
            self.reply.error(&text);
            return false;
        }
        if let [(command, args)] = commands
            && wrap == Wrap::None
            && Stream::of(command, *args, 0).is_some()
        {
            self.plan.stream();
        }
        let Self { server, plan, reply, spots, outgoing, missteps, reached, .. } = self;
        let outcome = server.run(plan, |txn| {
            reply.rewind(start);
            outgoing.restart(reply.len());
            missteps.clear();
            *reached = 0;
            if !watches.hold(txn) {
                reply.null_array();
                return Ok(false);
            }
            if wrap == Wrap::Array {
                reply.array(commands.len());
            }
            for (at, (command, spot)) in commands.iter().zip(&*spots).enumerate() {
                let mark = reply.mark();
                *reached = at + 1;
                run_one(txn, *command, *spot, reply, &server.keys)?;
                missteps.extend(Misstep::found(at, reply, mark));
            }
            *reached = commands.len() + 1;
            Ok(true)
        });
        match outcome.await {
            Ok((ran, receipt)) => {
                self.ahead.note(self.plan.rounds());
                self.note_receipt(receipt);
                if let Some(sequence) = receipt.commit {
                    self.reply.fill_stamps(sequence);
                }
                return ran;
            }
            Err(Failure::Refused(refusal, receipt)) if refusal.is_too_large() => {
                self.reply.rewind(start);
                if let Some((command, args)) = commands.first()
                    && let Err(failure) = self.begin_stream(command, *args, receipt).await
                {
                    self.answer_failure(start, &failure);
                }
            }
            Err(failure) => self.answer_failure(start, &failure),
        }
        false
    }

    /// Runs those commands that are about keys as one transaction, each with a writer of its own. Its receipt, and
    /// for each TOPIC.READ what its partition had; none if it did not happen, which has been answered.
    pub(crate) async fn transact_apart(
        &mut self,
        commands: &[(&'static Command, Args<'_>)],
        pieces: &mut [Writer],
        watches: &Watches,
    ) -> Option<(Receipt, Vec<Option<Head>>)> {
        let start = self.reply.mark();
        if let Err(text) = self.prepare(commands, watches, false) {
            self.reply.error(&text);
            return None;
        }
        let Self { server, plan, spots, outgoing, reply, missteps, reached, .. } = self;
        let mut heads = vec![None; commands.len()];
        let outcome = server.run(plan, |txn| {
            outgoing.restart(reply.len());
            missteps.clear();
            *reached = 0;
            if !watches.hold(txn) {
                return Ok(false);
            }
            let placed = commands.iter().zip(&*spots).zip(&mut *pieces);
            for (at, ((command, spot), piece)) in placed.enumerate() {
                piece.clear();
                let mark = piece.mark();
                *reached = at + 1;
                heads[at] = head_to_read(txn, *command, *spot)?;
                run_one(txn, *command, *spot, piece, &server.keys)?;
                missteps.extend(Misstep::found(at, piece, mark));
            }
            *reached = commands.len() + 1;
            Ok(true)
        });
        match outcome.await {
            Ok((false, receipt)) => {
                self.note_receipt(receipt);
                self.reply.null_array();
                None
            }
            Ok((true, receipt)) => {
                self.note_receipt(receipt);
                if let Some(sequence) = receipt.commit {
                    pieces.iter_mut().for_each(|piece| piece.fill_stamps(sequence));
                }
                Some((receipt, heads))
            }
            Err(failure) => {
                self.answer_failure(start, &failure);
                None
            }
        }
    }

    pub(crate) fn note_receipt(&mut self, receipt: Receipt) {
        self.latest_commit = self.latest_commit.max(receipt.commit.unwrap_or_default());
        self.dues.add(receipt);
    }

    /// Answers why a transaction did not happen, in the place of what it wrote since `start`.
    pub(crate) fn answer_failure(&mut self, start: Mark, failure: &Failure) {
        self.reply.rewind(start);
        match failure {
            Failure::Refused(refusal, receipt) => {
                self.dues.add(*receipt);
                self.reply.error(&resp_refusal(refusal));
            }
            Failure::Store(error) => self.reply.error(&resp_error(error)),
        }
    }

    /// Names what the commands touch; `is_plain` says that none of them stands in an EXEC.
    pub(crate) fn prepare(
        &mut self,
        commands: &[(&'static Command, Args<'_>)],
        watches: &Watches,
        is_plain: bool,
    ) -> Result<(), String> {
        self.reached = 0;
        self.log_session(commands);
        let namespace = match self.namespace.clone() {
            Some(namespace) => namespace,
            None => self.bind().map_err(|refusal| resp_refusal(&refusal))?,
        };
        let server = &self.server;
        let plan = &mut self.plan;
        server.store.replan_at(plan, self.at, server.limits.transaction_time);
        plan.set_seed(self.rng.draw());
        let mut named = watches.name(plan);
        let mut place = plan.namespace(&namespace);
        self.spots.clear();
        for (command, args) in commands {
            if matches!(command.run, Run::Connection(Connection::Select))
                && let Ok(number) = parse_database(&args[1])
            {
                let selected = server.database(self.tenant, number);
                place = plan.namespace(&selected.map_err(|refusal| resp_refusal(&refusal))?);
            }
            let mut databases = [None; DATABASES_NAMED_MAX];
            for (found, number) in databases.iter_mut().zip(databases_named(command, *args)) {
                if let Some(number) = number.filter(|number| *number < DATABASES) {
                    let other = server.database(self.tenant, number);
                    let other = other.map_err(|refusal| resp_refusal(&refusal))?;
                    *found = Some(plan.namespace(&other));
                }
            }
            self.spots.push(Spot { place, databases, named_before: named, is_plain });
            for index in command.keys.positions(args.len()) {
                named += 1;
                if let Err(Error::Reply(text)) = check_key(&args[index]) {
                    return Err(text.into());
                }
                plan.name(place, Layer::Redis, |id| server.keys.put_id(id, &args[index]));
            }
            if command.flags.has(Flags::ALL_DATABASES) {
                for number in 0..DATABASES {
                    let other = server.database(self.tenant, number);
                    plan.namespace(&other.map_err(|refusal| resp_refusal(&refusal))?);
                }
            }
            if command.flags.has(Flags::EXCLUSIVE) || matches!(command.run, Run::Walk(_)) {
                plan.take_exclusively();
            }
            if command.flags.has(Flags::DENYOOM) {
                plan.expect_bytes(args.total_bytes());
            } else if command.flags.has(Flags::WRITE) {
                plan.release_bytes(args.total_bytes());
            }
        }
        // Of a queue of commands, EXEC made the commit.
        let command = match commands {
            [(command, _)] => self.number_of(command),
            _ => numbers::of("exec"),
        };
        self.plan.set_origin(Origin {
            session: self.presence.client.id,
            count: self.commands,
            command,
        });
        Ok(())
    }

    /// Tells the log who the session is, before its first write, and before the next one of another user:
    /// of two records of one session, the later one holds.
    fn log_session(&mut self, commands: &[(&'static Command, Args<'_>)]) {
        let writes = commands.iter().any(|(command, _)| command.flags.has(Flags::WRITE));
        if writes && (!self.logged || self.is_renamed) {
            (self.logged, self.is_renamed) = (true, false);
            let client = &self.presence.client;
            let name = client.shown.lock().name.clone();
            self.server.store.begin_session(&kv::Session {
                number: client.id,
                user: self.caller.name().as_bytes(),
                client: &name,
                address: client.address.to_string().as_bytes(),
                protocol: b"resp",
            });
        }
    }

    /// The selected namespace.
    pub(crate) fn bound(&mut self) -> Result<Handle, Failure> {
        match self.namespace.clone() {
            Some(namespace) => Ok(namespace),
            None => self.bind().map_err(|refusal| Failure::Refused(refusal, Receipt::NOTHING)),
        }
    }

    pub(crate) fn bind(&mut self) -> Result<Handle, kv::Refusal> {
        let handle = self.server.database(self.tenant, self.database)?;
        self.namespace = Some(handle.clone());
        Ok(handle)
    }

    /// Waits until everything that the replies depend on is as durable as asked.
    pub(crate) async fn settle(&mut self) -> Result<(), StoreError> {
        self.dues.settle(&self.server.store).await
    }

    /// Whether there is something to wait for.
    pub(crate) fn has_dues(&self) -> bool {
        self.dues.any()
    }

    /// The connection is gone.
    pub(crate) fn end(&mut self) {
        if self.logged {
            self.server.store.end_session(self.number());
        }
    }
}

/// Room for as many commands of a transaction is kept from one to the next.
const SPOTS_KEPT: usize = 256;

const NOT_IN_MULTI: Error = Error::text("ERR Command not allowed inside a transaction");

/// The command of that name: Redis's, or one of ours.
pub(crate) fn find(name: &[u8]) -> Option<&'static Command> {
    redis::find(name).or_else(|| {
        EXTENSIONS
            .iter()
            .copied()
            .find(|command| name.eq_ignore_ascii_case(command.name.as_bytes()))
    })
}

/// The subcommand that a request names, even where its arguments do not fit it, or else the command.
fn meant(command: &'static Command, args: Args<'_>) -> &'static Command {
    let names = |subcommand: &&&'static Command| {
        let name = subcommand.name.split('|').nth(1).unwrap_or_default();
        args.get(1).is_some_and(|word| word.eq_ignore_ascii_case(name.as_bytes()))
    };
    command.subcommands().iter().find(names).copied().unwrap_or(command)
}

/// Whether it is a browser that was made to send a request here: what follows would be run as commands.
fn speaks_http(word: &[u8]) -> bool {
    [&b"post"[..], b"host:"].iter().any(|known| word.eq_ignore_ascii_case(known))
}

fn unknown_command(args: Args<'_>) -> Error {
    // As Redis shows them: what may be a secret or binary is cut short and kept on one line.
    let printable =
        |arg: &[u8]| String::from_utf8_lossy(&arg[..arg.len().min(128)]).replace(['\r', '\n'], " ");
    let mut text =
        format!("ERR unknown command '{}', with args beginning with: ", printable(&args[0]));
    for arg in args.skip(1).iter() {
        if text.len() > 128 + 40 {
            break;
        }
        text.extend(["'", &printable(arg), "' "]);
    }
    Error::Reply(text.into())
}

/// An error among the replies of commands that ran together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Misstep {
    /// Whose it is: the command's place among them.
    pub(crate) at: usize,
    /// Where its code is counted.
    pub(crate) code: usize,
}

impl Misstep {
    /// The error that a command was answered since `mark`, if it was.
    pub(crate) fn found(at: usize, reply: &Writer, mark: Mark) -> Option<Self> {
        reply.is_error_since(mark).then(|| Self { at, code: code_at(reply.since(mark)) })
    }
}

/// Where a command is in its transaction.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spot {
    /// The namespace that it is in.
    place: Place,
    /// Those that its arguments name.
    databases: [Option<Place>; DATABASES_NAMED_MAX],
    /// How many keys the plan has named before its own.
    named_before: usize,
    /// Whether it stands in no EXEC.
    is_plain: bool,
}

/// How the replies of a transaction are put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wrap {
    /// One reply as it is.
    None,
    /// An array of them, as EXEC answers.
    Array,
}

/// What the partition of a TOPIC.READ has when it is its turn; none for other commands. It refuses the transaction where
/// there is none, as TOPIC.PRODUCE does.
fn head_to_read(
    txn: &mut Txn<'_>,
    (command, args): (&'static Command, Args<'_>),
    Spot { place, .. }: Spot,
) -> Result<Option<Head>, Stop> {
    let is_read = matches!(command.run, Run::Connection(Connection::TopicRead));
    // What is wrong with its arguments is answered in its place among the replies.
    let range = if is_read { Range::parse(args).ok() } else { None };
    range.map(|range| range.head(txn, place)).transpose()
}

/// The code of an answer that is saved without a claim.
const NOCLAIM: &str = "NOCLAIM";

/// Whether the rest of its transaction must not happen without it: a guard that could not be asked has not let anyone
/// pass, and an event that was not written is not to be missing beside its row.
fn refuses_all(command: &Command) -> bool {
    matches!(command.group, Group::Lock | Group::Idempotency | Group::Topic)
}

/// Runs one command of a transaction, if it is about keys, under a savepoint: one that answers an error
/// is rolled back alone, if it is one of Redis; one of ours refuses the transaction.
pub(crate) fn run_one(
    txn: &mut Txn<'_>,
    (command, args): (&'static Command, Args<'_>),
    Spot { place: db, databases, named_before, is_plain }: Spot,
    reply: &mut Writer,
    keys: &Keys,
) -> Result<(), Stop> {
    let (savepoint, mark) = (txn.savepoint(), reply.mark());
    let (key_spec, extensions) = (command.keys, EXTENSIONS);
    let outcome = match command.run {
        Run::Txn(run) => {
            let extension_arguments = EXTENSION_ARGUMENTS;
            run(&mut Call {
                txn,
                args,
                reply,
                db,
                databases,
                keys,
                key_spec,
                named_before,
                extensions,
                extension_arguments,
            })
        }
        Run::Walk(begin) => begin(args, txn.rng().draw()).and_then(|mut walk| {
            walk.run(txn, db)?;
            walk.answer(reply);
            Ok(())
        }),
        Run::Connection(_) | Run::Container { .. } => return Ok(()),
    };
    match outcome {
        Ok(()) => Ok(()),
        Err(Error::Reply(text)) if !is_plain && refuses_all(command) => {
            let code = if text.starts_with(NOCLAIM) { NOCLAIM } else { "ERR" };
            let (text, name) =
                (text.strip_prefix(code).unwrap_or(&text).trim_start(), command.name);
            let message =
                format!("{text}: '{name}' refuses its whole transaction, nothing was done");
            Err(Refusal { kind: Kind::Invalid, code, message: message.into() }.into())
        }
        Err(Error::Reply(text)) => {
            txn.roll_back(savepoint);
            reply.rewind(mark);
            reply.error(&text);
            Ok(())
        }
        Err(Error::Stop(stop)) => Err(stop),
    }
}
