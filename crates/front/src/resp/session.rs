//! What a connection has come to be: its namespace, its protocol, its queue; and how it runs a command.

use std::net::SocketAddr;
use std::sync::Arc;

use base::Tenant;
use kv::{Attempt, Error as StoreError, Handle, Layer, Origin, Place, Plan, Stop, Txn};
use redis::{Call, Command, Connection, Error, Flags, Keys, Run};
use wire::resp::{Args, Protocol, Writer};

use crate::refusal::{resp_error, resp_refusal};
use crate::resp::exec::Queue;
use crate::server::{Dues, Server};

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
    pub(crate) number: u64,
    pub(crate) address: SocketAddr,
    pub(crate) name: Vec<u8>,
    pub(crate) tenant: Tenant,
    pub(crate) database: u32,
    /// Bound at the first command that needs it.
    pub(crate) namespace: Option<Handle>,
    pub(crate) reply: Writer,
    pub(crate) queue: Option<Queue>,
    commands: u64,
    /// Whether the log knows of the session.
    logged: bool,
    plan: Plan,
    dues: Dues,
}

impl Session {
    pub(crate) fn new(server: Arc<Server>, address: SocketAddr) -> Self {
        let plan = server.store.plan(server.limits.transaction_time);
        Self {
            number: server.next_session(),
            server,
            address,
            name: Vec::new(),
            tenant: Tenant(0),
            database: 0,
            namespace: None,
            reply: Writer::new(Protocol::Resp2),
            queue: None,
            commands: 0,
            logged: false,
            plan,
            dues: Dues::default(),
        }
    }

    /// Runs one request and appends its reply.
    pub(crate) async fn execute(&mut self, args: Args<'_>) -> Then {
        self.commands += 1;
        let Some(command) = redis::find(&args[0]) else {
            return self.fail(unknown_command(args));
        };
        if !command.arity.admits(args.len()) {
            return self.fail(Error::wrong_arity(command.name));
        }
        match command.run {
            Run::Connection(what) => self.run_connection(what, args).await,
            Run::Txn(_) if self.queue.is_some() => self.enqueue(command, args),
            Run::Txn(_) => {
                self.transact(&[(command, args)], Wrap::None).await;
                Then::Continue
            }
        }
    }

    async fn run_connection(&mut self, what: Connection, args: Args<'_>) -> Then {
        match what {
            Connection::Multi => self.multi(),
            Connection::Exec => return self.exec().await,
            Connection::Discard => self.discard(),
            Connection::Reset => self.reset(),
            Connection::Quit => {
                self.reply.ok();
                return Then::Close;
            }
            _ if self.queue.is_some() => return self.fail(NOT_IN_MULTI),
            Connection::Hello => self.hello(args),
            Connection::Auth => self.auth(args),
            Connection::Select => self.select(args),
            Connection::Client => self.client(args),
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

    /// Runs commands as one transaction and appends their replies.
    pub(crate) async fn transact(&mut self, commands: &[(&'static Command, Args<'_>)], wrap: Wrap) {
        let start = self.reply.mark();
        if let Err(text) = self.prepare(commands) {
            return self.reply.error(&text);
        }
        let server = Arc::clone(&self.server);
        loop {
            let Self { plan, reply, .. } = self;
            let attempt = server.store.attempt(plan, |txn| {
                reply.rewind(start);
                run_all(txn, commands, wrap, reply, &server.keys)
            });
            let text = match attempt {
                Attempt::Done((), receipt) => {
                    if let Some(sequence) = receipt.commit {
                        self.reply.fill_stamps(sequence);
                    }
                    return self.dues.add(receipt);
                }
                Attempt::Refused(refusal) => resp_refusal(&refusal),
                Attempt::Again(wants) => match server.load(&mut self.plan, wants).await {
                    Ok(()) => continue,
                    Err(error) => resp_error(&error),
                },
            };
            self.reply.rewind(start);
            return self.reply.error(&text);
        }
    }

    /// Names what the commands touch.
    fn prepare(&mut self, commands: &[(&'static Command, Args<'_>)]) -> Result<(), String> {
        self.log_session(commands);
        let namespace = match self.namespace.clone() {
            Some(namespace) => namespace,
            None => self.bind().map_err(|refusal| resp_refusal(&refusal))?,
        };
        let server = &self.server;
        let plan = &mut self.plan;
        server.store.replan(plan, server.limits.transaction_time);
        let place = plan.namespace(&namespace);
        for (command, args) in commands {
            for index in command.keys.positions(args.len()) {
                plan.name(place, Layer::Redis, |id| server.keys.put_id(id, &args[index]));
            }
            if command.flags.has(Flags::WRITE) {
                plan.expect_bytes(args.total_bytes());
            }
        }
        let command = 1 + commands
            .first()
            .and_then(|first| {
                redis::COMMANDS.iter().position(|command| std::ptr::eq(*command, first.0))
            })
            .unwrap_or(0);
        plan.set_origin(Origin {
            session: self.number,
            count: self.commands,
            command: u32::try_from(command).unwrap_or(0),
        });
        Ok(())
    }

    /// Tells the log who the session is, before its first write.
    fn log_session(&mut self, commands: &[(&'static Command, Args<'_>)]) {
        let writes = commands.iter().any(|(command, _)| command.flags.has(Flags::WRITE));
        if writes && !self.logged {
            self.logged = true;
            self.server.store.begin_session(&kv::Session {
                number: self.number,
                user: b"default",
                client: &self.name,
                address: self.address.to_string().as_bytes(),
                protocol: b"resp",
            });
        }
    }

    pub(crate) fn bind(&mut self) -> Result<Handle, kv::Refusal> {
        let handle = self.server.database(self.tenant, self.database)?;
        self.namespace = Some(handle.clone());
        Ok(handle)
    }

    /// Waits until everything that the replies depend on is as durable as asked.
    pub(crate) async fn settle(&mut self) -> Result<(), StoreError> {
        let server = Arc::clone(&self.server);
        self.dues.settle(&server.store).await
    }

    /// The connection is gone.
    pub(crate) fn end(&mut self) {
        if self.logged {
            self.server.store.end_session(self.number);
        }
    }
}

const NOT_IN_MULTI: Error = Error::text("ERR this command is not allowed inside a transaction");

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
        text.push_str(&format!("'{}' ", printable(arg)));
    }
    Error::Reply(text.into())
}

/// How the replies of a transaction are put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wrap {
    /// One reply as it is.
    None,
    /// An array of them, as EXEC answers.
    Array,
}

/// Runs each command under a savepoint: one that answers an error is rolled back alone.
fn run_all(
    txn: &mut Txn<'_>,
    commands: &[(&'static Command, Args<'_>)],
    wrap: Wrap,
    reply: &mut Writer,
    keys: &Keys,
) -> Result<(), Stop> {
    if wrap == Wrap::Array {
        reply.array(commands.len());
    }
    let db = Place::FIRST;
    for &(command, args) in commands {
        let Run::Txn(run) = command.run else { continue };
        let (savepoint, mark) = (txn.savepoint(), reply.mark());
        match run(&mut Call { txn, args, reply, db, keys }) {
            Ok(()) => {}
            Err(Error::Reply(text)) => {
                txn.roll_back(savepoint);
                reply.rewind(mark);
                reply.error(&text);
            }
            Err(Error::Stop(stop)) => return Err(stop),
        }
    }
    Ok(())
}
