//! A server that presents a certificate on port 443 of a network namespace.

use std::net::{Ipv4Addr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::authority::Authority;
use crate::lab::{PATIENCE, PAUSE, Stop, failed};

/// Where it listens.
pub(super) const TARGET: &str = " 0.0.0.0:443";

/// Ends with it.
#[derive(Debug)]
pub(super) struct Server(Child);

impl Server {
    /// Of the namespace of this thread; takes connections already. `chain` is what comes with its certificate.
    pub(super) fn start(own: &Authority, name: &str, chain: Option<&str>) -> Result<Self, Stop> {
        let mut command = Command::new("openssl");
        command.args(["s_server", "-quiet", "-4", "-accept", "443"]);
        command.args(["-cert", &own.path(&format!("{name}.crt"))]);
        command.args(["-key", &own.path(&format!("{name}.key"))]);
        // Its library would not send a signature by SHA-1.
        command.args(["-cipher", "DEFAULT:@SECLEVEL=0"]);
        if let Some(chain) = chain {
            command.args(["-cert_chain", &own.path(&format!("{chain}.crt"))]);
        }
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut server = Self(command.spawn().map_err(failed("run openssl"))?);
        let tries = PATIENCE.as_millis() / PAUSE.as_millis();
        for _ in 0..tries {
            if TcpStream::connect((Ipv4Addr::LOCALHOST, 443)).is_ok() {
                return Ok(server);
            }
            if let Some(status) = server.0.try_wait().map_err(failed("wait for openssl"))? {
                return Err(format!("openssl s_server ended: {status}").into());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Err("openssl s_server does not listen".into())
    }

    /// What it is called in what a check says.
    pub(super) fn process(&self) -> String {
        format!("pid {} \"openssl\"", self.0.id())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _gone = self.0.kill();
        let _ended = self.0.wait();
    }
}
