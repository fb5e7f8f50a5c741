//! The plainest client: one connection, requests written at once, their replies counted.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context, Result, bail};

/// A server that answers nothing for so long is taken to hang.
const PATIENCE: Duration = Duration::from_mins(1);

/// A connection to a RESP server.
#[derive(Debug)]
pub(crate) struct Client {
    reader: BufReader<TcpStream>,
    /// The first line of the last reply.
    line: String,
    body: Vec<u8>,
}

/// Appends a request.
pub(crate) fn put_request(bytes: &mut Vec<u8>, words: &[&[u8]]) {
    put_count(bytes, b'*', words.len());
    for word in words {
        put_count(bytes, b'$', word.len());
        bytes.extend_from_slice(word);
        bytes.extend_from_slice(b"\r\n");
    }
}

fn put_count(bytes: &mut Vec<u8>, kind: u8, count: usize) {
    bytes.push(kind);
    bytes.extend_from_slice(count.to_string().as_bytes());
    bytes.extend_from_slice(b"\r\n");
}

impl Client {
    pub(crate) fn connect(port: u16) -> Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port)).context("connect")?;
        stream.set_nodelay(true).context("connect")?;
        stream.set_read_timeout(Some(PATIENCE)).context("connect")?;
        Ok(Self { reader: BufReader::new(stream), line: String::new(), body: Vec::new() })
    }

    /// Sends commands at once and returns the first line of the last reply.
    pub(crate) fn send(&mut self, commands: &[&[&str]]) -> Result<String> {
        let mut bytes = Vec::new();
        for words in commands {
            let words: Vec<&[u8]> = words.iter().map(|word| word.as_bytes()).collect();
            put_request(&mut bytes, &words);
        }
        self.exchange(&bytes, commands.len())?;
        Ok(self.line.clone())
    }

    /// Sends requests at once and takes so many replies.
    ///
    /// # Errors
    /// Also if one of them is an error, after all have come.
    pub(crate) fn exchange(&mut self, requests: &[u8], replies: usize) -> Result<()> {
        self.reader.get_mut().write_all(requests).context("send")?;
        let mut error = None;
        for _ in 0..replies {
            self.reply()?;
            if self.line.starts_with('-') && error.is_none() {
                error = Some(self.line.clone());
            }
        }
        match error {
            Some(line) => bail!("the server answered {line}"),
            None => Ok(()),
        }
    }

    /// What the last reply was, if it was a bulk string.
    pub(crate) fn body(&self) -> &[u8] {
        self.body.strip_suffix(b"\r\n").unwrap_or_default()
    }

    /// Whether the last reply says that there is nothing.
    pub(crate) fn is_nil(&self) -> bool {
        self.line == "$-1" || self.line == "_"
    }

    fn reply(&mut self) -> Result<()> {
        self.line.clear();
        if self.reader.read_line(&mut self.line).context("receive")? == 0 {
            bail!("the server closed the connection");
        }
        self.line.truncate(self.line.trim_end().len());
        let count = self.line.get(1..).and_then(|count| count.parse::<i64>().ok()).unwrap_or(-1);
        self.body.clear();
        match self.line.as_bytes().first() {
            Some(b'$') if count >= 0 => {
                self.body.resize(usize::try_from(count).unwrap_or(0) + 2, 0);
                self.reader.read_exact(&mut self.body).context("receive")?;
            }
            Some(b'*') => {
                let line = self.line.clone();
                for _ in 0..count.max(0) {
                    self.reply()?;
                }
                self.line = line;
            }
            _ => {}
        }
        Ok(())
    }
}
