//! Record batches, both ways.

use bytes::{Bytes, BytesMut};
use groundsill_wire::kafka::batch::{Batch, NewRecord, batches, set_base_offset, write_batch};
use kafka_protocol::indexmap::IndexMap;
use kafka_protocol::protocol::StrBytes;
use kafka_protocol::records::{
    Compression, Record, RecordBatchDecoder, RecordBatchEncoder, RecordEncodeOptions, TimestampType,
};
use proptest::prelude::*;

fn text(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}

type Headers = Vec<(String, Option<Vec<u8>>)>;

type Borrowed<'a> = Vec<(&'a [u8], Option<&'a [u8]>)>;

#[derive(Clone, Debug)]
struct Plain {
    key: Option<Vec<u8>>,
    value: Option<Vec<u8>>,
    headers: Headers,
    timestamp_ms: i64,
}

fn plain() -> impl Strategy<Value = Plain> {
    let bytes = || prop::option::of(any::<Vec<u8>>());
    let headers = prop::collection::btree_map("[a-z]{1,8}", bytes(), 0..4);
    (bytes(), bytes(), headers, 0i64..1 << 45).prop_map(|(key, value, headers, timestamp_ms)| {
        Plain { key, value, headers: headers.into_iter().collect(), timestamp_ms }
    })
}

fn theirs(number: usize, plain: &Plain) -> Record {
    let number = i32::try_from(number).unwrap();
    let bytes = |bytes: &Option<Vec<u8>>| bytes.clone().map(Bytes::from);
    let headers = plain.headers.iter();
    Record {
        transactional: false,
        control: false,
        delete_horizon: false,
        partition_leader_epoch: 4,
        producer_id: 9,
        producer_epoch: 2,
        timestamp_type: TimestampType::Creation,
        offset: i64::from(number),
        sequence: 100 + number,
        timestamp: plain.timestamp_ms,
        key: bytes(&plain.key),
        value: bytes(&plain.value),
        headers: headers
            .map(|(name, value)| (text(name), bytes(value)))
            .collect::<IndexMap<_, _>>(),
    }
}

proptest! {
    #[test]
    fn what_the_other_implementation_writes_is_read(plain in prop::collection::vec(plain(), 1..6)) {
        let records: Vec<_> = plain.iter().enumerate().map(|(at, plain)| theirs(at, plain)).collect();
        let options = RecordEncodeOptions { version: 2, compression: Compression::None };
        let mut bytes = BytesMut::new();
        RecordBatchEncoder::encode(&mut bytes, &records, &options).unwrap();
        let mut seen = 0;
        for batch in batches(&bytes) {
            let batch = batch.unwrap();
            prop_assert_eq!(batch.check_produced(), Ok(()));
            let header = batch.header();
            prop_assert_eq!((header.producer_id, header.producer_epoch), (9, 2));
            prop_assert_eq!(header.leader_epoch, 4);
            for record in batch.records().unwrap() {
                let record = record.unwrap();
                let expected = &plain[seen];
                prop_assert_eq!(record.offset, i64::try_from(seen).unwrap());
                prop_assert_eq!(record.key, expected.key.as_deref());
                prop_assert_eq!(record.value, expected.value.as_deref());
                prop_assert_eq!(record.timestamp_ms, expected.timestamp_ms);
                let headers = record.headers.iter().map(|(name, value)| (name, value.map(<[u8]>::to_vec)));
                let headers: Headers = headers
                    .map(|(name, value)| (String::from_utf8(name.to_vec()).unwrap(), value))
                    .collect();
                prop_assert_eq!(&headers, &expected.headers);
                seen += 1;
            }
        }
        prop_assert_eq!(seen, plain.len());
    }

    #[test]
    fn what_we_write_is_read_by_the_other_implementation(plain in prop::collection::vec(plain(), 1..6), offset in 0i64..1 << 50) {
        let headers: Vec<Borrowed<'_>> = plain
            .iter()
            .map(|plain| plain.headers.iter().map(|(n, v)| (n.as_bytes(), v.as_deref())).collect())
            .collect();
        let new: Vec<_> = plain
            .iter()
            .zip(&headers)
            .map(|(plain, headers)| NewRecord {
                timestamp_ms: plain.timestamp_ms,
                key: plain.key.as_deref(),
                value: plain.value.as_deref(),
                headers,
            })
            .collect();
        let mut out = Vec::new();
        write_batch(&new, &mut out).unwrap();
        set_base_offset(&mut out, offset).unwrap();
        prop_assert_eq!(Batch::parse(&out).unwrap().header().base_offset, offset);
        let read = RecordBatchDecoder::decode_all(&mut Bytes::from(out)).unwrap();
        let read: Vec<_> = read.into_iter().flat_map(|set| set.records).collect();
        prop_assert_eq!(read.len(), plain.len());
        for (number, (record, plain)) in read.iter().zip(&plain).enumerate() {
            let expected = theirs(number, plain);
            prop_assert_eq!(record.offset, offset + i64::try_from(number).unwrap());
            prop_assert_eq!(record.timestamp, expected.timestamp);
            prop_assert_eq!(&record.key, &expected.key);
            prop_assert_eq!(&record.value, &expected.value);
            prop_assert_eq!(&record.headers, &expected.headers);
        }
    }
}
