//! The plainest client: one connection, a request written at once, its replies counted.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use anyhow::{Context, Result, bail};

/// A connection to a RESP server.
#[derive(Debug)]
pub(crate) struct Client {
    reader: BufReader<TcpStream>,
}

impl Client {
    pub(crate) fn connect(port: u16) -> Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port)).context("connect")?;
        stream.set_nodelay(true).context("connect")?;
        Ok(Self { reader: BufReader::new(stream) })
    }

    /// Sends commands at once and returns the first line of the last reply.
    pub(crate) fn send(&mut self, commands: &[&[&str]]) -> Result<String> {
        let mut bytes = Vec::new();
        for words in commands {
            write!(bytes, "*{}\r\n", words.len()).context("encode")?;
            for word in *words {
                write!(bytes, "${}\r\n{word}\r\n", word.len()).context("encode")?;
            }
        }
        self.reader.get_mut().write_all(&bytes).context("send")?;
        let mut last = String::new();
        for _ in commands {
            last = self.reply()?;
        }
        Ok(last)
    }

    fn reply(&mut self) -> Result<String> {
        let mut line = String::new();
        if self.reader.read_line(&mut line).context("receive")? == 0 {
            bail!("the server closed the connection");
        }
        let text = line.trim_end().to_owned();
        let count = text.get(1..).and_then(|count| count.parse::<i64>().ok()).unwrap_or(-1);
        match text.as_bytes().first() {
            Some(b'$') if count >= 0 => {
                let mut body = vec![0; usize::try_from(count).unwrap_or(0) + 2];
                self.reader.read_exact(&mut body).context("receive")?;
            }
            Some(b'*') => {
                for _ in 0..count.max(0) {
                    self.reply()?;
                }
            }
            _ => {}
        }
        Ok(text)
    }
}
