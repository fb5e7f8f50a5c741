use super::*;
use crate::command::{Flags, Run};

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
    for command in COMMANDS.iter().filter(|command| command.keys.first > 0) {
        assert!(matches!(command.run, Run::Txn(_)), "{}", command.name);
        let (writes, reads) = (command.flags.has(Flags::WRITE), command.flags.has(Flags::READONLY));
        assert!(writes != reads, "{} must be one of write and readonly", command.name);
    }
}

#[test]
fn every_command_is_documented() {
    for command in COMMANDS {
        assert!(
            command.summary.ends_with('.')
                && !command.since.is_empty()
                && command.complexity.starts_with("O(")
        );
    }
}
