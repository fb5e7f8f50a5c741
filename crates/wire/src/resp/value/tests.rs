use proptest::prelude::*;

use super::super::reply::{Protocol, Writer};
use super::*;

fn whole(bytes: &[u8]) -> Value {
    let (value, used) = decode_reply(bytes, 8).unwrap().unwrap();
    assert_eq!(used, bytes.len());
    value
}

#[test]
fn every_type_is_read() {
    let cases: Vec<(&[u8], Value)> = vec![
        (b"+OK\r\n", Value::Simple("OK".into())),
        (b"-ERR no\r\n", Value::Error("ERR no".into())),
        (b"!6\r\nERR no\r\n", Value::Error("ERR no".into())),
        (b":-3\r\n", Value::Integer(-3)),
        (b"$2\r\nab\r\n", Value::Bulk(b"ab".to_vec())),
        (b"$-1\r\n", Value::Null),
        (b"*-1\r\n", Value::Null),
        (b"_\r\n", Value::Null),
        (b"=5\r\ntxt:a\r\n", Value::Verbatim(*b"txt", b"a".to_vec())),
        (b"*0\r\n", Value::Array(vec![])),
        (b"*2\r\n:1\r\n*0\r\n", Value::Array(vec![Value::Integer(1), Value::Array(vec![])])),
        (b"%1\r\n:1\r\n:2\r\n", Value::Map(vec![(Value::Integer(1), Value::Integer(2))])),
        (b"~1\r\n:1\r\n", Value::Set(vec![Value::Integer(1)])),
        (b">1\r\n:1\r\n", Value::Push(vec![Value::Integer(1)])),
        (b",1.5\r\n", Value::Double(1.5)),
        (b",inf\r\n", Value::Double(f64::INFINITY)),
        (b"#t\r\n", Value::Boolean(true)),
        (b"#f\r\n", Value::Boolean(false)),
        (b"(12\r\n", Value::BigNumber("12".into())),
    ];
    for (bytes, value) in cases {
        assert_eq!(whole(bytes), value);
        for end in 0..bytes.len() {
            assert_eq!(decode_reply(&bytes[..end], 8), Ok(None), "{end} of {value:?}");
        }
    }
    assert!(matches!(whole(b",nan\r\n"), Value::Double(value) if value.is_nan()));
}

#[test]
fn malformed_replies_are_refused() {
    let cases: &[&[u8]] = &[
        b"\r\n",
        b"x\r\n",
        b":\r\n",
        b":x\r\n",
        b":1\n",
        b"$x\r\n",
        b"$-2\r\n",
        b"$1\r\nabc",
        b"#x\r\n",
        b"_x\r\n",
        b",x\r\n",
        b"*-2\r\n",
        b"*x\r\n",
        b"=1\r\na\r\n",
        b"%-1\r\n",
        b"*1\r\nx\r\n",
    ];
    for bytes in cases {
        let refused = decode_reply(bytes, 8);
        assert!(matches!(refused, Err(DecodeError::Malformed { .. })), "{}", bytes.escape_ascii());
    }
}

#[test]
fn nesting_is_bounded() {
    let nested = |depth: usize| [b"*1\r\n".repeat(depth), b":1\r\n".to_vec()].concat();
    assert!(decode_reply(&nested(8), 8).is_ok_and(|value| value.is_some()));
    assert_eq!(decode_reply(&nested(9), 8), Err(DecodeError::TooDeep { depth_max: 8 }));
    assert_eq!(decode_reply(&nested(100_000), 8), Err(DecodeError::TooDeep { depth_max: 8 }));
}

#[test]
fn an_announced_count_reserves_nothing() {
    assert_eq!(decode_reply(b"*9223372036854775807\r\n:1\r\n", 8), Ok(None));
    assert_eq!(decode_reply(b"%9223372036854775807\r\n", 8), Ok(None));
    assert_eq!(decode_reply(b"$9223372036854775807\r\nabc", 8), Ok(None));
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        "[ -~]{0,12}".prop_map(Value::Simple),
        "[ -~]{0,12}".prop_map(Value::Error),
        any::<i64>().prop_map(Value::Integer),
        any::<Vec<u8>>().prop_map(Value::Bulk),
        any::<Vec<u8>>().prop_map(|text| Value::Verbatim(*b"txt", text)),
        Just(Value::Null),
        any::<bool>().prop_map(Value::Boolean),
        any::<f64>().prop_filter("equal to itself", |v| !v.is_nan()).prop_map(Value::Double),
        "-?[0-9]{1,40}".prop_map(Value::BigNumber),
    ];
    leaf.prop_recursive(4, 64, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::Array),
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::Set),
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::Push),
            prop::collection::vec((inner.clone(), inner), 0..8).prop_map(Value::Map),
        ]
    })
}

fn write(writer: &mut Writer, value: &Value) {
    match value {
        Value::Simple(text) => writer.simple(text),
        Value::Error(text) => writer.error(text),
        Value::Integer(value) => writer.integer(*value),
        Value::Bulk(bytes) => writer.bulk(bytes),
        Value::Verbatim(format, text) => writer.verbatim(*format, text),
        Value::Null => writer.null(),
        Value::Boolean(value) => writer.boolean(*value),
        Value::Double(value) => writer.double(*value),
        Value::BigNumber(digits) => writer.big_number(digits),
        Value::Array(values) | Value::Set(values) | Value::Push(values) => {
            match value {
                Value::Set(_) => writer.set(values.len()),
                Value::Push(_) => writer.push(values.len()),
                _ => writer.array(values.len()),
            }
            for value in values {
                write(writer, value);
            }
        }
        Value::Map(pairs) => {
            writer.map(pairs.len());
            for (key, value) in pairs {
                write(writer, key);
                write(writer, value);
            }
        }
    }
}

proptest! {
    #[test]
    fn what_is_written_reads_back_the_same(value in values(), tail: Vec<u8>) {
        let mut writer = Writer::new(Protocol::Resp3);
        write(&mut writer, &value);
        let mut bytes = writer.as_bytes().to_vec();
        let len = bytes.len();
        bytes.extend_from_slice(&tail);
        prop_assert_eq!(decode_reply(&bytes, 8), Ok(Some((value, len))));
    }

    #[test]
    fn any_bytes_are_a_reply_or_refused(bytes: Vec<u8>) {
        let _ = decode_reply(&bytes, 8);
    }

    #[test]
    fn bytes_that_look_like_replies_are_read_or_refused(text in "([-+:$*%~>,#_(=!][-0-9a]{0,3}\r\n){0,12}") {
        if let Ok(Some((_, used))) = decode_reply(text.as_bytes(), 8) {
            prop_assert!(used <= text.len());
        }
    }
}
