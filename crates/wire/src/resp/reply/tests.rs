use super::*;

fn written(protocol: Protocol, write: impl FnOnce(&mut Writer)) -> String {
    let mut writer = Writer::new(protocol);
    write(&mut writer);
    writer.as_bytes().escape_ascii().to_string()
}

type Case = (fn(&mut Writer), &'static str, &'static str);

#[test]
fn each_type_has_its_form_in_both_versions() {
    let cases: &[Case] = &[
        (|w| w.ok(), "+OK\\r\\n", "+OK\\r\\n"),
        (|w| w.simple("PONG"), "+PONG\\r\\n", "+PONG\\r\\n"),
        (|w| w.error("ERR no"), "-ERR no\\r\\n", "-ERR no\\r\\n"),
        (|w| w.integer(-42), ":-42\\r\\n", ":-42\\r\\n"),
        (|w| w.bulk(b""), "$0\\r\\n\\r\\n", "$0\\r\\n\\r\\n"),
        (|w| w.bulk(b"a\r\nb"), "$4\\r\\na\\r\\nb\\r\\n", "$4\\r\\na\\r\\nb\\r\\n"),
        (|w| w.bulk_integer(7), "$1\\r\\n7\\r\\n", "$1\\r\\n7\\r\\n"),
        (|w| w.bulk_double(0.5), "$3\\r\\n0.5\\r\\n", "$3\\r\\n0.5\\r\\n"),
        (|w| w.verbatim(*b"txt", b"hi"), "$2\\r\\nhi\\r\\n", "=6\\r\\ntxt:hi\\r\\n"),
        (|w| w.null(), "$-1\\r\\n", "_\\r\\n"),
        (|w| w.null_array(), "*-1\\r\\n", "_\\r\\n"),
        (|w| w.array(3), "*3\\r\\n", "*3\\r\\n"),
        (|w| w.map(2), "*4\\r\\n", "%2\\r\\n"),
        (|w| w.set(2), "*2\\r\\n", "~2\\r\\n"),
        (|w| w.push(3), "*3\\r\\n", ">3\\r\\n"),
        (|w| w.double(1.5), "$3\\r\\n1.5\\r\\n", ",1.5\\r\\n"),
        (|w| w.double(f64::NEG_INFINITY), "$4\\r\\n-inf\\r\\n", ",-inf\\r\\n"),
        (|w| w.boolean(true), ":1\\r\\n", "#t\\r\\n"),
        (|w| w.boolean(false), ":0\\r\\n", "#f\\r\\n"),
        (|w| w.big_number("123"), "$3\\r\\n123\\r\\n", "(123\\r\\n"),
    ];
    for (write, resp2, resp3) in cases {
        assert_eq!(written(Protocol::Resp2, write), *resp2);
        assert_eq!(written(Protocol::Resp3, write), *resp3);
    }
}

#[test]
fn a_line_end_in_an_error_does_not_end_it() {
    let text = written(Protocol::Resp2, |w| w.error("ERR unknown 'a\r\n+OK'"));
    assert_eq!(text, "-ERR unknown \\'a  +OK\\'\\r\\n");
}

#[test]
fn stamps_are_filled_where_they_were_left() {
    let mut writer = Writer::default();
    writer.simple("before");
    writer.array(3);
    writer.stamp();
    writer.bulk(b"between");
    writer.stamp();
    writer.simple("after");
    assert!(writer.has_stamps());
    writer.fill_stamps(Sequence(1234));
    assert!(!writer.has_stamps());
    let expected = b"+before\r\n*3\r\n:1234\r\n$7\r\nbetween\r\n:1234\r\n+after\r\n";
    assert_eq!(writer.as_bytes(), expected);
    writer.fill_stamps(Sequence(9));
    assert_eq!(writer.as_bytes(), expected);
}

#[test]
fn adjacent_stamps_and_stamps_at_both_ends_are_filled() {
    let mut writer = Writer::default();
    writer.stamp();
    writer.stamp();
    writer.ok();
    writer.stamp();
    writer.fill_stamps(Sequence(u64::MAX));
    let number = ":18446744073709551615\r\n";
    assert_eq!(writer.as_bytes(), format!("{number}{number}+OK\r\n{number}").as_bytes());
}

#[test]
fn rewinding_takes_back_replies_and_their_stamps() {
    let mut writer = Writer::default();
    writer.stamp();
    writer.ok();
    let mark = writer.mark();
    writer.stamp();
    writer.bulk(b"gone");
    writer.rewind(mark);
    writer.error("ERR instead");
    writer.fill_stamps(Sequence(5));
    assert_eq!(writer.as_bytes(), b":5\r\n+OK\r\n-ERR instead\r\n");
}

#[test]
fn a_header_can_be_put_before_what_was_written() {
    for (protocol, expected) in [
        (Protocol::Resp2, b"+first\r\n*2\r\n*2\r\n:8\r\n+a\r\n+b\r\n".as_slice()),
        (Protocol::Resp3, b"+first\r\n%1\r\n~2\r\n:8\r\n+a\r\n+b\r\n"),
    ] {
        let mut writer = Writer::new(protocol);
        writer.simple("first");
        let outer = writer.mark();
        let inner = writer.mark();
        writer.stamp();
        writer.simple("a");
        writer.wrap_set(inner, 2);
        writer.simple("b");
        writer.wrap_map(outer, 1);
        writer.fill_stamps(Sequence(8));
        assert_eq!(writer.as_bytes(), expected);
    }
}

#[test]
fn an_error_is_told_from_what_else_was_written() {
    let mut writer = Writer::default();
    writer.error("ERR of the command before");
    let mark = writer.mark();
    assert!(!writer.is_error_since(mark));
    writer.ok();
    assert!(!writer.is_error_since(mark));
    writer.rewind(mark);
    writer.error("ERR");
    assert!(writer.is_error_since(mark));
    assert_eq!(writer.since(mark), b"-ERR\r\n");
    writer.rewind(mark);
    writer.stamp();
    writer.error("ERR is the second reply");
    assert!(!writer.is_error_since(mark));
}

#[test]
fn two_buffers_in_turn_keep_their_memory() {
    let mut writer = Writer::default();
    writer.bulk(&[b'x'; 100]);
    let sent = writer.take(Vec::new());
    let place = sent.as_ptr();
    assert!(writer.is_empty());
    writer.ok();
    assert_eq!(writer.take(sent), b"+OK\r\n");
    writer.ok();
    assert_eq!(writer.as_bytes().as_ptr(), place);
}
