use super::*;
use crate::command::{Arity, Command};
use crate::table::COMMANDS;

fn argument(name: &str, kind: &str) -> Argument {
    Argument { name: name.into(), kind: kind.into(), ..Argument::default() }
}

#[test]
fn a_line_is_read_as_it_is_meant() {
    let read = parse(
        "key seconds:integer [MATCH pattern:pattern]... data(field value)... [how(NX|EX s)] [A]...+",
    );
    let token = |name: &str| Some(name.to_owned());
    assert_eq!(
        read,
        [
            argument("key", "key"),
            argument("seconds", "integer"),
            Argument {
                token: token("MATCH"),
                is_optional: true,
                is_multiple: true,
                ..argument("pattern", "pattern")
            },
            Argument {
                is_multiple: true,
                inner: vec![argument("field", "string"), argument("value", "string")],
                ..argument("data", "block")
            },
            Argument {
                is_optional: true,
                inner: vec![
                    Argument { token: token("NX"), ..argument("nx", "pure-token") },
                    Argument { token: token("EX"), ..argument("s", "string") },
                ],
                ..argument("how", "oneof")
            },
            Argument {
                token: token("A"),
                is_optional: true,
                is_multiple: true,
                repeats_token: true,
                ..argument("a", "pure-token")
            },
        ]
    );
}

/// A line again, out of what was read.
fn written(arguments: &[Argument], between: &str) -> String {
    let one = |argument: &Argument| {
        let Argument { name, kind, token, inner, .. } = argument;
        let word = token.as_ref().map(|token| format!("{token} ")).unwrap_or_default();
        let mut text = match &**kind {
            "pure-token" => token.clone().unwrap(),
            "oneof" => format!("{word}{name}({})", written(inner, "|")),
            "block" => format!("{word}{name}({})", written(inner, " ")),
            kind if kind == if name == "key" { "key" } else { "string" } => format!("{word}{name}"),
            kind => format!("{word}{name}:{kind}"),
        };
        if argument.is_optional {
            text = format!("[{text}]");
        }
        text.push_str(if argument.is_multiple { "..." } else { "" });
        text.push_str(if argument.repeats_token { "+" } else { "" });
        text
    };
    arguments.iter().map(one).collect::<Vec<_>>().join(between)
}

#[test]
fn the_syntax_of_a_command_is_written_as_people_write_it() {
    for (name, written) in [
        ("client|reply", "CLIENT REPLY ON | OFF | SKIP"),
        ("command|docs", "COMMAND DOCS [command-name [command-name ...]]"),
        ("expire", "EXPIRE key seconds [NX | XX | GT | LT]"),
        ("hscan", "HSCAN key cursor [MATCH pattern] [COUNT count]"),
        ("mset", "MSET key value [key value ...]"),
        ("ping", "PING [message]"),
        ("multi", "MULTI"),
    ] {
        assert_eq!(syntax(name, of(ARGUMENTS, name)), written);
    }
    let headers = "topic [HEADER header(name value)]...+ value";
    let written = "T topic [HEADER name value [HEADER name value ...]] value";
    assert_eq!(syntax("t", headers), written);
}

#[test]
fn every_line_is_read_to_its_end() {
    for (name, line) in ARGUMENTS {
        assert_eq!(written(&parse(line), " "), *line, "{name}");
    }
}

/// The fewest words that arguments take.
fn least(arguments: &[Argument]) -> usize {
    let one = |argument: &Argument| {
        let inner = match &*argument.kind {
            "pure-token" => 0,
            "oneof" => {
                argument.inner.iter().map(|one| least(std::slice::from_ref(one))).min().unwrap_or(0)
            }
            "block" => least(&argument.inner),
            _ => 1,
        };
        inner + usize::from(argument.token.is_some())
    };
    arguments.iter().filter(|argument| !argument.is_optional).map(one).sum()
}

#[test]
fn what_a_command_takes_fits_its_arity() {
    let all = COMMANDS
        .iter()
        .flat_map(|command| [*command].into_iter().chain(command.subcommands().iter().copied()));
    let mut told = 0;
    for command in all.filter(|command| command.subcommands().is_empty()) {
        let Command { name, arity, .. } = command;
        let arguments = parse(of(ARGUMENTS, name));
        told += usize::from(!arguments.is_empty());
        let least = name.split('|').count() + least(&arguments);
        let is_open = arguments.iter().any(|argument| argument.is_optional || argument.is_multiple);
        // What only refuses or has one of several forms may say less.
        if ["client|kill", "debug", "quit"].contains(name) {
            continue;
        }
        match arity {
            Arity::Exactly(count) => assert!(least == *count && !is_open, "{name}"),
            Arity::AtLeast(count) => assert!(least == *count && is_open, "{name}"),
        }
    }
    assert_eq!(told, ARGUMENTS.len(), "a line is of no command");
}
