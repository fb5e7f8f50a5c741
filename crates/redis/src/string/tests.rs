use base::rng::SplitMix64;
use base::{HandClock, StoreTime};

use super::*;
use crate::world::{World, noise};

/// Lengths that lie at and around what changes the form of a string.
fn draw_len(rng: &mut SplitMix64) -> usize {
    let around = [0, 3, WHOLE_BYTES_MAX, CHUNK_BYTES, 2 * CHUNK_BYTES, 3 * CHUNK_BYTES + 500];
    let base = around[usize::try_from(rng.below(6)).unwrap()];
    (base + usize::try_from(rng.below(5)).unwrap()).saturating_sub(2)
}

/// The rows are as the format has them: whole, or cut into full rows and a last one.
fn check_form(txn: &mut Txn<'_>, object: Object, twin: &[u8]) -> Result<(), Error> {
    let header = txn.header(object).unwrap();
    let rows = txn.rows(object, (Unbounded, Unbounded))?;
    let expected: Vec<(Vec<u8>, &[u8])> = if header.split {
        let chunks = twin.chunks(CHUNK_BYTES).enumerate();
        chunks.map(|(number, chunk)| (suffix(number).to_vec(), chunk)).collect()
    } else {
        vec![(Vec::new(), twin)]
    };
    assert!(header.split || twin.len() <= WHOLE_BYTES_MAX, "a long string is cut");
    assert!(rows.iter().map(|row| (row.0.to_vec(), row.1)).eq(expected));
    assert_eq!(len(&header), twin.len());
    Ok(())
}

#[test]
fn strings_are_written_and_read_as_vectors_of_bytes_are() {
    for seed in 0..6 {
        let mut rng = SplitMix64::new(seed);
        // In every other run nothing stays in memory that need not.
        let objects_bytes = if seed % 2 == 0 { 1 << 30 } else { 0 };
        let mut world = World::new(kv::Settings { objects_bytes, ..kv::Settings::default() });
        let mut twin: Option<Vec<u8>> = None;
        for _ in 0..120 {
            let (len, bytes) = (draw_len(&mut rng), draw_len(&mut rng));
            let bytes = noise(&mut rng, bytes % 20_000);
            match rng.below(8) {
                0 => {
                    world.transact(|txn, s| set(txn, s, &bytes)).0.unwrap();
                    twin = Some(bytes);
                }
                1 => {
                    let bytes = &bytes[..bytes.len().min(40)];
                    world.transact(|txn, s| replace(txn, s, bytes)).0.unwrap();
                    twin = Some(bytes.to_vec());
                }
                2..=4 => {
                    let old = twin.get_or_insert_default();
                    let end = old.len();
                    old.extend_from_slice(&bytes);
                    let written = world.transact(|txn, s| write(txn, s, end, &bytes)).0;
                    assert_eq!(written, Ok(old.len()));
                }
                _ => {
                    let old = twin.get_or_insert_default();
                    let end = len + bytes.len();
                    old.resize(old.len().max(end), 0);
                    old[len..end].copy_from_slice(&bytes);
                    // An offset without bytes behind it is not passed on by SETRANGE; here it is.
                    let written = world.transact(|txn, s| write(txn, s, len, &bytes)).0;
                    assert_eq!(written, Ok(old.len()));
                }
            }
            let Some(twin) = &twin else { continue };
            if objects_bytes == 0 {
                world.forget();
            }
            let (from, to) = (draw_len(&mut rng).min(twin.len()), draw_len(&mut rng));
            let range = from..(from + to).min(twin.len());
            let part = world.transact(|txn, s| Ok(read_range(txn, s, range.clone())?.into_owned()));
            assert_eq!(part.0.as_deref(), Ok(&twin[range]));
            let (value, _) = world.transact(|txn, s| Ok(read(txn, s)?.map(Cow::into_owned)));
            assert_eq!(value.unwrap().as_ref(), Some(twin));
            world.transact(|txn, s| check_form(txn, s, twin)).0.unwrap();
        }
    }
}

#[test]
fn a_write_keeps_the_deadline_also_where_it_cuts_the_string() {
    let mut world = World::new(kv::Settings::default());
    let deadline = Some(StoreTime(HandClock::BEGIN_MS + 1_000_000));
    world.transact(|txn, s| set(txn, s, b"short")).0.unwrap();
    world.transact(|txn, s| Ok(txn.set_deadline(s, deadline)?)).0.unwrap();
    for len in [10, WHOLE_BYTES_MAX, WHOLE_BYTES_MAX + 1, 50_000] {
        world.transact(|txn, s| write(txn, s, len - 1, b"x")).0.unwrap();
        let (found, _) = world.transact(|txn, s| Ok(txn.header(s).unwrap()));
        let found = found.unwrap();
        assert_eq!((found.deadline, self::len(&found)), (deadline, len));
    }
    world.transact(|txn, s| replace(txn, s, b"short again")).0.unwrap();
    let (found, _) = world.transact(|txn, s| Ok(txn.header(s).unwrap().deadline));
    assert_eq!(found, Ok(deadline));
}

#[test]
fn a_cold_string_is_touched_where_it_is_named_and_in_one_go() {
    let mut world = World::new(kv::Settings { objects_bytes: 0, ..kv::Settings::default() });
    let value = noise(&mut SplitMix64::new(1), 200 * CHUNK_BYTES);
    world.transact(|txn, s| set(txn, s, &value)).0.unwrap();
    let rows_in_memory = |world: &World| world.store.resident_bytes() / CHUNK_BYTES;

    world.forget();
    let (length, rounds) = world.transact(|txn, s| Ok(txn.header(s).map(|header| len(&header))));
    assert_eq!((length.unwrap(), rounds), (Some(value.len()), 2), "the header is enough");
    assert_eq!(rows_in_memory(&world), 0);

    // The header, then all rows that it names.
    world.forget();
    let range = 5 * CHUNK_BYTES + 7..9 * CHUNK_BYTES + 1;
    let (part, rounds) =
        world.transact(|txn, s| Ok(read_range(txn, s, range.clone())?.into_owned()));
    assert_eq!((part.as_deref(), rounds), (Ok(&value[range]), 3));

    world.forget();
    let patch = vec![1; 10 * CHUNK_BYTES];
    let (written, rounds) = world.transact(|txn, s| write(txn, s, 77, &patch));
    assert_eq!((written, rounds), (Ok(value.len()), 3));

    world.forget();
    let (written, rounds) = world.transact(|txn, s| write(txn, s, value.len(), &patch));
    assert_eq!((written, rounds), (Ok(value.len() + patch.len()), 3));
}

#[test]
fn a_string_grows_no_longer_than_a_value_may_be() {
    let limits = kv::Limits { value_bytes: 20_000, ..kv::Limits::default() };
    let mut world = World::new(kv::Settings { limits, ..kv::Settings::default() });
    let too_long = Err(Error::STRING_TOO_LONG);
    assert_eq!(world.transact(|txn, s| write(txn, s, 19_990, b"0123456789")).0, Ok(20_000));
    assert_eq!(world.transact(|txn, s| write(txn, s, 20_000, b"0")).0, too_long);
    assert_eq!(world.transact(|txn, s| write(txn, s, usize::MAX, b"0")).0, too_long);
    let long = vec![0; 20_001];
    assert_eq!(world.transact(|txn, s| set(txn, s, &long)).0, Err(Error::STRING_TOO_LONG));
    assert_eq!(world.transact(|txn, s| write(txn, s, 3, b"0")).0, Ok(20_000));
}

#[test]
fn indices_count_from_either_end_and_stop_at_both() {
    let of = |first, last| range_of(first, last, 5);
    assert_eq!(of(0, -1), 0..5);
    assert_eq!(of(1, 3), 1..4);
    assert_eq!(of(-3, -2), 2..4);
    assert_eq!(of(-100, 100), 0..5);
    assert_eq!(of(4, i64::MAX), 4..5);
    assert_eq!(of(i64::MIN, i64::MIN), 0..1, "as in Redis");
    assert!(of(3, 2).is_empty() && of(-2, -3).is_empty() && of(5, 9).is_empty());
    assert!(of(-50, -100).is_empty(), "although both are taken for the start");
    assert!(range_of(0, -1, 0).is_empty());
}
