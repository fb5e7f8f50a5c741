use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

fn header(kind: FrameKind) -> Header {
    Header {
        checksum: 0,
        kind,
        payload_bytes: 0,
        store: 0x0102_0304_0506_0708,
        segment: 9,
        open: 2,
        previous: 0xdead_beef,
        first: Sequence(10),
        last: Sequence(9),
        durable: Sequence(8),
        generations: Generation(77),
        time: StoreTime(1_000),
    }
}

fn sealed(header: &Header, payload: &[u8]) -> Vec<u8> {
    let mut buffer = vec![0; HEADER_BYTES];
    buffer.extend_from_slice(payload);
    seal(header, &mut buffer);
    buffer
}

#[test]
fn the_bytes_of_a_frame_are_those_of_the_format() {
    let bytes = sealed(&Header { last: Sequence(11), ..header(FrameKind::Commits) }, b"payload");
    assert_eq!(bytes.len(), SECTOR_BYTES);
    assert_eq!(&bytes[..4], b"GSFR");
    assert_eq!(bytes[4..8], crc32c::crc32c(&bytes[8..87]).to_le_bytes());
    assert_eq!(bytes[8..12], [1, 0, 3, 0]);
    assert_eq!(bytes[12..16], 7u32.to_le_bytes());
    assert_eq!(bytes[16..24], [8, 7, 6, 5, 4, 3, 2, 1]);
    assert_eq!(bytes[24..32], 9u64.to_le_bytes());
    assert_eq!(bytes[32..36], 2u32.to_le_bytes());
    assert_eq!(bytes[36..40], 0xdead_beef_u32.to_le_bytes());
    let numbers = [10u64, 11, 8, 77, 1_000].map(u64::to_le_bytes);
    assert_eq!(bytes[40..80], numbers.concat());
    assert_eq!(&bytes[80..87], b"payload");
    assert!(bytes[87..].iter().all(|&byte| byte == 0));
}

#[test]
fn any_flipped_bit_of_header_or_payload_is_noticed() {
    let bytes = sealed(&header(FrameKind::Idle), b"twelve bytes");
    for at in 0..HEADER_BYTES + 12 {
        for bit in 0..8 {
            let mut rotten = bytes.clone();
            rotten[at] ^= 1 << bit;
            assert!(decode(&rotten).is_err(), "byte {at} bit {bit}");
        }
    }
}

#[test]
fn a_sound_frame_of_a_later_format_is_told_from_damage() {
    let mut bytes = sealed(&header(FrameKind::Idle), b"");
    bytes[8] = 2;
    assert_eq!(decode(&bytes).unwrap_err(), Invalid::Checksum);
    let checksum = crc32c::crc32c(&bytes[8..80]);
    bytes[4..8].copy_from_slice(&checksum.to_le_bytes());
    assert_eq!(decode(&bytes).unwrap_err(), Invalid::Format(2));
}

#[test]
fn a_header_that_contradicts_itself_is_refused() {
    let backwards = Header { last: Sequence(8), ..header(FrameKind::Commits) };
    assert_eq!(decode(&sealed(&backwards, b"")).unwrap_err(), Invalid::Header);
    let idle_with_commits = Header { last: Sequence(10), ..header(FrameKind::Idle) };
    assert_eq!(decode(&sealed(&idle_with_commits, b"")).unwrap_err(), Invalid::Header);
    let unlinked = sealed(&header(FrameKind::Opened), &[0; LINK_BYTES - 1]);
    assert_eq!(decode(&unlinked).unwrap_err(), Invalid::Header);
}

#[test]
fn zeros_noise_and_cuts_are_told_apart() {
    assert_eq!(decode(&[0; 512]).unwrap_err(), Invalid::Empty);
    assert_eq!(decode(&[1; 512]).unwrap_err(), Invalid::Magic);
    assert_eq!(decode(&[0; 79]).unwrap_err(), Invalid::Short);
    let bytes = sealed(&header(FrameKind::Idle), &[7; 600]);
    assert_eq!(decode(&bytes[..600]).unwrap_err(), Invalid::Short);
    let mut endless = bytes;
    endless[12..16].copy_from_slice(&u32::MAX.to_le_bytes());
    assert_eq!(decode(&endless).unwrap_err(), Invalid::Short);
}

#[test]
fn a_frame_whose_commits_are_not_as_many_as_it_says_is_refused() {
    let mut group = crate::Group::new(Sequence(10), StoreTime(1_000));
    group.push_commit(StoreTime(1_000), 0, 0, 0, b"");
    let payload = |last| {
        let mut group = group.clone();
        let header = Header { last: Sequence(last), ..header(FrameKind::Commits) };
        group.write_under(&header, |bytes| Frame::decode(bytes.to_vec(), 0).unwrap()).1
    };
    assert_eq!(payload(10).check_records(), Ok(StoreTime(1_000)));
    assert_eq!(payload(11).check_records(), Err(Invalid::Records));
    assert_eq!(payload(9).check_records(), Err(Invalid::Records));
}

#[test]
fn a_segments_first_frame_links_back_and_lists_sessions() {
    let link = Link { last: Sequence(9), segment: 4, end: 1_024 };
    let mut payload = Vec::new();
    link.put(&mut payload);
    crate::record::put_session_end(&mut payload, 3);
    let frame = Frame::decode(sealed(&header(FrameKind::Continued), &payload), 0).unwrap();
    assert_eq!(frame.link(), Some(link));
    let records: Vec<_> = frame.records().map(Result::unwrap).collect();
    assert_eq!(records, [crate::Record::SessionEnd { number: 3 }]);
}

proptest! {
    #[test]
    fn any_bytes_decode_or_are_refused(mut bytes in vec(any::<u8>(), 0..600), magic in any::<bool>()) {
        if magic && bytes.len() > 4 {
            bytes[..4].copy_from_slice(MAGIC);
        }
        if let Ok((header, payload)) = decode(&bytes) {
            prop_assert_eq!(payload.len(), header.payload_bytes as usize);
        }
    }

    #[test]
    fn a_frame_reads_back_as_it_was_sealed(payload in vec(any::<u8>(), 0..2_000), open in any::<u32>()) {
        let written = Header { open, ..header(FrameKind::Idle) };
        let bytes = sealed(&written, &payload);
        prop_assert_eq!(bytes.len() as u64, span(payload.len()));
        let (read, found) = decode(&bytes).unwrap();
        let expected = Header {
            checksum: read.checksum,
            payload_bytes: u32::try_from(payload.len()).unwrap(),
            ..written
        };
        prop_assert_eq!(read, expected);
        prop_assert_eq!(found, &payload[..]);
    }
}
