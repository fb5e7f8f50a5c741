use super::*;

fn code(kind: Kind, code: &'static str) -> ErrorCode {
    let fault = kafka_refusal(&Refusal { kind, code, message: "why".into() });
    assert_eq!(fault.message, "why");
    fault.code
}

/// By their numbers on the wire.
#[test]
fn what_clients_act_on_has_its_own_code() {
    assert_eq!(code(Kind::NotFound, "NOTOPIC"), ErrorCode(3));
    assert_eq!(code(Kind::NotFound, "NOPARTITION"), ErrorCode(3));
    assert_eq!(code(Kind::Exists, "TOPICEXISTS"), ErrorCode(36));
    assert_eq!(code(Kind::Invalid, "BADTOPIC"), ErrorCode(17));
    assert_eq!(code(Kind::Invalid, "BADPARTITIONS"), ErrorCode(37));
    assert_eq!(code(Kind::Conflict, "OUTOFORDER"), ErrorCode(45));
    assert_eq!(code(Kind::Conflict, "STALEPRODUCER"), ErrorCode(47));
    assert_eq!(code(Kind::Conflict, "UNKNOWNPRODUCER"), ErrorCode(59));
}

#[test]
fn the_rest_has_that_of_its_kind() {
    assert_eq!(code(Kind::Limit, "LIMIT"), ErrorCode(44));
    assert_eq!(code(Kind::Internal, "ERR"), ErrorCode(-1));
    assert_eq!(kafka_error(&Error::Damaged { what: "a row" }).code, ErrorCode(56));
}
