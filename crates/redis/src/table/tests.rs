use super::*;
use crate::command::{Connection, Flags, Run};
use crate::error::Error;

#[test]
fn the_table_is_in_order_and_every_name_is_found_in_any_case() {
    assert!(COMMANDS.is_sorted_by(|a, b| a.name < b.name));
    for command in COMMANDS {
        assert_eq!(
            find(command.name.to_uppercase().as_bytes()).map(|found| found.name),
            Some(command.name)
        );
        assert!(command.name.len() <= NAME_BYTES_MAX);
    }
    assert!(
        find(b"no such command").is_none() && find(&[b'x'; 99]).is_none() && find(b"").is_none()
    );
}

#[test]
fn a_command_over_keys_says_whether_it_writes() {
    let is_watch = |command: &Command| matches!(command.run, Run::Connection(Connection::Watch));
    for command in COMMANDS.iter().filter(|command| command.keys.first > 0 && !is_watch(command)) {
        assert!(matches!(command.run, Run::Txn(_)), "{}", command.name);
        let (writes, reads) = (command.flags.has(Flags::WRITE), command.flags.has(Flags::READONLY));
        assert!(writes != reads, "{} must be one of write and readonly", command.name);
    }
}

#[test]
fn every_command_is_documented() {
    let subcommands = COMMANDS.iter().flat_map(|command| command.subcommands());
    for command in COMMANDS.iter().chain(subcommands) {
        assert!(
            command.summary.ends_with('.')
                && !command.since.is_empty()
                && command.complexity.starts_with("O("),
            "{}",
            command.name
        );
    }
}

#[test]
fn subcommands_are_in_order_under_the_name_of_their_container_and_have_help() {
    let containers = COMMANDS.iter().filter(|command| !command.subcommands().is_empty());
    for container in containers {
        let subcommands = container.subcommands();
        assert!(subcommands.is_sorted_by(|a, b| a.name < b.name), "{}", container.name);
        assert!(subcommands.iter().any(|command| command.word() == "help"), "{}", container.name);
        for command in subcommands {
            assert_eq!(command.name, format!("{}|{}", container.name, command.word()));
            assert_eq!(command.group, container.group);
        }
    }
}

#[test]
fn a_request_is_resolved_to_a_subcommand_and_its_arity() {
    let resolve = |words: &[&str]| {
        let args: wire::resp::ArgsBuf = words.iter().collect();
        find(words[0].as_bytes()).unwrap().resolve(args.as_args())
    };
    let name = |words: &[&str]| resolve(words).map(|command| command.name);
    let error = |words: &[&str]| match resolve(words) {
        Err(Error::Reply(text)) => text.into_owned(),
        other => panic!("{other:?}"),
    };
    assert_eq!(name(&["Client", "iD"]), Ok("client|id"));
    assert_eq!(name(&["memory", "usage", "key"]), Ok("memory|usage"));
    assert_eq!(name(&["command"]), Ok("command"));
    assert_eq!(name(&["get", "key"]), Ok("get"));
    assert_eq!(error(&["client"]), "ERR wrong number of arguments for 'client' command");
    assert_eq!(
        error(&["client", "id", "x"]),
        "ERR wrong number of arguments for 'client|id' command"
    );
    assert_eq!(error(&["client", "x"]), "ERR unknown subcommand 'x'. Try CLIENT HELP.");
    assert_eq!(error(&["get"]), "ERR wrong number of arguments for 'get' command");
}
