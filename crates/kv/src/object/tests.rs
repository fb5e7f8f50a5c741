use super::*;

fn packed_entry() -> Entry {
    let mut entry = Entry::new(Space(1), b"id", State::Packed);
    entry.set_kind(Type::Hash);
    entry.replace_content(
        |_, out| packed::push(out, b"field", b"value"),
        packed::row_len(b"field", b"value"),
    );
    entry
}

fn reread(entry: &Entry) -> Entry {
    let mut body = Vec::new();
    entry.encode(&mut body);
    assert_eq!(body.len(), entry.encoded_len());
    let mut again = Entry::new(Space(1), b"id", State::Absent);
    again.decode(Sequence(9), &body).unwrap();
    again
}

#[test]
fn a_header_row_reads_back_packed_and_split_with_and_without_a_deadline() {
    for deadline in [None, Some(StoreTime(1_700_000_000_000))] {
        let mut entry = packed_entry();
        entry.set_deadline(deadline);
        let again = reread(&entry);
        assert_eq!(again.header(), Header { last_commit: Sequence(9), ..entry.header() });
        assert_eq!((again.id(), again.content()), (entry.id(), entry.content()));

        let split = Split::new(Generation(5), 70, 9_000, true);
        entry.state = State::Split(Box::new(split));
        let again = reread(&entry);
        assert_eq!(again.header(), Header { last_commit: Sequence(9), ..entry.header() });
        assert!(
            matches!(&again.state, State::Split(split) if !split.complete && split.generation == Generation(5))
        );
    }
}

#[test]
fn a_header_row_that_no_store_writes_is_refused_and_changes_nothing() {
    let mut body = Vec::new();
    packed_entry().encode(&mut body);
    let bad: [&[u8]; 5] = [b"", &[1], &[99, 0], &[1, 4], &body[..body.len() - 1]];
    for bytes in bad {
        let mut entry = Entry::new(Space(1), b"id", State::Absent);
        assert!(entry.decode(Sequence(1), bytes).is_err());
        assert!(matches!(entry.state, State::Absent) && entry.last_commit == Sequence::ZERO);
    }
}

#[test]
fn an_object_past_its_deadline_does_not_exist() {
    let mut entry = packed_entry();
    entry.set_deadline(Some(StoreTime(100)));
    assert!(entry.exists(StoreTime(99)) && !entry.exists(StoreTime(100)));
}

#[test]
fn an_entry_fits_a_cache_line() {
    assert!(size_of::<Entry>() <= 64, "{}", size_of::<Entry>());
}

#[test]
fn a_split_object_counts_the_memory_of_what_it_knows() {
    let mut split = Split::new(Generation(1), 0, 0, false);
    assert_eq!(split.get(b"a"), Known::Unknown);
    split.set(b"a", Some(Some(b"12345".as_slice().into())));
    let one = split.memory;
    split.set(b"b", Some(None));
    assert_eq!((split.get(b"a"), split.get(b"b")), (Known::Value(b"12345"), Known::Absent));
    assert_eq!(split.set(b"b", None), Some(None));
    assert_eq!((split.get(b"b"), split.memory), (Known::Unknown, one));
    split.learn(b"a", None);
    assert_eq!(split.get(b"a"), Known::Value(b"12345"), "what is read is older than what is known");
    split.set(b"a", None);
    assert_eq!(split.memory, 0);
}
