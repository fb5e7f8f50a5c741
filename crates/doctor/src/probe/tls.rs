//! Certificates: what servers of this machine present, what lies beside them in files, and whom programs here trust.

use crate::snapshot::Tls;

mod bundle;
mod certificate;
mod endpoints;
mod files;
mod handshake;

/// Looks at them. Deep: shakes hands with every TCP port, whatever it speaks.
pub(super) fn look(deep: bool) -> Tls {
    let bundle = bundle::read();
    Tls { endpoints: endpoints::look(bundle.seen().ok(), deep), trust: bundle.map(|it| it.trust) }
}
