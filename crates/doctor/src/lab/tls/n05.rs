//! A server that presents a certificate without the one of its issuer, signed by SHA-1, or without a name.

use super::authority::{Authority, Wanted};
use super::server::{Server, TARGET};
use crate::lab::netns::Netns;
use crate::lab::{Stage, Stop, failing, run as program};

const FETCH: &str = "authorityInfoAccess = caIssuers;URI:http://ca.example/ca.der";
const NAME: &str = "subjectAltName = DNS:shop.example";
const AUTHORITY: &str = "basicConstraints = critical,CA:TRUE";

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let own = Authority::new("n05")?;
    let issue = |name, by, digest, extensions| {
        let (from_s, to_s) = (-60, 90 * 86_400);
        own.issue(Wanted { name, by, from_s, to_s, digest, extensions })
    };
    issue("root", None, "sha256", AUTHORITY)?;
    issue("middle", Some("root"), "sha256", AUTHORITY)?;
    let proper = format!("{NAME}\n{FETCH}");
    let (aspect, chain) = match stage.draw(0, 3) {
        0 => {
            issue("shop.example", Some("middle"), "sha256", &proper)?;
            ("chain", None)
        }
        1 => {
            issue("shop.example", Some("middle"), "sha1", &proper)?;
            ("signature", Some("middle"))
        }
        _ => {
            issue("shop.example", Some("middle"), "sha256", FETCH)?;
            ("name", Some("middle"))
        }
    };
    let netns = Netns::new("n05")?;
    netns.inside(|| {
        let server = Server::start(&own, "shop.example", chain)?;
        let found = stage.until("clients refuse it", |it| failing(it, TARGET).is_some())?;
        let record = failing(&found, TARGET).ok_or("it is gone again")?;
        let told = refused(&own, aspect)?;
        if record.aspect != Some(aspect) || !record.observed.starts_with(&server.process()) {
            return Err(format!("openssl says {told} ({aspect}); the check says {record:?}").into());
        }
        let seen = record.observed.clone();
        drop(server);
        issue("shop.example", Some("middle"), "sha256", &proper)?;
        let _mended = Server::start(&own, "shop.example", Some("middle"))?;
        stage.until("it is proper", |it| failing(it, TARGET).is_none())?;
        Ok(seen)
    })
}

/// What `openssl` says of what the server presents, where it finds the same fault.
fn refused(own: &Authority, aspect: &str) -> Result<String, Stop> {
    let certificate = own.path("shop.example.crt");
    if aspect == "chain" {
        let script = format!(
            "openssl s_client -connect 127.0.0.1:443 -CAfile {} </dev/null 2>&1 | grep 'unable to get local issuer'",
            own.path("root.crt")
        );
        return program("sh", &["-c", &script]);
    }
    let text = program("openssl", &["x509", "-in", &certificate, "-noout", "-text"])?;
    let is_so = match aspect {
        "signature" => text.contains("ecdsa-with-SHA1"),
        _ => !text.contains("Subject Alternative Name"),
    };
    if is_so { Ok(text) } else { Err(format!("openssl does not see it: {text}").into()) }
}
