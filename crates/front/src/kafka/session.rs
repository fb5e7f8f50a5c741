//! What a Kafka connection has come to be, and how it runs a request.

use std::net::SocketAddr;
use std::sync::Arc;

use base::{Event, Kind, Tenant};
use kv::{Handle, Layer, Level, Origin, Place, Plan, Receipt, Refusal, Stop, Txn};
use topics::{partition, topic};
use wire::kafka::{Header, Request, Response, api_versions};

use super::find_coordinator;
use super::sasl::{self, Step};
use crate::access::Caller;
use crate::refusal::{Fault, kafka_error, kafka_refusal};
use crate::server::{Dues, Failure, Server};

/// What a client calls itself or its group is cut to so many bytes in the log.
const CLIENT_BYTES_MAX: usize = 255;

/// See the module's description.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) server: Arc<Server>,
    pub(crate) caller: Caller,
    /// How far it has come in saying who it is.
    pub(super) step: Step,
    /// Where the client has reached us: what it is told to connect to.
    pub(crate) local: SocketAddr,
    number: u64,
    address: SocketAddr,
    /// Bound at the first request that needs it.
    namespace: Option<Handle>,
    requests: u64,
    /// Whether the log knows of the session.
    logged: bool,
    plan: Plan,
    dues: Dues,
}

/// The store has stopped: what was under way may have happened or not. The connection ends without an
/// answer, which tells the client the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stopped;

/// What became of a request.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// This is the answer.
    Answer(Response),
    /// The client wants none.
    Silence,
    /// It failed, and the client wants no answer: that the connection ends has to tell it.
    Close,
}

impl From<Response> for Outcome {
    fn from(response: Response) -> Self {
        Self::Answer(response)
    }
}

/// What a transaction does to the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effort {
    /// Nothing.
    Read,
    /// It takes about so many bytes of it.
    Write(usize),
    /// It gives space back.
    Release,
}

/// What the answer waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wait {
    /// Nothing: there is none, or the caller waits itself.
    None,
    /// What the namespace asks for.
    AsAsked,
    /// That all it depends on is synced.
    Durable,
}

impl Session {
    pub(crate) fn new(
        server: Arc<Server>,
        caller: Caller,
        address: SocketAddr,
        local: SocketAddr,
    ) -> Self {
        let plan = server.store.plan(server.limits.transaction_time);
        Self {
            number: server.next_session(),
            server,
            caller,
            step: Step::default(),
            local,
            address,
            namespace: None,
            requests: 0,
            logged: false,
            plan,
            dues: Dues::default(),
        }
    }

    /// Takes note of a request, before it is run.
    pub(crate) fn begin(&mut self, header: &Header<'_>, writes: bool) {
        self.requests += 1;
        self.server.counters.commands.add(1);
        if writes && !self.logged {
            self.logged = true;
            let client = header.client_id.unwrap_or_default();
            let client = &client[..client.floor_char_boundary(CLIENT_BYTES_MAX)];
            self.server.store.begin_session(&kv::Session {
                number: self.number,
                user: self.caller.name().as_bytes(),
                client: client.as_bytes(),
                address: self.address.to_string().as_bytes(),
                protocol: b"kafka",
            });
        }
        // 0 stands for the store itself.
        let command = u32::try_from(header.api.key()).unwrap_or(0) + 1;
        let (session, count) = (self.number, self.requests);
        self.plan.set_origin(Origin { session, count, command });
    }

    /// Runs any request but Fetch, which the connection runs itself because it may wait.
    pub(crate) async fn run(
        &mut self,
        header: &Header<'_>,
        request: &Request<'_>,
    ) -> Result<Outcome, Stopped> {
        Ok(match request {
            Request::ApiVersions(_) => {
                Response::ApiVersions(api_versions::Response::to(header.version)).into()
            }
            Request::Metadata(request) => self.metadata(request).await?.into(),
            Request::CreateTopics(request) => self.create_topics(request).await?.into(),
            Request::DeleteTopics(request) => self.delete_topics(request).await?.into(),
            Request::Produce(request) => self.produce(request).await?,
            Request::InitProducerId(request) => self.init_producer_id(request).await?.into(),
            Request::ListOffsets(request) => self.list_offsets(request).await?.into(),
            Request::FindCoordinator(request) => {
                if let Some(group) = find_coordinator::group(request) {
                    let group = group[..group.floor_char_boundary(CLIENT_BYTES_MAX)].to_owned();
                    self.server.store.tell(&Event::GroupWanted { group });
                }
                find_coordinator::answer(request).into()
            }
            Request::SaslHandshake(_) => sasl::out_of_place_handshake().into(),
            Request::SaslAuthenticate(_) => sasl::out_of_place_authenticate().into(),
            Request::Fetch(_) => Outcome::Close,
        })
    }

    /// The namespace that Kafka clients see.
    pub(crate) fn namespace(&mut self) -> Result<Handle, Fault> {
        if let Some(namespace) = &self.namespace {
            return Ok(namespace.clone());
        }
        let bound = self.server.database(Tenant(0), 0);
        let handle = bound.map_err(|refusal| kafka_refusal(&refusal))?;
        self.namespace = Some(handle.clone());
        Ok(handle)
    }

    /// Runs a transaction on the topics and partitions that it names, and has the answer wait for it.
    pub(crate) async fn transact<R>(
        &mut self,
        effort: Effort,
        wait: Wait,
        names: &[(&[u8], u32)],
        mut closure: impl FnMut(&mut Txn<'_>, Place) -> Result<R, Stop>,
    ) -> Result<Result<(R, Receipt), Fault>, Stopped> {
        let namespace = match self.namespace() {
            Ok(namespace) => namespace,
            Err(fault) => return Ok(Err(fault)),
        };
        let Self { server, plan, .. } = self;
        server.store.replan(plan, server.limits.transaction_time);
        let place = plan.namespace(&namespace);
        for (name, number) in names {
            plan.name(place, Layer::Topics, |id| id.extend_from_slice(&topic::id(name)));
            plan.name(place, Layer::Topics, |id| {
                id.extend_from_slice(&partition::head_id(name, *number));
            });
        }
        match effort {
            Effort::Read => {}
            Effort::Write(bytes) => plan.expect_bytes(bytes),
            Effort::Release => plan.release_bytes(0),
        }
        match server.run(plan, |txn| closure(txn, place)).await {
            Ok((result, receipt)) => {
                self.add_due(receipt, wait);
                Ok(Ok((result, receipt)))
            }
            Err(Failure::Refused(refusal, _)) if refusal.kind == Kind::Closed => Err(Stopped),
            Err(Failure::Refused(refusal, receipt)) => {
                self.add_due(receipt, wait);
                Ok(Err(kafka_refusal(&refusal)))
            }
            Err(Failure::Store(error)) if error.kind() == Kind::Closed => Err(Stopped),
            Err(Failure::Store(error)) => Ok(Err(kafka_error(&error))),
        }
    }

    fn add_due(&mut self, receipt: Receipt, wait: Wait) {
        match wait {
            Wait::None => {}
            Wait::AsAsked => self.dues.add(receipt),
            Wait::Durable => self.dues.add(Receipt { level: Level::Durable, ..receipt }),
        }
    }

    /// Waits until everything that the answers depend on is as durable as asked.
    pub(crate) async fn settle(&mut self) -> Result<(), Stopped> {
        let Self { dues, server, .. } = self;
        dues.settle(&server.store).await.map_err(|_unknown| Stopped)
    }

    /// Waits until what a receipt depends on is synced, and can be read from the tables; not for ever: while
    /// the disk has no space for the tables, the connection ends, and the client asks again.
    pub(crate) async fn readable(&self, receipt: Receipt) -> Result<(), Stopped> {
        let durable = self.server.reached(Level::Durable, receipt.after).await;
        durable.map_err(|_failure| Stopped)?;
        self.server.applied(receipt.after).await.map_err(|_failure| Stopped)
    }
}

/// A refusal within a transaction that goes on without what was refused; anything else ends it.
pub(crate) fn refused<R>(result: Result<R, Stop>) -> Result<Result<R, Refusal>, Stop> {
    match result {
        Ok(result) => Ok(Ok(result)),
        Err(Stop::Refused(refusal)) => Ok(Err(refusal)),
        Err(Stop::Retry) => Err(Stop::Retry),
    }
}

impl Drop for Session {
    /// The connection is gone.
    fn drop(&mut self) {
        if self.logged {
            self.server.store.end_session(self.number);
        }
    }
}
