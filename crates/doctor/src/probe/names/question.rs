//! One question to each name server, by UDP and side by side.
//!
//! Source: RFC 1035 for the messages, RFC 2308, 5 for how long it may be kept that a name does not exist.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;
use std::time::Duration;

use hickory_proto::op::{Message, MessageType, OpCode, Query, ResponseCode};
use hickory_proto::rr::{Name, RData, RecordType};
use tokio::net::UdpSocket;
use tokio::runtime::Builder;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use crate::snapshot::{Answer, NameServer, Probed, Resolver};

/// An answer is waited for so long.
const ANSWER: Duration = Duration::from_millis(1_500);

/// Without extensions no answer is longer.
const BYTES_MAX: usize = 512;

const PORT: u16 = 53;

/// What each of them answers about this name, in their order.
pub(super) fn ask(resolver: &Resolver, name: &str) -> Vec<NameServer> {
    let failed = |error: &dyn std::fmt::Display| -> Probed<Answer> {
        Probed::Failed(format!("ask it: {error}"))
    };
    let each = |of: &dyn Fn(IpAddr) -> Probed<Answer>| -> Vec<NameServer> {
        let server = |address: &IpAddr| NameServer {
            address: *address,
            asked: name.to_owned(),
            answer: of(*address),
        };
        resolver.servers.iter().map(server).collect()
    };
    let message = match message(name) {
        Ok(message) => message,
        Err(error) => return each(&|_| failed(&error)),
    };
    // In this thread, whose network namespace it is about.
    let runtime = match Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return each(&|_| failed(&error)),
    };
    let answers = runtime.block_on(async {
        let mut set = JoinSet::new();
        for address in resolver.servers.clone() {
            let message = message.clone();
            set.spawn(async move { (address, answer(address, &message).await) });
        }
        set.join_all().await
    });
    each(&|address| {
        let found = answers.iter().find(|(it, _)| *it == address);
        found.map_or_else(|| failed(&"no task was started"), |(_, answer)| answer.clone())
    })
}

/// For addresses of version 4; of the root, for its name servers.
fn message(name: &str) -> Result<Message, hickory_proto::ProtoError> {
    let kind = if name == "." { RecordType::NS } else { RecordType::A };
    let mut message = Message::new();
    message
        .set_id(question_id())
        .set_message_type(MessageType::Query)
        .set_op_code(OpCode::Query)
        .set_recursion_desired(true)
        .add_query(Query::query(Name::from_str(name)?, kind));
    Ok(message)
}

/// The number of a question: it has not to be hard to guess, as nothing is done with an answer but told.
fn question_id() -> u16 {
    let pid = std::process::id().to_le_bytes();
    u16::from_le_bytes([pid[0], pid[1]])
}

/// Whether the machine refuses to send: it has no route, or a rule of its own against it. That is evidence, and no defect of the look.
fn is_no_way(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NetworkUnreachable
            | io::ErrorKind::HostUnreachable
            | io::ErrorKind::NetworkDown
            | io::ErrorKind::PermissionDenied
    )
}

async fn answer(address: IpAddr, message: &Message) -> Probed<Answer> {
    let began = Instant::now();
    let answer = match timeout(ANSWER, exchange(address, message)).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => {
            return Probed::Absent("name server there: the port is closed".to_owned());
        }
        Ok(Err(error)) if is_no_way(&error) => {
            return Probed::Absent(format!("way to it ({error})"));
        }
        Ok(Err(error)) => return Probed::Failed(format!("ask it: {error}")),
        Err(_) => {
            let ms = ANSWER.as_millis();
            return Probed::Absent(format!("answer within {ms} ms"));
        }
    };
    let after_us = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
    Probed::Seen(told(&answer, after_us))
}

async fn exchange(address: IpAddr, message: &Message) -> io::Result<Message> {
    let any: IpAddr = match address {
        IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind((any, 0)).await?;
    // Connected: only what comes from there is heard, and that the port is closed.
    socket.connect((address, PORT)).await?;
    socket.send(&message.to_vec().map_err(io::Error::other)?).await?;
    let mut bytes = [0; BYTES_MAX];
    loop {
        let len = socket.recv(&mut bytes).await?;
        let answer = Message::from_vec(&bytes[..len]).map_err(io::Error::other)?;
        if answer.id() == message.id() && answer.message_type() == MessageType::Response {
            return Ok(answer);
        }
    }
}

/// What of an answer is kept.
fn told(answer: &Message, after_us: u64) -> Answer {
    let address = |data: &RData| data.ip_addr();
    let mut addresses: Vec<IpAddr> =
        answer.answers().iter().filter_map(|it| address(it.data())).collect();
    addresses.sort_unstable();
    let negative = answer.name_servers().iter().find_map(|it| match it.data() {
        RData::SOA(soa) => Some(it.ttl().min(soa.minimum())),
        _ => None,
    });
    let is_negative = answer.response_code() == ResponseCode::NXDomain || addresses.is_empty();
    Answer {
        after_us,
        code: answer.response_code().to_string(),
        addresses,
        negative_ttl_s: negative.filter(|_| is_negative),
    }
}

#[cfg(test)]
mod tests;
