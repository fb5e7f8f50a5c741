use super::*;

#[test]
fn it_tells_how_much_of_how_much() {
    assert_eq!(line("copied", 0, 8 << 20, false), "copied 0 %, 0 of 8 MiB");
    assert_eq!(line("copied", 2 << 20, 8 << 20, false), "copied 25 %, 2 of 8 MiB");
    let bar = line("copied", 2 << 20, 8 << 20, true);
    assert!(bar.starts_with("[##########...") && bar.ends_with("]  25 %, 2 of 8 MiB"), "{bar}");
    assert_eq!(line("read", 0, 0, false), "read 0 %, 0 of 0 MiB", "there may be nothing to copy");
}
