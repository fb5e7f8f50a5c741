//! Rows of the tables: headers, small objects' content, the catalogue, what is owed and what is due are
//! read or refused.
#![no_main]

use libfuzzer_sys::fuzz_target;

/// What the keys of each kind of row begin with.
const KINDS: [&[u8]; 5] = [b"\x01", b"\x02", b"\x03", b"\x04", b"\0catalogue"];

fuzz_target!(|data: &[u8]| {
    let Some((&choice, rest)) = data.split_first() else { return };
    let kind = KINDS[usize::from(choice) % KINDS.len()];
    let (key, value) = rest.split_at(usize::from(choice / 8).min(rest.len()));
    let key = [kind, key].concat();
    let is_sound = kv::check_row(&key, value).is_ok();
    if is_sound && kind == b"\x03" {
        assert!(kv::check_row(&key[..key.len() - 1], value).is_err(), "its length is fixed");
    }
    assert!(!kv::describe_row(&key).is_empty());
    let _ = (kv::read_key(&key), kv::read_header(value));
});
