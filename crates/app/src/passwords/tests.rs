use std::fs;
use std::path::PathBuf;

use super::*;

const CHEAP: &str = "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHRzYWx0$";

fn file(text: &str, mode: u32) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("passwords");
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    (dir, path)
}

fn refusal(text: &str, mode: u32) -> String {
    let (_dir, path) = file(text, mode);
    format!("{:#}", read(&path).unwrap_err())
}

#[test]
fn a_file_that_others_can_read_is_refused_with_what_to_do() {
    let line = hash_line("billing", b"secret", [1; 16]).unwrap();
    for mode in [0o640, 0o604, 0o620, 0o777, 0o610] {
        let told = refusal(&line, mode);
        assert!(told.contains("chmod 600 /"), "{mode:o}: {told}");
    }
    for mode in [0o600, 0o400] {
        let (_dir, path) = file(&line, mode);
        assert_eq!(read(&path).unwrap().count(), 1);
    }
}

#[test]
fn what_is_wrong_is_told_by_its_line_and_without_what_stands_there() {
    let cases = [
        ("# nobody\n\n", "it names no user"),
        ("billing", "line 1 is not `user:hash`"),
        ("\nbilling:hunter2", "line 2: what stands behind the name is not a hash"),
        ("billing:$1$hunter2", "line 1: what stands behind the name is not a hash"),
        ("bil ling:hunter2", "line 1: the name is not"),
        (":hunter2", "line 1: the name is not"),
    ];
    for (text, expected) in cases {
        let told = refusal(text, 0o600);
        assert!(told.contains(expected), "{told}");
        assert!(!told.contains("hunter2") && !told.contains("ling"), "{told}");
    }
    let hash = "c2FsdHNhbHRzYWx0c2FsdHNhbHRzYWx0c2FsdHNhbHQ";
    let costly = CHEAP.replace("m=8", "m=999999") + hash;
    assert!(refusal(&format!("a:{costly}"), 0o600).contains("line 1: to check the hash costs"));
    let twice = format!("a:{CHEAP}{hash}\na:{CHEAP}{hash}\n");
    assert!(refusal(&twice, 0o600).contains("line 2 names a user whom"));
    let other = CHEAP.replace("argon2id", "argon2i") + hash;
    assert!(refusal(&format!("a:{other}"), 0o600).contains("not a hash"));
    let long = format!("#{}", "x".repeat(1 << 20));
    assert!(refusal(&long, 0o600).contains("longer than 1 MiB"));
}

#[test]
fn a_name_that_would_be_read_otherwise_gets_no_line() {
    for name in ["", "a:b", "a b", "#a", "a\n", "\u{e9}"] {
        assert_eq!(hash_line(name, b"secret", [1; 16]), None, "{name}");
    }
    assert_eq!(hash_line("a", b"", [1; 16]), None);
    assert_eq!(hash_line("a", &[b'x'; PASSWORD_BYTES_MAX + 1], [1; 16]), None);
}
