//! `FindCoordinator`: there is none yet, for groups or for transactions.

use wire::kafka::find_coordinator::{Coordinator, Request, Response, TRANSACTION};
use wire::kafka::{ErrorCode, Response as Answer};

/// What a client is told that asks for a group.
const NO_GROUPS: &str = "consumer groups are not there yet: assign partitions";

/// What a client is told that asks for a transactional id.
pub(super) const NO_TRANSACTIONS: &str =
    "transactions of Kafka clients are not there yet: leave transactional.id out";

/// The first group that it asks for: who runs the server has to be told, as the client's program is not.
pub(super) fn group<'a>(request: &Request<'a>) -> Option<&'a str> {
    request.keys.first().copied().filter(|_| request.key_type != TRANSACTION)
}

pub(super) fn answer(request: &Request<'_>) -> Answer {
    // A client tries for a coordinator again and again, which is no use for transactions: their code ends it. For groups
    // none may: librdkafka asks for one where partitions are assigned, too, and an error that ends it would end that.
    let (error, text) = if request.key_type == TRANSACTION {
        (ErrorCode::TRANSACTIONAL_ID_AUTHORIZATION_FAILED, NO_TRANSACTIONS)
    } else {
        (ErrorCode::COORDINATOR_NOT_AVAILABLE, NO_GROUPS)
    };
    let none = |key: &&str| Coordinator {
        key: (*key).to_owned(),
        node_id: -1,
        host: String::new(),
        port: -1,
        error,
        error_message: Some(text.to_owned()),
    };
    let coordinators = request.keys.iter().map(none).collect();
    Answer::FindCoordinator(Response { throttle_time_ms: 0, coordinators })
}
