//! RESP: requests come out the same however their bytes are cut up; replies, numbers and patterns
//! are read or refused.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wire::resp::{
    DoubleText, IntegerText, Limits, Parser, ProtocolError, add_decimal, decode_reply, glob,
    parse_f64, parse_i64,
};

type Requests = (Vec<Vec<Vec<u8>>>, Option<ProtocolError>);

/// Small, so that short inputs reach them.
const LIMITS: Limits = Limits {
    bulk_bytes_max: 64,
    args_max: 16,
    inline_bytes_max: 64,
    request_bytes_max: 256,
    unauthenticated: false,
};

/// What a connection gets that reads `piece` bytes at a time.
fn requests(bytes: &[u8], piece: usize) -> Requests {
    let mut parser = Parser::new(LIMITS);
    let (mut buf, mut requests) = (Vec::new(), Vec::new());
    for read in bytes.chunks(piece) {
        buf.extend_from_slice(read);
        loop {
            match parser.next(&buf) {
                Ok(Some(args)) => requests.push(args.iter().map(<[u8]>::to_vec).collect()),
                Ok(None) => break,
                Err(error) => return (requests, Some(error)),
            }
        }
        buf.drain(..parser.release());
        assert!(parser.wants() >= 1);
    }
    (requests, None)
}

fuzz_target!(|data: &[u8]| {
    let Some((&choice, bytes)) = data.split_first() else { return };
    let cut = requests(bytes, usize::from(choice % 32) + 1);
    assert_eq!(requests(bytes, bytes.len().max(1)), cut);

    if let Ok(Some((_, used))) = decode_reply(bytes, 16) {
        assert!(used <= bytes.len());
    }
    if let Some(value) = parse_i64(bytes) {
        assert_eq!(IntegerText::new(value).as_bytes(), bytes);
    }
    if let Some(value) = parse_f64(bytes) {
        let read = parse_f64(DoubleText::new(value).as_bytes());
        assert_eq!(read.map(f64::to_bits), Some(value.to_bits()));
    }
    let (one, other) = bytes.split_at(usize::from(choice).min(bytes.len()));
    if let Ok(sum) = add_decimal(one, other) {
        assert!(parse_f64(sum.as_bytes()).is_some());
    }
    let matched = glob::matches(one, other);
    if glob::is_literal(one) {
        assert_eq!(matched, one == other);
    }
});
