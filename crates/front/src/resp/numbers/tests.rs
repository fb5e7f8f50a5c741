use super::*;
use crate::resp::extensions::EXTENSIONS;

#[test]
fn every_command_has_a_number_of_its_own() {
    for command in redis::COMMANDS.iter().chain(EXTENSIONS) {
        let count = NAMES.iter().filter(|name| **name == command.name).count();
        assert_eq!(count, 1, "{} belongs at the end of NAMES, once", command.name);
        assert_eq!(name_of(of(command.name)), Some(command.name));
    }
    assert_eq!((of("client|id"), name_of(0), of("no such command")), (of("client"), None, 0));
}

/// Old logs hold these numbers: a change here makes them tell of other commands.
#[test]
fn numbers_never_change() {
    assert_eq!((of("append"), of("set"), of("lock.acquire")), (1, 74, 93));
}
