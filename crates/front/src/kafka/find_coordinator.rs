//! `FindCoordinator`: there is none yet, for groups or for transactions.

use wire::kafka::find_coordinator::{Coordinator, Request, Response, TRANSACTION};
use wire::kafka::{ErrorCode, Response as Answer};

/// What a client is told that asks for a group.
const NO_GROUPS: &str = "consumer groups are not there yet: assign partitions";

/// What a client is told that asks for a transactional id.
pub(super) const NO_TRANSACTIONS: &str =
    "transactions of Kafka clients are not there yet: leave transactional.id out";

pub(super) fn answer(request: &Request<'_>) -> Answer {
    // After 15 COORDINATOR_NOT_AVAILABLE a client asks again and again, and its consumer stands still without a word.
    // These two codes end that: they reach the program, if not in words that say what is missing.
    let (error, text) = if request.key_type == TRANSACTION {
        (ErrorCode::TRANSACTIONAL_ID_AUTHORIZATION_FAILED, NO_TRANSACTIONS)
    } else {
        (ErrorCode::GROUP_AUTHORIZATION_FAILED, NO_GROUPS)
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
