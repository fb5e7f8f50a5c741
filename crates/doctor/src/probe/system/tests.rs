use super::*;

const PROC: &str = "23 28 0:21 / /proc rw,nosuid,nodev,noexec,relatime - proc proc rw\n";

#[test]
fn h44_settings_are_sealed_where_proc_sys_is_mounted_read_only() {
    assert!(!is_sealed(PROC));
    let docker = format!(
        "{PROC}1204 23 0:21 /sys /proc/sys ro,nosuid,nodev,noexec,relatime - proc proc rw\n"
    );
    assert!(is_sealed(&docker));
    assert!(is_sealed("23 28 0:21 / /proc ro,relatime - proc proc rw\n"));
}
