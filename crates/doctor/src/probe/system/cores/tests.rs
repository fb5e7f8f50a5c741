use super::handler;

#[test]
fn h32_a_handler_is_what_stands_between_the_pipe_and_the_first_space() {
    let systemd = "|/usr/lib/systemd/systemd-coredump %P %u %g %s %t %c %h %d\n";
    assert_eq!(handler(systemd).as_deref(), Some("/usr/lib/systemd/systemd-coredump"));
    assert_eq!(handler("core\n"), None);
    assert_eq!(handler("/var/crash/core.%p\n"), None);
}
