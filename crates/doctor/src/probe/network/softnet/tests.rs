use super::*;

#[test]
fn numbers_are_hexadecimal_and_the_processor_is_told_by_newer_kernels() {
    let text = "\
00000109 0000000a 00000002 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000003 00000000 00000000
";
    let wanted = Softnet { cpu: 3, processed: 0x109, dropped: 10, squeezed: 2 };
    assert_eq!(parse(text), Some(vec![wanted]));
    // Linux 4.19.
    let text =
        "00000001 00000000 00000000 0 0 0 0 0 0 0 0\n00000002 00000001 00000000 0 0 0 0 0 0 0 0\n";
    let found = parse(text).unwrap();
    assert_eq!((found[1].cpu, found[1].dropped), (1, 1));
    assert_eq!(parse("x y z\n"), None);
}
