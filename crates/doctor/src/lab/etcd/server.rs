//! A member of etcd for a lab, alone in its cluster.

use std::fs::File;
use std::process::{Child, Command, Stdio};

use crate::check::Target;
use crate::lab::{Folder, Stage, Stop, failed, free_port, run};
use crate::probe::{Ask, Endpoint};

/// A member, which ends with it.
#[derive(Debug)]
pub(super) struct Server {
    child: Child,
    folder: Folder,
    port: u16,
}

impl Server {
    /// One with more options, that already answers.
    pub(super) fn start(stage: &Stage<'_>, options: &[&str]) -> Result<Self, Stop> {
        let folder = Folder::new("etcd")?;
        let (port, peers) = (free_port()?, free_port()?);
        let [data, log] = ["data", "log"].map(|name| folder.path().join(name));
        let log = File::create(log).map_err(failed("make a file"))?;
        let [own, others] = [port, peers].map(|port| format!("http://127.0.0.1:{port}"));
        let child = Command::new("etcd")
            .arg("--data-dir")
            .arg(data)
            .args(["--listen-client-urls", &own, "--advertise-client-urls", &own])
            .args(["--listen-peer-urls", &others, "--initial-advertise-peer-urls", &others])
            .args(["--initial-cluster", &format!("default={others}")])
            .args(options)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn();
        let child = child.map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => {
                Stop::Missing("etcd: the package etcd-server".to_owned())
            }
            _ => Stop::Failed(format!("start etcd: {error}")),
        })?;
        let server = Self { child, folder, port };
        stage.wait("etcd answers", || {
            Ok(server
                .post("kv/put", "{\"key\":\"YQ==\",\"value\":\"YQ==\"}")
                .is_ok_and(|it| it.contains("header")))
        })?;
        Ok(server)
    }

    /// What the gateway answers to `curl`, whatever it is.
    pub(super) fn post(&self, path: &str, body: &str) -> Result<String, Stop> {
        let url = format!("http://127.0.0.1:{}/v3/{path}", self.port);
        let file = self.folder.path().join("body");
        std::fs::write(&file, body).map_err(failed("write a file"))?;
        run(
            "curl",
            &[
                "-sS",
                "-m",
                "10",
                "--noproxy",
                "*",
                "--data-binary",
                &format!("@{}", file.display()),
                &url,
            ],
        )
    }

    /// A number or a text that the gateway tells of its state.
    pub(super) fn status(&self, name: &str) -> Result<String, Stop> {
        let text = self.post("maintenance/status", "{}")?;
        let value: serde_json::Value = serde_json::from_str(&text)
            .map_err(|error| Stop::Failed(format!("its state: {error}")))?;
        let found = value[name].as_str().or_else(|| value["header"][name].as_str());
        found.map(str::to_owned).ok_or_else(|| Stop::Failed(format!("no {name} in {text}")))
    }

    /// What to look at to see it.
    pub(super) fn seen(&self) -> Ask {
        let url = format!("http://127.0.0.1:{}", self.port);
        let servers = vec![Endpoint { kind: Target::Etcd, url, named: true }];
        Ask { servers, ..Ask::default() }
    }

    /// The end of the target of its records.
    pub(super) fn target(&self) -> String {
        format!("etcd :{}", self.port)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _ended = self.child.wait();
    }
}
