//! An authority of a lab, by the program `openssl`: it signs certificates for whatever time is wanted.

use std::fs;

use crate::lab::{Folder, Stop, failed, run};

const SETTINGS: &str = "\
[ca]
default_ca = own
[own]
dir = .
database = FOLDER/index
serial = FOLDER/serial
new_certs_dir = FOLDER
default_md = sha256
unique_subject = no
policy = any
[any]
commonName = supplied
[req]
distinguished_name = name
[name]
[authority]
basicConstraints = critical,CA:TRUE
";

/// A folder of certificates and their keys.
#[derive(Debug)]
pub(super) struct Authority {
    folder: Folder,
}

/// What a certificate is made like.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted<'a> {
    /// Its files are `NAME.crt` and `NAME.key`, its subject `CN=NAME`.
    pub(super) name: &'a str,
    /// The certificate that signs it; its own key if that is none.
    pub(super) by: Option<&'a str>,
    /// From when to when it holds, in seconds from now.
    pub(super) from_s: i64,
    pub(super) to_s: i64,
    /// `sha256` or `sha1`.
    pub(super) digest: &'a str,
    /// Lines of its extensions.
    pub(super) extensions: &'a str,
}

impl Authority {
    pub(super) fn new(name: &str) -> Result<Self, Stop> {
        let own = Self { folder: Folder::new(name)? };
        let folder = own.folder.path().to_string_lossy().into_owned();
        own.write("settings", &SETTINGS.replace("FOLDER", &folder))?;
        own.write("index", "")?;
        run("openssl", &["rand", "-hex", "-out", &own.path("serial"), "8"])?;
        Ok(own)
    }

    /// Makes a certificate with a key of its own.
    pub(super) fn issue(&self, wanted: Wanted<'_>) -> Result<(), Stop> {
        let Wanted { name, by, from_s, to_s, digest, extensions } = wanted;
        let file = |end: &str| self.path(&format!("{name}.{end}"));
        let (key, request, certificate) = (file("key"), file("csr"), file("crt"));
        run("openssl", &["ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", &key])?;
        let (settings, subject) = (self.path("settings"), format!("/CN={name}"));
        run(
            "openssl",
            &[
                "req", "-new", "-config", &settings, "-key", &key, "-subj", &subject, "-out",
                &request,
            ],
        )?;
        let extra = file("ext");
        self.write(&format!("{name}.ext"), extensions)?;
        let (start, end) = (date(from_s)?, date(to_s)?);
        let mut arguments = vec![
            "ca",
            "-batch",
            "-notext",
            "-config",
            &settings,
            "-md",
            digest,
            "-startdate",
            &start,
            "-enddate",
            &end,
            "-in",
            &request,
            "-out",
            &certificate,
            "-extfile",
            &extra,
        ];
        let signer =
            by.map(|by| (self.path(&format!("{by}.crt")), self.path(&format!("{by}.key"))));
        match &signer {
            Some((by, by_key)) => arguments.extend(["-cert", by, "-keyfile", by_key]),
            None => arguments.extend(["-selfsign", "-keyfile", &key]),
        }
        run("openssl", &arguments).map(drop)
    }

    /// A certificate's end, as `openssl` tells it, in seconds since 1970.
    pub(super) fn end_s(&self, name: &str) -> Result<i64, Stop> {
        let file = self.path(&format!("{name}.crt"));
        let told = run("openssl", &["x509", "-in", &file, "-noout", "-enddate"])?;
        let end = told.trim().strip_prefix("notAfter=").ok_or("openssl tells no end")?;
        let seconds = run("date", &["-u", "-d", end, "+%s"])?;
        Ok(seconds.trim().parse().map_err(|error| format!("date: {error}"))?)
    }

    pub(super) fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_string_lossy().into_owned()
    }

    fn write(&self, name: &str, text: &str) -> Result<(), Stop> {
        fs::write(self.folder.path().join(name), text).map_err(failed("write a file"))
    }
}

/// As `openssl ca` takes it, such as `20261130120000Z`.
fn date(from_now_s: i64) -> Result<String, Stop> {
    let told = run("date", &["-u", "-d", &format!("{from_now_s} seconds"), "+%Y%m%d%H%M%SZ"])?;
    Ok(told.trim().to_owned())
}
