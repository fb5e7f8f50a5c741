use super::*;
use crate::resp::session::find;

fn error_of(line: &str) -> String {
    let words: Vec<_> = line.split(' ').map(str::as_bytes).collect();
    let args = wire::resp::ArgsBuf::from_iter(words);
    let named = find(&args.as_args()[0]).unwrap();
    match resolve(named, args.as_args()) {
        Err(Error::Reply(text)) => text.into_owned(),
        other => panic!("{line}: {other:?}"),
    }
}

#[test]
fn one_of_ours_with_too_few_or_too_many_arguments_is_told_how_it_is_written() {
    for command in EXTENSIONS {
        let name = command.name;
        let told = format!("ERR wrong number of arguments for '{name}' command: ");
        let error = error_of(name);
        assert_eq!(error, format!("{told}{}", written(command).unwrap()));
        assert!(error.contains(&format!(": {} ", name.to_uppercase())), "{error}");
    }
    assert_eq!(
        error_of("LOCK.RELEASE a 1 2"),
        "ERR wrong number of arguments for 'lock.release' command: LOCK.RELEASE lock token"
    );
}

#[test]
fn redis_own_commands_keep_their_text() {
    assert_eq!(error_of("GET"), "ERR wrong number of arguments for 'get' command");
    assert_eq!(error_of("client id 1"), "ERR wrong number of arguments for 'client|id' command");
}

#[test]
fn every_syntax_stands_in_the_document() {
    let document = include_str!("../../../../../docs/protocols/ours.md");
    for command in EXTENSIONS {
        let row = format!("| `{}` | ", written(command).unwrap());
        assert!(document.contains(&row), "docs/protocols/ours.md is to have {row}");
    }
}
