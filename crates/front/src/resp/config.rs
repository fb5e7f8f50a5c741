//! CONFIG: reading and setting parameters.

use redis::{Config as Subcommand, Error};
use wire::resp::{Args, glob};

use crate::parameters::{PARAMETERS, Parameter, find};
use crate::resp::session::Session;

impl Session {
    pub(crate) fn config(&mut self, which: Subcommand, args: Args<'_>) {
        let done = match which {
            Subcommand::Get => {
                self.config_get(args);
                Ok(())
            }
            Subcommand::Set => self.config_set(args),
            Subcommand::ResetStat => {
                self.server.counters.reset();
                self.server.usages.reset();
                self.reply.ok();
                Ok(())
            }
            Subcommand::Rewrite => Err(Error::text(
                "ERR the server does not write its configuration: change the file, the environment or \
                 the flags that it is started with",
            )),
        };
        if let Err(error) = done {
            self.fail(error);
        }
    }

    fn config_get(&mut self, args: Args<'_>) {
        let patterns: Vec<_> = args.skip(2).iter().map(<[u8]>::to_ascii_lowercase).collect();
        let is_wanted = |parameter: &&Parameter| {
            patterns.iter().any(|pattern| glob::matches(pattern, parameter.name.as_bytes()))
        };
        let wanted: Vec<_> = PARAMETERS.iter().filter(is_wanted).collect();
        self.reply.map(wanted.len());
        for parameter in wanted {
            self.reply.bulk(parameter.name.as_bytes());
            self.reply.bulk(&parameter.get(&self.server));
        }
    }

    fn config_set(&mut self, args: Args<'_>) -> Result<(), Error> {
        let mut rest = args.skip(2).iter();
        let mut to_set: Vec<(&Parameter, &[u8])> = Vec::new();
        while let Some(name) = rest.next() {
            let value = rest.next().ok_or(Error::SYNTAX)?;
            let parameter = find(name).ok_or_else(|| {
                let name = String::from_utf8_lossy(&name[..name.len().min(128)]);
                let text =
                    format!("ERR Unknown option or number of arguments for CONFIG SET - '{name}'");
                Error::Reply(text.into())
            })?;
            let is_new = to_set.iter().all(|(other, _)| other.name != parameter.name);
            let checked = if is_new {
                parameter.check(&self.server, value)
            } else {
                Err("duplicate parameter".to_owned())
            };
            checked.map_err(|why| {
                let name = parameter.name;
                let text = format!(
                    "ERR CONFIG SET failed (possibly related to argument '{name}') - {why}"
                );
                Error::Reply(text.into())
            })?;
            to_set.push((parameter, value));
        }
        for (parameter, value) in to_set {
            parameter.set(&self.server, value);
        }
        self.reply.ok();
        Ok(())
    }
}
