//! Files that hold a certificate of the same names as one that a process presents: by its command line, the files of settings that
//! it names or that are known for such a program, and the folder of certbot. All as the process itself sees them.
//!
//! Of a file of settings only words that look like the name of a certificate are taken; of a file of certificates only those.

use std::fs;
use std::path::{Path, PathBuf};

use super::bundle::Bundle;
use super::certificate;
use crate::snapshot::{Certificate, CertificateFile, Process};

/// More files of settings, and of certificates, are not read.
const SETTINGS_MAX: usize = 64;
const FILES_MAX: usize = 64;

/// How files of certificates end, and of settings.
const CERTIFICATES: [&str; 4] = [".pem", ".crt", ".cert", ".cer"];
const SETTINGS: [&str; 6] = [".conf", ".cfg", ".cnf", ".ini", ".yml", ".yaml"];

/// Where programs have their settings without being told; a `*` stands for every file of a folder.
const PLACES: [(&str, &[&str]); 5] = [
    ("nginx", &["/etc/nginx/nginx.conf", "/etc/nginx/conf.d/*", "/etc/nginx/sites-enabled/*"]),
    (
        "apache2",
        &[
            "/etc/apache2/apache2.conf",
            "/etc/apache2/conf-enabled/*",
            "/etc/apache2/sites-enabled/*",
        ],
    ),
    ("httpd", &["/etc/httpd/conf/httpd.conf", "/etc/httpd/conf.d/*"]),
    ("haproxy", &["/etc/haproxy/haproxy.cfg", "/etc/haproxy/conf.d/*"]),
    ("stunnel4", &["/etc/stunnel/*"]),
];

/// Where certbot keeps what it renews, a folder for each certificate.
const CERTBOT: &str = "/etc/letsencrypt/live";

/// Those with the names of `own`, in the order of their paths.
pub(super) fn of(
    process: &Process,
    own: &Certificate,
    bundle: Option<&Bundle>,
) -> Vec<CertificateFile> {
    let seen = View::of(process);
    let mut paths: Vec<(PathBuf, bool)> =
        seen.configured().into_iter().map(|path| (path, true)).collect();
    paths.extend(seen.certbot().into_iter().map(|path| (path, false)));
    paths.sort();
    // Of one that is both, the one that is configured.
    paths.dedup_by(|later, kept| {
        let is_same = later.0 == kept.0;
        kept.1 |= is_same && later.1;
        is_same
    });
    let file = |(path, configured): (PathBuf, bool)| {
        let text = crate::probe::text(&seen.outside(&path));
        let all = certificate::parse_pem(text.seen().ok()?.as_bytes(), bundle);
        let certificate = all.into_iter().next().filter(|it| is_for_the_same(it, own))?;
        Some(CertificateFile { path: path.to_string_lossy().into_owned(), configured, certificate })
    };
    paths.into_iter().take(FILES_MAX).filter_map(file).collect()
}

fn is_for_the_same(one: &Certificate, other: &Certificate) -> bool {
    let is_nameless = other.names.as_ref().is_none_or(Vec::is_empty);
    let is_same = one.names == other.names && (!is_nameless || one.subject == other.subject);
    is_same && one.is_self_issued() == other.is_self_issued()
}

/// What a process sees of the files.
struct View {
    pid: u32,
    name: String,
    folder: Option<PathBuf>,
    arguments: Vec<String>,
}

impl View {
    fn of(process: &Process) -> Self {
        let pid = process.pid;
        let folder = fs::read_link(format!("/proc/{pid}/cwd")).ok();
        let text = crate::probe::text(&format!("/proc/{pid}/cmdline"));
        let text = text.seen().map(String::as_str).unwrap_or_default();
        let arguments = text.split(['\0', '=']).map(str::to_owned).collect();
        Self { pid, name: process.name.clone(), folder, arguments }
    }

    /// The path by which this process reaches a file of that one, which may be in a container.
    fn outside(&self, path: &Path) -> String {
        format!("/proc/{}/root{}", self.pid, path.display())
    }

    /// A name as the process has it, from a folder on.
    fn absolute(&self, name: &str, from: Option<&Path>) -> Option<PathBuf> {
        let path = Path::new(name);
        if path.is_absolute() {
            return Some(path.to_owned());
        }
        Some(from.or(self.folder.as_deref())?.join(path))
    }

    /// Files of certificates that its command line and its settings name.
    fn configured(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        for argument in &self.arguments {
            if is_certificate(argument) {
                found.extend(self.absolute(argument, None));
            }
        }
        for settings in self.settings().into_iter().take(SETTINGS_MAX) {
            let text = crate::probe::text(&self.outside(&settings));
            let text = text.seen().map(String::as_str).unwrap_or_default();
            for name in named(text) {
                found.extend(self.absolute(name, settings.parent()));
            }
        }
        if self.name == "postgres" {
            // The default of `ssl_cert_file`, in the folder of the data, where the server works.
            found.extend(self.absolute("server.crt", None));
        }
        found
    }

    fn settings(&self) -> Vec<PathBuf> {
        let named = self.arguments.iter().filter(|it| ends(it, &SETTINGS));
        let mut found: Vec<PathBuf> = named.filter_map(|name| self.absolute(name, None)).collect();
        if self.name == "postgres" {
            found.extend(self.absolute("postgresql.conf", None));
            found.extend(self.absolute("postgresql.auto.conf", None));
        }
        let places = PLACES.iter().filter(|(name, _)| *name == self.name);
        for place in places.flat_map(|(_, places)| *places) {
            match place.strip_suffix("/*") {
                Some(folder) => found.extend(self.files(Path::new(folder))),
                None => found.push(PathBuf::from(place)),
            }
        }
        found
    }

    fn certbot(&self) -> Vec<PathBuf> {
        let folders = self.files(Path::new(CERTBOT));
        folders.into_iter().map(|folder| folder.join("fullchain.pem")).collect()
    }

    /// What is in a folder.
    fn files(&self, folder: &Path) -> Vec<PathBuf> {
        let found = fs::read_dir(self.outside(folder)).into_iter().flatten().flatten();
        found.take(SETTINGS_MAX).map(|it| folder.join(it.file_name())).collect()
    }
}

/// Words of a text of settings that look like the name of a file of certificates.
fn named(text: &str) -> impl Iterator<Item = &str> {
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with(['#', ';']));
    let separators = [' ', '\t', '=', '\'', '"', ';', ',', ':', '(', ')', '{', '}', '[', ']'];
    lines.flat_map(move |line| line.split(separators)).filter(|word| is_certificate(word))
}

/// Keys are often named alike, such as `privkey.pem`: those are not read.
fn is_certificate(name: &str) -> bool {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    ends(name, &CERTIFICATES) && !stem.to_ascii_lowercase().ends_with("key")
}

fn ends(name: &str, with: &[&str]) -> bool {
    with.iter().any(|end| name.len() > end.len() && name.ends_with(end))
}

#[cfg(test)]
mod tests;
