//! A router whose link takes smaller packets than both ends send, and that may not say so.

use std::io::Write;
use std::net::{TcpListener, TcpStream};

use super::link::{link, set};
use crate::lab::netns::Netns;
use crate::lab::{self, Stage, Stop, failed, failing};
use crate::record::Severity;

const SILENT: &str = "add table inet lab; add chain inet lab out { type filter hook output priority 0; }; add rule inet lab out icmp type destination-unreachable drop";

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let (client, router, server) =
        (Netns::new("h38-client")?, Netns::new("h38-router")?, Netns::new("h38-server")?);
    link("near", (&client, "10.99.1.1/24"), (&router, "10.99.1.254/24"))?;
    link("far", (&router, "10.99.2.254/24"), (&server, "10.99.2.1/24"))?;
    lab::run("ip", &["-n", client.name(), "route", "add", "default", "via", "10.99.1.254"])?;
    lab::run("ip", &["-n", server.name(), "route", "add", "default", "via", "10.99.2.254"])?;
    let mtu = stage.draw(1_290, 100).to_string();
    lab::run("ip", &["-n", router.name(), "link", "set", "far", "mtu", &mtu])?;
    router.inside(|| {
        set("net.ipv4.ip_forward", "1")?;
        lab::run("nft", &[SILENT]).map(drop)
    })?;
    let listener =
        server.inside(|| TcpListener::bind("10.99.2.1:5000").map_err(failed("listen")))?;
    client.inside(|| {
        let connect = || TcpStream::connect("10.99.2.1:5000").map_err(failed("connect"));
        let (small, mut large) = (connect()?, connect()?);
        let accepted = [
            listener.accept().map_err(failed("accept"))?,
            listener.accept().map_err(failed("accept"))?,
        ];
        large.write_all(&[0; 500]).map_err(failed("send"))?;
        large.write_all(&vec![0; 20_000]).map_err(failed("send"))?;
        let target = " 10.99.2.1";
        let found = stage.until("the large ones are lost", |records| {
            // What is small passes all the while.
            let is_sent = (&small).write_all(&[0]).is_ok();
            is_sent && failing(records, target).is_some_and(|it| it.severity == Severity::Critical)
        })?;
        let record = failing(&found, target).ok_or("it is gone again")?;
        let by_ss = lab::run("ss", &["-Htin", "sport", "=", &format!(":{}", port(&large)?)])?;
        let mss = by_ss.split_whitespace().find_map(|word| word.strip_prefix("mss:"));
        let wanted =
            format!("1 connections are stuck with segments of {} bytes", mss.unwrap_or("?"));
        if !record.observed.starts_with(&wanted) {
            return Err(format!("ss says {by_ss}; the check says {record:?}").into());
        }
        lab::run("ip", &["-n", router.name(), "link", "set", "far", "mtu", "1500"])?;
        stage.until("nothing is wrong once the link takes them", |records| {
            failing(records, target).is_none()
        })?;
        drop(accepted);
        Ok(record.observed.clone())
    })
}

fn port(stream: &TcpStream) -> Result<u16, Stop> {
    stream.local_addr().map(|it| it.port()).map_err(failed("ask for the address"))
}
