//! `InitProducerId`: an id for an idempotent producer, that no other has had.

use topics::producer;
use wire::kafka::init_producer_id::{Request, Response};
use wire::kafka::{ErrorCode, Response as Answer};

use super::session::{Effort, Session, Stopped, Wait};

/// Bytes of log that the counter takes, at most.
const COUNTER_BYTES: usize = 64;

impl Session {
    pub(crate) async fn init_producer_id(
        &mut self,
        request: &Request<'_>,
    ) -> Result<Answer, Stopped> {
        if request.transactional_id.is_some() {
            return Ok(answer(Err(ErrorCode::TRANSACTIONAL_ID_AUTHORIZATION_FAILED)));
        }
        // Synced, whatever the namespace asks for: an id that is given twice would have a producer's
        // records taken for those of another, and dropped.
        let effort = Effort::Write(COUNTER_BYTES);
        let given = self.transact(effort, Wait::Durable, &[], producer::next_id).await?;
        let id = given.map_err(|fault| fault.code).and_then(|(id, _)| {
            i64::try_from(id).map_err(|_used_up| ErrorCode::UNKNOWN_SERVER_ERROR)
        });
        Ok(answer(id))
    }
}

fn answer(id: Result<i64, ErrorCode>) -> Answer {
    let (error, producer_id, producer_epoch) = match id {
        Ok(id) => (ErrorCode::NONE, id, 0),
        Err(error) => (error, -1, -1),
    };
    Answer::InitProducerId(Response { throttle_time_ms: 0, error, producer_id, producer_epoch })
}
