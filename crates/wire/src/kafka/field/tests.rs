use proptest::prelude::*;

use super::*;

const ELEMENTS_MAX: u32 = 100;

fn fields(bytes: &[u8], flexible: bool) -> Fields<'_> {
    let mut fields = Fields::new(bytes, ELEMENTS_MAX);
    fields.set_flexible(flexible);
    fields
}

fn malformed<T>() -> Result<T, Error> {
    Err(Error::Malformed { expected: "it" })
}

#[test]
fn lengths_that_lie_are_refused() {
    let cases: &[(bool, &[u8])] = &[
        (false, b"\x00\x05abcd"),
        (false, b"\xff\xfeab"),
        (false, b"\x7f\xff"),
        (false, b"\x00"),
        (false, b"\x00\x01\xff"),
        (true, b"\x06abcd"),
        (true, b"\xff\xff\xff\xff\x0fab"),
        (true, b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
        (true, b"\x80"),
        (true, b""),
    ];
    for (flexible, bytes) in cases {
        let read = fields(bytes, *flexible).nullable_string("it");
        assert_eq!(read, malformed(), "{}", bytes.escape_ascii());
    }
    for bytes in [
        b"\xff\xff\xff\xfe".as_slice(),
        b"\x80\x00\x00\x00",
        b"\x7f\xff\xff\xff",
        b"\x00\x00\x00\x01",
    ] {
        assert_eq!(
            fields(bytes, false).nullable_bytes("it"),
            malformed(),
            "{}",
            bytes.escape_ascii()
        );
        let read = fields(bytes, false).nullable_array("it", |f| f.i8("it"));
        assert_eq!(read, malformed(), "{}", bytes.escape_ascii());
    }
}

#[test]
fn null_is_told_from_empty() {
    assert_eq!(fields(b"\xff\xff", false).nullable_string("it"), Ok(None));
    assert_eq!(fields(b"\x00\x00", false).nullable_string("it"), Ok(Some("")));
    assert_eq!(fields(b"\x00", true).nullable_string("it"), Ok(None));
    assert_eq!(fields(b"\x01", true).nullable_string("it"), Ok(Some("")));
    assert_eq!(fields(b"\xff\xff", false).string("it"), malformed());
    assert_eq!(fields(b"\x00", true).string("it"), malformed());
    assert_eq!(fields(b"\x00", true).array("it", |f| f.i8("it")), malformed());
    assert_eq!(fields(b"\xff\xff\xff\xff", false).array("it", |f| f.i8("it")), malformed());
}

#[test]
fn elements_are_counted_over_the_whole_frame() {
    // Ten arrays of eleven elements each, in an array.
    let inner = [&[12u8][..], &[7; 11]].concat();
    let nested = [&[11u8][..], &inner.repeat(10)].concat();
    let mut read = fields(&nested, true);
    let outcome = read.array("it", |f| f.array("it", |f| f.i8("it")));
    assert_eq!(outcome, Err(Error::TooManyElements { elements_max: ELEMENTS_MAX }));
    let fits = [&[10u8][..], &inner[..].repeat(9)].concat();
    let outcome = fields(&fits[..], true).array("it", |f| f.array("it", |f| f.i8("it")));
    assert_eq!(outcome, Err(Error::TooManyElements { elements_max: ELEMENTS_MAX }));
    let fits = [&[9u8][..], &inner.repeat(8)].concat();
    assert!(fields(&fits, true).array("it", |f| f.array("it", |f| f.i8("it"))).is_ok());
}

#[test]
fn a_varint_longer_than_need_be_is_read() {
    let read = |bytes: &[u8]| read_varint(&mut Reader::new(bytes), "it");
    assert_eq!(read(b"\x81\x00"), Ok(1));
    assert_eq!(read(b"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00"), Ok(0));
    assert_eq!(read(b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), Ok(u64::MAX));
    assert!(read(b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02").is_err());
    assert!(read(b"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00").is_err());
}

#[test]
fn the_text_of_an_error_is_cut_to_what_the_older_form_can_say() {
    let long = "\u{20ac}".repeat(20_000);
    let mut out = Vec::new();
    FieldWriter::new(&mut out).string(&long);
    let text = fields(&out, false).string("it").map(str::len);
    assert_eq!(text, Ok(32_766), "cut at a whole character");
}

proptest! {
    #[test]
    fn what_is_written_reads_back(
        text in prop::option::of(".{0,40}"),
        pieces: Vec<Vec<u8>>,
        numbers in prop::option::of(prop::collection::vec(any::<i64>(), 0..20)),
        flexible: bool,
    ) {
        let mut out = Vec::new();
        let mut writer = FieldWriter::new(&mut out);
        writer.set_flexible(flexible);
        writer.nullable_string(text.as_deref());
        writer.bytes(&pieces);
        writer.nullable_array(numbers.as_deref(), |w, number| w.i64(*number));
        writer.tags();
        let mut read = fields(&out, flexible);
        prop_assert_eq!(read.nullable_string("it"), Ok(text.as_deref()));
        let whole = pieces.concat();
        prop_assert_eq!(read.nullable_bytes("it"), Ok(Some(whole.as_slice())));
        prop_assert_eq!(read.nullable_array("it", |f| f.i64("it")), Ok(numbers));
        prop_assert_eq!(read.tags(), Ok(()));
        prop_assert_eq!(read.end(0), Ok(()));
    }
}
