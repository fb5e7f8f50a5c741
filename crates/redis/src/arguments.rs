//! The arguments of commands, as COMMAND DOCS tells them: a line of text each.
//!
//! `name` is a string, or a key if it is called so; `name:type` is of that type; `TOKEN` stands for itself;
//! `TOKEN name` is an argument behind a word. `name(a b)` is a block of arguments and `name(a|b)` one of
//! several. In brackets stands what may be left out, and `...` behind what may be repeated, `...+` if the
//! word is repeated, too.

/// An argument of a command, or a group of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Argument {
    pub(crate) name: String,
    pub(crate) kind: String,
    /// The word before it.
    pub(crate) token: Option<String>,
    pub(crate) is_optional: bool,
    pub(crate) is_multiple: bool,
    pub(crate) repeats_token: bool,
    /// What a group is made of.
    pub(crate) inner: Vec<Argument>,
}

impl Argument {
    /// As a person writes it.
    fn written(&self) -> String {
        let inner = |between: &str| {
            let written: Vec<_> = self.inner.iter().map(Self::written).collect();
            written.join(between)
        };
        let value = match self.kind.as_str() {
            "pure-token" => String::new(),
            "oneof" => inner(" | "),
            "block" => inner(" "),
            _ => self.name.clone(),
        };
        let words: Vec<_> = self.token.iter().chain(Some(&value)).map(String::as_str).collect();
        let mut text = words.join(" ").trim_end().to_owned();
        if self.is_multiple {
            let again = if self.repeats_token { &text } else { &value };
            text = format!("{text} [{again} ...]");
        }
        if self.is_optional { format!("[{text}]") } else { text }
    }

    /// Its flags, as COMMAND DOCS names them.
    pub(crate) fn flags(&self) -> impl Iterator<Item = &'static str> {
        let flags = [
            (self.is_optional, "optional"),
            (self.is_multiple, "multiple"),
            (self.repeats_token, "multiple_token"),
        ];
        flags.into_iter().filter_map(|(has, name)| has.then_some(name))
    }
}

/// The arguments that a line tells of.
pub(crate) fn parse(line: &str) -> Vec<Argument> {
    let mut reader = Reader { rest: line };
    reader.list().0
}

struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn take(&mut self, text: &str) -> bool {
        let rest = self.rest.strip_prefix(text);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn word(&mut self) -> &'a str {
        let end = self.rest.find(|at: char| !at.is_ascii_alphanumeric() && at != '-');
        let (word, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        word
    }

    /// Arguments up to where no more begins, and whether they are one of several.
    fn list(&mut self) -> (Vec<Argument>, bool) {
        let (mut found, mut is_choice) = (Vec::new(), false);
        loop {
            is_choice |= self.take("|");
            let _blank = self.take(" ");
            let before = self.rest.len();
            let argument = self.argument();
            if self.rest.len() == before {
                return (found, is_choice);
            }
            found.push(argument);
        }
    }

    fn argument(&mut self) -> Argument {
        let is_optional = self.take("[");
        let mut argument = self.core();
        argument.is_optional = is_optional;
        if is_optional {
            let _closed = self.take("]");
        }
        argument.is_multiple = self.take("...");
        argument.repeats_token = argument.is_multiple && self.take("+");
        argument
    }

    fn core(&mut self) -> Argument {
        let is_token = |word: &str| word.starts_with(|first: char| first.is_ascii_uppercase());
        let (mut name, mut token) = (self.word(), None);
        if is_token(name) {
            token = Some(name.to_owned());
            let is_followed = self.rest.starts_with(' ')
                && self.rest[1..].starts_with(|next: char| next.is_ascii_lowercase());
            if !is_followed {
                let (name, kind) = (name.to_ascii_lowercase(), "pure-token".to_owned());
                return Argument { name, kind, token, ..Argument::default() };
            }
            let _blank = self.take(" ");
            name = self.word();
        }
        let mut inner = Vec::new();
        let kind = if self.take("(") {
            let (list, is_choice) = self.list();
            let _closed = self.take(")");
            inner = list;
            if is_choice { "oneof" } else { "block" }
        } else if self.take(":") {
            self.word()
        } else if name == "key" {
            "key"
        } else {
            "string"
        };
        Argument { name: name.into(), kind: kind.into(), token, inner, ..Argument::default() }
    }
}

/// How the command `name` is written, as redis-cli's help has it: of its line, the names and the words.
pub fn syntax(name: &str, line: &str) -> String {
    let mut text = name.to_uppercase().replace('|', " ");
    for argument in parse(line) {
        text.push(' ');
        text.push_str(&argument.written());
    }
    text
}

/// The line of a command; empty if it takes no arguments.
pub(crate) fn of(lines: &[(&'static str, &'static str)], name: &str) -> &'static str {
    lines.iter().find(|line| line.0 == name).map_or("", |line| line.1)
}

/// Of each command that takes any, in the order of their names.
pub(crate) static ARGUMENTS: &[(&str, &str)] = &[
    ("append", "key value"),
    ("auth", "[username] password"),
    ("bgsave", "[SCHEDULE]"),
    ("client|caching", "mode(YES|NO)"),
    (
        "client|kill",
        "filter(old-format|new-format([ID client-id:integer]...|[TYPE client-type(NORMAL|MASTER|PRIMARY|SLAVE|REPLICA|PUBSUB)]|[USER username]|[ADDR addr]|[LADDR laddr]|[SKIPME skipme(YES|NO)])...)",
    ),
    ("client|list", "[TYPE client-type(NORMAL|MASTER|REPLICA|PUBSUB)] [ID client-id:integer]..."),
    ("client|no-evict", "enabled(ON|OFF)"),
    ("client|no-touch", "enabled(ON|OFF)"),
    ("client|pause", "timeout:integer [mode(WRITE|ALL)]"),
    ("client|reply", "action(ON|OFF|SKIP)"),
    ("client|setinfo", "attr(LIB-NAME libname|LIB-VER libver)"),
    ("client|setname", "connection-name"),
    (
        "client|tracking",
        "status(ON|OFF) [REDIRECT client-id:integer] [PREFIX prefix]...+ [BCAST] [OPTIN] [OPTOUT] [NOLOOP]",
    ),
    ("client|unblock", "client-id:integer [unblock-type(TIMEOUT|ERROR)]"),
    ("command|docs", "[command-name]..."),
    ("command|getkeys", "command [arg]..."),
    ("command|getkeysandflags", "command [arg]..."),
    ("command|info", "[command-name]..."),
    (
        "command|list",
        "[FILTERBY filterby(MODULE module-name|ACLCAT category|PATTERN pattern:pattern)]",
    ),
    ("config|get", "parameter..."),
    ("config|set", "data(parameter value)..."),
    ("copy", "source:key destination:key [DB destination-db:integer] [REPLACE]"),
    ("decr", "key"),
    ("decrby", "key decrement:integer"),
    ("del", "key..."),
    ("echo", "message"),
    ("exists", "key..."),
    ("expire", "key seconds:integer [condition(NX|XX|GT|LT)]"),
    ("expireat", "key unix-time-seconds:unix-time [condition(NX|XX|GT|LT)]"),
    ("expiretime", "key"),
    ("flushall", "[flush-type(ASYNC|SYNC)]"),
    ("flushdb", "[flush-type(ASYNC|SYNC)]"),
    ("function|flush", "[flush-type(ASYNC|SYNC)]"),
    ("function|list", "[LIBRARYNAME library-name-pattern] [WITHCODE]"),
    ("get", "key"),
    ("getdel", "key"),
    (
        "getex",
        "key [expiration(EX seconds:integer|PX milliseconds:integer|EXAT unix-time-seconds:unix-time|PXAT unix-time-milliseconds:unix-time|PERSIST)]",
    ),
    ("getrange", "key start:integer end:integer"),
    ("getset", "key value"),
    ("hdel", "key field..."),
    ("hello", "[arguments(protover:integer [AUTH auth(username password)] [SETNAME clientname])]"),
    ("hexists", "key field"),
    ("hget", "key field"),
    ("hgetall", "key"),
    ("hincrby", "key field increment:integer"),
    ("hincrbyfloat", "key field increment:double"),
    ("hkeys", "key"),
    ("hlen", "key"),
    ("hmget", "key field..."),
    ("hmset", "key data(field value)..."),
    ("hrandfield", "key [options(count:integer [WITHVALUES])]"),
    ("hscan", "key cursor:integer [MATCH pattern:pattern] [COUNT count:integer]"),
    ("hset", "key data(field value)..."),
    ("hsetnx", "key field value"),
    ("hstrlen", "key field"),
    ("hvals", "key"),
    ("incr", "key"),
    ("incrby", "key increment:integer"),
    ("incrbyfloat", "key increment:double"),
    ("info", "[section]..."),
    ("keys", "pattern:pattern"),
    ("latency|graph", "event"),
    ("latency|histogram", "[command]..."),
    ("latency|history", "event"),
    ("latency|reset", "[event]..."),
    ("memory|usage", "key [SAMPLES count:integer]"),
    ("mget", "key..."),
    ("mset", "data(key value)..."),
    ("msetnx", "data(key value)..."),
    ("object|encoding", "key"),
    ("object|freq", "key"),
    ("object|idletime", "key"),
    ("object|refcount", "key"),
    ("persist", "key"),
    ("pexpire", "key milliseconds:integer [condition(NX|XX|GT|LT)]"),
    ("pexpireat", "key unix-time-milliseconds:unix-time [condition(NX|XX|GT|LT)]"),
    ("pexpiretime", "key"),
    ("ping", "[message]"),
    ("psetex", "key milliseconds:integer value"),
    ("pttl", "key"),
    ("rename", "key newkey:key"),
    ("renamenx", "key newkey:key"),
    ("scan", "cursor:integer [MATCH pattern:pattern] [COUNT count:integer] [TYPE type]"),
    ("select", "index:integer"),
    (
        "set",
        "key value [condition(NX|XX)] [GET] [expiration(EX seconds:integer|PX milliseconds:integer|EXAT unix-time-seconds:unix-time|PXAT unix-time-milliseconds:unix-time|KEEPTTL)]",
    ),
    ("setex", "key seconds:integer value"),
    ("setnx", "key value"),
    ("setrange", "key offset:integer value"),
    ("slowlog|get", "[count:integer]"),
    ("strlen", "key"),
    ("substr", "key start:integer end:integer"),
    ("swapdb", "index1:integer index2:integer"),
    ("touch", "key..."),
    ("ttl", "key"),
    ("type", "key"),
    ("unlink", "key..."),
    ("wait", "numreplicas:integer timeout:integer"),
    ("waitaof", "numlocal:integer numreplicas:integer timeout:integer"),
    ("watch", "key..."),
];

#[cfg(test)]
mod tests;
