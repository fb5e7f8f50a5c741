//! One handshake, to see what certificate a server presents. Nothing is verified, as what would not pass is what is looked for.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::snapshot::Probed;

/// A server that does not answer is waited for so long.
const HANDSHAKE: Duration = Duration::from_millis(1_200);

/// `SSLRequest` of the protocol of PostgreSQL, which is answered by `S` or `N`.
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];

/// A certificate in DER and those that came with it.
pub(super) type Chain = Vec<Vec<u8>>;

/// How a port begins to speak TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// At once.
    Direct,
    /// After it was asked to, in the protocol of PostgreSQL.
    Postgres,
}

/// What is presented; none if the port does not speak TLS.
pub(super) async fn chain(address: SocketAddr, way: Way) -> Option<Probed<Chain>> {
    let seen = Arc::new(Seen { provider: ring::default_provider(), chain: Mutex::default() });
    let outcome = timeout(HANDSHAKE, shake(address, way, &seen)).await;
    let chain = std::mem::take(&mut *seen.chain.lock().unwrap_or_else(PoisonError::into_inner));
    if !chain.is_empty() {
        return Some(Probed::Seen(chain));
    }
    match outcome {
        Ok(Ok(true)) => Some(Probed::Failed(format!("{address} presented no certificate"))),
        Ok(Ok(false)) => None,
        Ok(Err(error)) => unseen(address, &error),
        Err(_) => {
            let ms = HANDSHAKE.as_millis();
            Some(Probed::Failed(format!("{address} did not end its handshake within {ms} ms")))
        }
    }
}

/// Whether the port speaks TLS.
async fn shake(address: SocketAddr, way: Way, seen: &Arc<Seen>) -> std::io::Result<bool> {
    let mut stream = TcpStream::connect(address).await?;
    if way == Way::Postgres {
        stream.write_all(&SSL_REQUEST).await?;
        let mut answer = [0];
        stream.read_exact(&mut answer).await?;
        if answer != *b"S" {
            return Ok(false);
        }
    }
    let config = ClientConfig::builder_with_provider(Arc::new(seen.provider.clone()))
        .with_safe_default_protocol_versions()
        .map_err(std::io::Error::other)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::<Seen>::clone(seen))
        .with_no_client_auth();
    let connector = TlsConnector::from(Arc::new(config));
    // An address: no name is asked for.
    let mut stream = connector.connect(ServerName::from(address.ip()), stream).await?;
    // Its end is told, as a connection that breaks may be logged as a fault.
    stream.shutdown().await?;
    Ok(true)
}

/// What it means that a handshake showed no certificate.
fn unseen(address: SocketAddr, error: &std::io::Error) -> Option<Probed<Chain>> {
    let inner = error.get_ref().and_then(|it| it.downcast_ref::<Error>());
    match inner {
        Some(Error::AlertReceived(alert)) => Some(Probed::Absent(format!(
            "certificate that {address} shows to whom asks for no name, by TLS 1.2 or 1.3 (alert {alert:?})"
        ))),
        // Something else is spoken there, or nothing: it hangs up.
        Some(Error::InvalidMessage(_) | Error::InappropriateMessage { .. }) => None,
        _ => match error.kind() {
            std::io::ErrorKind::UnexpectedEof
            | std::io::ErrorKind::ConnectionReset
            | std::io::ErrorKind::ConnectionRefused
            | std::io::ErrorKind::BrokenPipe => None,
            _ => Some(Probed::Failed(format!("handshake with {address}: {error}"))),
        },
    }
}

/// Keeps what is presented, and lets everybody pass.
#[derive(Debug)]
struct Seen {
    provider: CryptoProvider,
    chain: Mutex<Chain>,
}

impl ServerCertVerifier for Seen {
    fn verify_server_cert(
        &self,
        own: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let chain = std::iter::once(own).chain(others).map(|it| it.to_vec()).collect();
        *self.chain.lock().unwrap_or_else(PoisonError::into_inner) = chain;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
