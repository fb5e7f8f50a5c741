//! SASL: how a Kafka client says who it is, where it has to. The mechanism is PLAIN, in which user and password
//! are sent as they are (RFC 4616).
//!
//! `ApiVersions` alone is answered before. A client that is refused is told so and its connection ends; one that
//! sends anything else is cut off, as by Kafka.

use wire::kafka::{ErrorCode, Header, Limits, Request, Response};
use wire::kafka::{sasl_authenticate, sasl_handshake};

use super::session::{Outcome, Session};

const PLAIN: &str = "PLAIN";

/// What a client may send in a frame before it is known.
pub(super) const STRANGERS_LIMITS: Limits = Limits { frame_bytes_max: 16 * 1024, elements_max: 16 };

/// How far a client has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Step {
    #[default]
    Begin,
    /// Its next frame is the token of PLAIN and nothing else.
    Token,
    /// The token comes in a `SaslAuthenticate`.
    Request,
}

/// What becomes of a connection.
pub(super) enum Verdict {
    Answer(Response),
    /// The last answer.
    Refuse(Response),
    CutOff,
}

impl Session {
    /// Whether the next frame is a bare token.
    pub(super) fn awaits_token(&self) -> bool {
        self.step == Step::Token && !self.caller.is_known()
    }

    /// Takes a bare token; whether it was right.
    pub(super) async fn take_token(&mut self, token: &[u8]) -> bool {
        self.step = Step::Begin;
        self.check_plain(token).await
    }

    /// Carries out a request of a client that is not known.
    pub(super) async fn greet(&mut self, header: &Header<'_>, request: &Request<'_>) -> Verdict {
        if self.caller.is_outcast() {
            return Verdict::CutOff;
        }
        match request {
            Request::ApiVersions(_) if self.step == Step::Begin => {
                match self.run(header, request).await {
                    Ok(Outcome::Answer(answer)) => Verdict::Answer(answer),
                    _ => Verdict::CutOff,
                }
            }
            Request::SaslHandshake(request) if self.step == Step::Begin => {
                if request.mechanism != PLAIN {
                    return Verdict::Refuse(handshake(ErrorCode::UNSUPPORTED_SASL_MECHANISM));
                }
                self.step = if header.version == 0 { Step::Token } else { Step::Request };
                Verdict::Answer(handshake(ErrorCode::NONE))
            }
            Request::SaslAuthenticate(request) if self.step == Step::Request => {
                if self.check_plain(request.auth_bytes).await {
                    self.step = Step::Begin;
                    return Verdict::Answer(authenticate(ErrorCode::NONE, None));
                }
                Verdict::Refuse(authenticate(
                    ErrorCode::SASL_AUTHENTICATION_FAILED,
                    Some("Authentication failed: Invalid username or password"),
                ))
            }
            Request::SaslAuthenticate(_) => Verdict::Refuse(out_of_place_authenticate()),
            _ => Verdict::CutOff,
        }
    }

    /// The token is who one wants to act as, who one is, and a password, with zeros between. To act as
    /// another is not possible.
    async fn check_plain(&mut self, token: &[u8]) -> bool {
        let mut parts = token.splitn(3, |byte| *byte == 0);
        let (Some(acts_as), Some(name), Some(password)) =
            (parts.next(), parts.next(), parts.next())
        else {
            return false;
        };
        let is_self = acts_as.is_empty() || acts_as == name;
        match self.server.authenticate(name, password).await.filter(|_| is_self) {
            Some(user) => {
                self.caller.know(user);
                true
            }
            None => false,
        }
    }
}

/// The answer to a handshake of a client that need not, or need no more, say who it is.
pub(super) fn out_of_place_handshake() -> Response {
    handshake(ErrorCode::ILLEGAL_SASL_STATE)
}

/// The same for what comes without a handshake before it.
pub(super) const fn out_of_place_authenticate() -> Response {
    authenticate(
        ErrorCode::ILLEGAL_SASL_STATE,
        Some(
            "SaslAuthenticate belongs behind a SaslHandshake, once, where passwords are asked for",
        ),
    )
}

fn handshake(error: ErrorCode) -> Response {
    Response::SaslHandshake(sasl_handshake::Response { error, mechanisms: vec![PLAIN] })
}

const fn authenticate(error: ErrorCode, error_message: Option<&'static str>) -> Response {
    Response::SaslAuthenticate(sasl_authenticate::Response {
        error,
        error_message,
        auth_bytes: Vec::new(),
        session_lifetime_ms: 0,
    })
}
