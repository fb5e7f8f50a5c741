//! A name server of a lab, on port 53 of an address of the loopback: it knows what it is told to know, and counts.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use hickory_proto::op::{Message, MessageType, ResponseCode};
use hickory_proto::rr::rdata::A;
use hickory_proto::rr::{RData, Record, RecordType};

use crate::lab::{Stop, failed};

/// It looks so often whether it should end.
const LOOK: Duration = Duration::from_millis(20);

/// Ends with it.
#[derive(Debug)]
pub(super) struct Server {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    is_over: AtomicBool,
    /// Hears, and says nothing.
    is_deaf: AtomicBool,
    /// Every name that ends with this has an address; all names if empty, none if it is none.
    knows: Option<&'static str>,
    in_vain: AtomicU64,
}

impl Server {
    /// In the namespace of this thread.
    pub(super) fn start(last: u8, knows: Option<&'static str>) -> Result<Self, Stop> {
        let address = SocketAddr::from((Ipv4Addr::new(127, 0, 0, last), 53));
        let socket = UdpSocket::bind(address).map_err(failed("bind port 53"))?;
        socket.set_read_timeout(Some(LOOK)).map_err(failed("set a time-out"))?;
        let shared = Arc::new(Shared { knows, ..Shared::default() });
        let own = Arc::clone(&shared);
        let serve = move || own.serve(&socket);
        let thread = Builder::new().spawn(serve).map_err(failed("start a thread"))?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Whether it answers from now on.
    pub(super) fn answers(&self, does: bool) {
        self.shared.is_deaf.store(!does, Ordering::SeqCst);
    }

    /// Questions for names that it does not know, so far.
    pub(super) fn in_vain(&self) -> u64 {
        self.shared.in_vain.load(Ordering::SeqCst)
    }
}

impl Shared {
    fn serve(&self, socket: &UdpSocket) {
        let mut bytes = [0; 512];
        while !self.is_over.load(Ordering::SeqCst) {
            let Ok((len, from)) = socket.recv_from(&mut bytes) else { continue };
            if self.is_deaf.load(Ordering::SeqCst) {
                continue;
            }
            let Ok(question) = Message::from_vec(&bytes[..len]) else { continue };
            if let Ok(answer) = self.answer(question).to_vec() {
                // Who has asked may be gone.
                let _sent = socket.send_to(&answer, from);
            }
        }
    }

    fn answer(&self, mut message: Message) -> Message {
        message.set_message_type(MessageType::Response);
        let Some(query) = message.query().cloned() else { return message };
        let name = query.name().to_ascii();
        if !self.knows.is_some_and(|end| name.ends_with(end)) {
            self.in_vain.fetch_add(1, Ordering::SeqCst);
            message.set_response_code(ResponseCode::NXDomain);
        } else if query.query_type() == RecordType::A {
            let data = RData::A(A::new(192, 0, 2, 7));
            message.add_answer(Record::from_rdata(query.name().clone(), 60, data));
        }
        message
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::SeqCst);
        let _ended = self.thread.take().map(JoinHandle::join);
    }
}
