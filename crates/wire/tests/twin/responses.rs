//! Responses that the other implementation reads.

use bytes::Bytes;
use groundsill_wire::kafka::{
    Api, ErrorCode, Response, api_versions, create_topics, delete_topics, fetch, find_coordinator,
    init_producer_id, list_offsets, metadata, produce, sasl_authenticate, sasl_handshake,
};
use kafka_protocol::messages::{
    ApiVersionsResponse, BrokerId, CreateTopicsResponse, DeleteTopicsResponse, FetchResponse,
    FindCoordinatorResponse, InitProducerIdResponse, ListOffsetsResponse, MetadataResponse,
    ProduceResponse, ProducerId, SaslAuthenticateResponse, SaslHandshakeResponse, TopicName,
    api_versions_response as theirs_versions, create_topics_response as theirs_create,
    delete_topics_response as theirs_delete, fetch_response as theirs_fetch,
    find_coordinator_response as theirs_coordinator, list_offsets_response as theirs_offsets,
    metadata_response as theirs_metadata, produce_response as theirs_produce,
};
use kafka_protocol::protocol::Decodable;

use super::{ID, check_response, text, with_id};

fn topic(name: &'static str) -> TopicName {
    TopicName(text(name))
}

#[test]
fn produce_is_written_in_every_version() {
    let response = Response::Produce(produce::Response {
        topics: vec![produce::TopicResult {
            name: "payments".into(),
            partitions: vec![produce::PartitionResult {
                index: 1,
                error: ErrorCode::INVALID_RECORD,
                base_offset: 2,
                log_append_time_ms: 3,
                log_start_offset: 4,
                record_errors: vec![(5, Some("why".into())), (6, None)],
                error_message: Some("what".into()),
            }],
        }],
        throttle_time_ms: 7,
    });
    check_response(&response, |version| {
        let mut partition = theirs_produce::PartitionProduceResponse::default()
            .with_index(1)
            .with_error_code(87)
            .with_base_offset(2)
            .with_log_append_time_ms(3);
        if version >= 5 {
            partition = partition.with_log_start_offset(4);
        }
        if version >= 8 {
            let error = |index, message| {
                theirs_produce::BatchIndexAndErrorMessage::default()
                    .with_batch_index(index)
                    .with_batch_index_error_message(message)
            };
            partition = partition
                .with_record_errors(vec![error(5, Some(text("why"))), error(6, None)])
                .with_error_message(Some(text("what")));
        }
        let topics = theirs_produce::TopicProduceResponse::default().with_name(topic("payments"));
        let topics = topics.with_partition_responses(vec![partition]);
        ProduceResponse::default().with_responses(vec![topics]).with_throttle_time_ms(7)
    });
}

#[test]
fn fetch_is_written_in_every_version() {
    let response = Response::Fetch(fetch::Response {
        throttle_time_ms: 1,
        error: ErrorCode(70),
        session_id: 2,
        topics: vec![fetch::FetchedTopic {
            name: "payments".into(),
            partitions: vec![fetch::FetchedPartition {
                index: 3,
                error: ErrorCode::OFFSET_OUT_OF_RANGE,
                high_watermark: 4,
                last_stable_offset: 5,
                log_start_offset: 6,
                aborted_transactions: Some(vec![(7, 8)]),
                preferred_read_replica: 9,
                records: vec![Bytes::from_static(b"one"), Bytes::from_static(b"two")],
            }],
        }],
    });
    check_response(&response, |version| {
        let aborted = theirs_fetch::AbortedTransaction::default();
        let aborted = aborted.with_producer_id(ProducerId(7)).with_first_offset(8);
        let mut partition = theirs_fetch::PartitionData::default()
            .with_partition_index(3)
            .with_error_code(1)
            .with_high_watermark(4)
            .with_last_stable_offset(5)
            .with_aborted_transactions(Some(vec![aborted]))
            .with_records(Some(Bytes::from_static(b"onetwo")));
        if version >= 5 {
            partition = partition.with_log_start_offset(6);
        }
        if version >= 11 {
            partition = partition.with_preferred_read_replica(BrokerId(9));
        }
        let topics = theirs_fetch::FetchableTopicResponse::default().with_topic(topic("payments"));
        let topics = topics.with_partitions(vec![partition]);
        let response = FetchResponse::default().with_throttle_time_ms(1);
        let response = response.with_responses(vec![topics]);
        if version >= 7 { response.with_error_code(70).with_session_id(2) } else { response }
    });
}

#[test]
fn list_offsets_is_written_in_every_version() {
    let response = Response::ListOffsets(list_offsets::Response {
        throttle_time_ms: 1,
        topics: vec![list_offsets::TopicOffsets {
            name: "payments".into(),
            partitions: vec![list_offsets::PartitionOffset {
                index: 2,
                error: ErrorCode::NONE,
                timestamp: 3,
                offset: 4,
                leader_epoch: 5,
            }],
        }],
    });
    check_response(&response, |version| {
        let mut partition = theirs_offsets::ListOffsetsPartitionResponse::default()
            .with_partition_index(2)
            .with_timestamp(3)
            .with_offset(4);
        if version >= 4 {
            partition = partition.with_leader_epoch(5);
        }
        let topics =
            theirs_offsets::ListOffsetsTopicResponse::default().with_name(topic("payments"));
        let topics = topics.with_partitions(vec![partition]);
        let response = ListOffsetsResponse::default().with_topics(vec![topics]);
        if version >= 2 { response.with_throttle_time_ms(1) } else { response }
    });
}

fn metadata_response() -> Response {
    Response::Metadata(metadata::Response {
        throttle_time_ms: 1,
        brokers: vec![metadata::Broker {
            node_id: 2,
            host: "localhost".into(),
            port: 9092,
            rack: Some("rack".into()),
        }],
        cluster_id: Some("cluster".into()),
        controller_id: 3,
        topics: vec![metadata::Topic {
            error: ErrorCode::NONE,
            name: Some("payments".into()),
            id: ID,
            is_internal: true,
            partitions: vec![metadata::Partition {
                error: ErrorCode::LEADER_NOT_AVAILABLE,
                index: 4,
                leader_id: 5,
                leader_epoch: 6,
                replicas: vec![7, 8],
                in_sync_replicas: vec![7],
                offline_replicas: vec![8],
            }],
            authorized_operations: 9,
        }],
        cluster_authorized_operations: 10,
    })
}

#[test]
fn metadata_is_written_in_every_version() {
    check_response(&metadata_response(), |version| {
        let mut broker = theirs_metadata::MetadataResponseBroker::default()
            .with_node_id(BrokerId(2))
            .with_host(text("localhost"))
            .with_port(9092);
        let mut partition = theirs_metadata::MetadataResponsePartition::default()
            .with_error_code(5)
            .with_partition_index(4)
            .with_leader_id(BrokerId(5))
            .with_replica_nodes(vec![BrokerId(7), BrokerId(8)])
            .with_isr_nodes(vec![BrokerId(7)]);
        let mut described =
            theirs_metadata::MetadataResponseTopic::default().with_name(Some(topic("payments")));
        let mut response = MetadataResponse::default();
        if version >= 1 {
            broker = broker.with_rack(Some(text("rack")));
            described = described.with_is_internal(true);
            response = response.with_controller_id(BrokerId(3));
        }
        if version >= 2 {
            response = response.with_cluster_id(Some(text("cluster")));
        }
        if version >= 3 {
            response = response.with_throttle_time_ms(1);
        }
        if version >= 5 {
            partition = partition.with_offline_replicas(vec![BrokerId(8)]);
        }
        if version >= 7 {
            partition = partition.with_leader_epoch(6);
        }
        if version >= 8 {
            described = described.with_topic_authorized_operations(9);
        }
        if (8..=10).contains(&version) {
            response = response.with_cluster_authorized_operations(10);
        }
        if version >= 10 {
            described = described.with_topic_id(with_id().topic_id);
        }
        let described = described.with_partitions(vec![partition]);
        response.with_brokers(vec![broker]).with_topics(vec![described])
    });
}

#[test]
fn create_topics_is_written_in_every_version() {
    let response = Response::CreateTopics(create_topics::Response {
        throttle_time_ms: 1,
        topics: vec![create_topics::CreatedTopic {
            name: "payments".into(),
            id: ID,
            error: ErrorCode::TOPIC_ALREADY_EXISTS,
            error_message: Some("it exists".into()),
            num_partitions: 2,
            replication_factor: 3,
            configs: Some(vec![create_topics::Config {
                name: "retention.ms".into(),
                value: Some("1000".into()),
                read_only: true,
                source: 5,
                is_sensitive: false,
            }]),
        }],
    });
    check_response(&response, |version| {
        let mut created = theirs_create::CreatableTopicResult::default()
            .with_name(topic("payments"))
            .with_error_code(36)
            .with_error_message(Some(text("it exists")));
        if version >= 5 {
            let config = theirs_create::CreatableTopicConfigs::default()
                .with_name(text("retention.ms"))
                .with_value(Some(text("1000")))
                .with_read_only(true)
                .with_config_source(5);
            created = created.with_num_partitions(2).with_replication_factor(3);
            created = created.with_configs(Some(vec![config]));
        }
        if version >= 7 {
            created = created.with_topic_id(with_id().topic_id);
        }
        CreateTopicsResponse::default().with_throttle_time_ms(1).with_topics(vec![created])
    });
}

#[test]
fn delete_topics_is_written_in_every_version() {
    let response = Response::DeleteTopics(delete_topics::Response {
        throttle_time_ms: 1,
        topics: vec![delete_topics::DeletedTopic {
            name: Some("payments".into()),
            id: ID,
            error: ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
            error_message: Some("it is not there".into()),
        }],
    });
    check_response(&response, |version| {
        let mut deleted = theirs_delete::DeletableTopicResult::default()
            .with_name(Some(topic("payments")))
            .with_error_code(3);
        if version >= 5 {
            deleted = deleted.with_error_message(Some(text("it is not there")));
        }
        if version >= 6 {
            deleted = deleted.with_topic_id(with_id().topic_id);
        }
        DeleteTopicsResponse::default().with_throttle_time_ms(1).with_responses(vec![deleted])
    });
}

#[test]
fn find_coordinator_is_written_in_every_version() {
    let response = Response::FindCoordinator(find_coordinator::Response {
        throttle_time_ms: 1,
        coordinators: vec![find_coordinator::Coordinator {
            key: "group".into(),
            node_id: 2,
            host: "localhost".into(),
            port: 9092,
            error: ErrorCode::NOT_COORDINATOR,
            error_message: Some("elsewhere".into()),
        }],
    });
    check_response(&response, |version| {
        let response = FindCoordinatorResponse::default();
        let response = if version >= 1 { response.with_throttle_time_ms(1) } else { response };
        if version >= 4 {
            let coordinator = theirs_coordinator::Coordinator::default()
                .with_key(text("group"))
                .with_node_id(BrokerId(2))
                .with_host(text("localhost"))
                .with_port(9092)
                .with_error_code(16)
                .with_error_message(Some(text("elsewhere")));
            return response.with_coordinators(vec![coordinator]);
        }
        let message = (version >= 1).then(|| text("elsewhere"));
        response
            .with_node_id(BrokerId(2))
            .with_host(text("localhost"))
            .with_port(9092)
            .with_error_code(16)
            .with_error_message(message.or(FindCoordinatorResponse::default().error_message))
    });
}

#[test]
fn init_producer_id_is_written_in_every_version() {
    let response = Response::InitProducerId(init_producer_id::Response {
        throttle_time_ms: 1,
        error: ErrorCode::INVALID_PRODUCER_EPOCH,
        producer_id: 2,
        producer_epoch: 3,
    });
    check_response(&response, |_| {
        InitProducerIdResponse::default()
            .with_throttle_time_ms(1)
            .with_error_code(47)
            .with_producer_id(ProducerId(2))
            .with_producer_epoch(3)
    });
}

#[test]
fn api_versions_announces_the_table() {
    let response = api_versions::Response { error: ErrorCode::NONE, throttle_time_ms: 1 };
    let announced: Vec<_> = Api::ALL
        .into_iter()
        .map(|api| {
            theirs_versions::ApiVersion::default()
                .with_api_key(api.key())
                .with_min_version(api.versions().announced_min)
                .with_max_version(api.versions().max)
        })
        .collect();
    check_response(&Response::ApiVersions(response), |version| {
        let response = ApiVersionsResponse::default().with_api_keys(announced.clone());
        if version >= 1 { response.with_throttle_time_ms(1) } else { response }
    });
}

/// Reads an `ApiVersions` response, header excluded.
pub(super) fn read_api_versions(body: &[u8], version: i16) -> ApiVersionsResponse {
    let mut bytes = Bytes::copy_from_slice(body);
    let response = ApiVersionsResponse::decode(&mut bytes, version).unwrap();
    assert!(bytes.is_empty());
    response
}

#[test]
fn sasl_handshake_is_written_in_every_version() {
    let response = Response::SaslHandshake(sasl_handshake::Response {
        error: ErrorCode::UNSUPPORTED_SASL_MECHANISM,
        mechanisms: vec!["PLAIN", "OTHER"],
    });
    check_response(&response, |_| {
        let mechanisms = vec![text("PLAIN"), text("OTHER")];
        SaslHandshakeResponse::default().with_error_code(33).with_mechanisms(mechanisms)
    });
}

#[test]
fn sasl_authenticate_is_written_in_every_version() {
    for (error_message, theirs) in [(Some("why"), Some(text("why"))), (None, None)] {
        let response = Response::SaslAuthenticate(sasl_authenticate::Response {
            error: ErrorCode::SASL_AUTHENTICATION_FAILED,
            error_message,
            auth_bytes: b"more".to_vec(),
            session_lifetime_ms: 1 << 40,
        });
        check_response(&response, |version| {
            let expected = SaslAuthenticateResponse::default()
                .with_error_code(58)
                .with_error_message(theirs.clone())
                .with_auth_bytes(Bytes::from_static(b"more"));
            if version >= 1 { expected.with_session_lifetime_ms(1 << 40) } else { expected }
        });
    }
}
