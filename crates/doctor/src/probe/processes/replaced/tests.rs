use super::*;

#[test]
fn only_what_is_run_from_a_deleted_file_is_found() {
    let text = "\
55d0-55e0 r--p 00000000 fe:00 131 /usr/sbin/nginx (deleted)
55e0-55f0 r-xp 00010000 fe:00 131 /usr/sbin/nginx (deleted)
7f00-7f10 r-xp 00000000 fe:00 977 /usr/lib/x86_64-linux-gnu/libssl.so.1.1 (deleted)
7f10-7f20 r-xp 00000000 fe:00 978 /usr/lib/x86_64-linux-gnu/libc.so.6
7f20-7f30 rw-s 00000000 00:01 44 /dev/zero (deleted)
7f30-7f40 rwxp 00000000 00:01 45 /memfd:jit (deleted)
7f40-7f50 rw-p 00000000 fe:00 979 /usr/share/data (deleted)
7f50-7f60 r-xp 00000000 00:00 0 [vdso]
";
    let found: Vec<_> = parse(text).into_iter().collect();
    assert_eq!(found, ["/usr/lib/x86_64-linux-gnu/libssl.so.1.1", "/usr/sbin/nginx"]);
}

#[test]
fn a_library_that_a_program_unpacks_for_itself_is_none_of_the_system() {
    assert!(is_of_system("/usr/lib/libssl.so.3") && is_of_system("/lib64/libc.so.6"));
    assert!(!is_of_system("/tmp/libnetty_transport_native_epoll.so"));
}
