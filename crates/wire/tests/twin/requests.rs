//! Requests that the other implementation writes.

use bytes::Bytes;
use groundsill_wire::kafka::{
    self, Api, ErrorCode, Limits, Request, api_versions, create_topics, delete_topics, fetch,
    find_coordinator, init_producer_id, list_offsets, metadata, produce, sasl_authenticate,
    sasl_handshake,
};
use kafka_protocol::messages::{
    ApiVersionsRequest, BrokerId, CreateTopicsRequest, DeleteTopicsRequest, FetchRequest,
    FindCoordinatorRequest, InitProducerIdRequest, ListOffsetsRequest, MetadataRequest,
    ProduceRequest, ProducerId, SaslAuthenticateRequest, SaslHandshakeRequest, TopicName,
    TransactionalId, create_topics_request as theirs_create, fetch_request as theirs_fetch,
    list_offsets_request as theirs_offsets, metadata_request::MetadataRequestTopic,
    produce_request as theirs_produce,
};

use super::{ID, check_request, frame, text, with_id};

fn topic(name: &'static str) -> TopicName {
    TopicName(text(name))
}

#[test]
fn produce_is_read_in_every_version() {
    let partition = |index, records| {
        theirs_produce::PartitionProduceData::default().with_index(index).with_records(records)
    };
    let body = |_| {
        ProduceRequest::default()
            .with_transactional_id(Some(TransactionalId(text("tx"))))
            .with_acks(-1)
            .with_timeout_ms(30_000)
            .with_topic_data(vec![
                theirs_produce::TopicProduceData::default()
                    .with_name(topic("payments"))
                    .with_partition_data(vec![
                        partition(3, Some(Bytes::from_static(b"batch"))),
                        partition(4, None),
                    ]),
            ])
    };
    check_request(Api::Produce, &mut Vec::new(), body, |_| {
        Request::Produce(produce::Request {
            transactional_id: Some("tx"),
            acks: -1,
            timeout_ms: 30_000,
            topics: vec![produce::Topic {
                name: "payments",
                partitions: vec![
                    produce::Partition { index: 3, records: Some(b"batch") },
                    produce::Partition { index: 4, records: None },
                ],
            }],
        })
    });
}

#[test]
fn fetch_is_read_in_every_version() {
    let body = |version| {
        let mut partition = theirs_fetch::FetchPartition::default()
            .with_partition(2)
            .with_fetch_offset(1 << 40)
            .with_partition_max_bytes(1000);
        let mut request = FetchRequest::default()
            .with_replica_id(BrokerId(-1))
            .with_max_wait_ms(500)
            .with_min_bytes(1)
            .with_max_bytes(50_000)
            .with_isolation_level(1);
        if version >= 5 {
            partition = partition.with_log_start_offset(5);
        }
        if version >= 7 {
            let forgotten = theirs_fetch::ForgottenTopic::default();
            let forgotten = forgotten.with_topic(topic("gone")).with_partitions(vec![0, 9]);
            request = request.with_session_id(6).with_session_epoch(7);
            request = request.with_forgotten_topics_data(vec![forgotten]);
        }
        if version >= 9 {
            partition = partition.with_current_leader_epoch(8);
        }
        if version >= 11 {
            request = request.with_rack_id(text("rack"));
        }
        if version >= 12 {
            partition = partition.with_last_fetched_epoch(9);
        }
        let topics = theirs_fetch::FetchTopic::default().with_topic(topic("payments"));
        request.with_topics(vec![topics.with_partitions(vec![partition])])
    };
    check_request(Api::Fetch, &mut Vec::new(), body, |version| {
        let forgotten = fetch::ForgottenTopic { name: "gone", partitions: vec![0, 9] };
        Request::Fetch(fetch::Request {
            replica_id: -1,
            max_wait_ms: 500,
            min_bytes: 1,
            max_bytes: 50_000,
            isolation_level: 1,
            session_id: if version >= 7 { 6 } else { 0 },
            session_epoch: if version >= 7 { 7 } else { -1 },
            topics: vec![fetch::Topic {
                name: "payments",
                partitions: vec![fetch::Partition {
                    index: 2,
                    current_leader_epoch: if version >= 9 { 8 } else { -1 },
                    fetch_offset: 1 << 40,
                    last_fetched_epoch: if version >= 12 { 9 } else { -1 },
                    log_start_offset: if version >= 5 { 5 } else { -1 },
                    max_bytes: 1000,
                }],
            }],
            forgotten: if version >= 7 { vec![forgotten] } else { vec![] },
            rack_id: if version >= 11 { "rack" } else { "" },
        })
    });
}

#[test]
fn list_offsets_is_read_in_every_version() {
    let body = |version| {
        let mut partition = theirs_offsets::ListOffsetsPartition::default()
            .with_partition_index(1)
            .with_timestamp(-2);
        let mut request = ListOffsetsRequest::default().with_replica_id(BrokerId(-1));
        if version >= 2 {
            request = request.with_isolation_level(1);
        }
        if version >= 4 {
            partition = partition.with_current_leader_epoch(3);
        }
        let topics = theirs_offsets::ListOffsetsTopic::default().with_name(topic("payments"));
        request.with_topics(vec![topics.with_partitions(vec![partition])])
    };
    check_request(Api::ListOffsets, &mut Vec::new(), body, |version| {
        Request::ListOffsets(list_offsets::Request {
            replica_id: -1,
            isolation_level: i8::from(version >= 2),
            topics: vec![list_offsets::Topic {
                name: "payments",
                partitions: vec![list_offsets::Partition {
                    index: 1,
                    current_leader_epoch: if version >= 4 { 3 } else { -1 },
                    timestamp: list_offsets::EARLIEST,
                }],
            }],
        })
    });
}

#[test]
fn metadata_is_read_in_every_version() {
    let body = |version| {
        let by_name = MetadataRequestTopic::default().with_name(Some(topic("payments")));
        let mut topics = vec![by_name];
        if version >= 10 {
            let by_id = MetadataRequestTopic::default().with_name(None);
            topics.push(by_id.with_topic_id(with_id().topic_id));
        }
        MetadataRequest::default()
            .with_topics(Some(topics))
            .with_allow_auto_topic_creation(version < 4)
            .with_include_cluster_authorized_operations((8..=10).contains(&version))
            .with_include_topic_authorized_operations(version >= 8)
    };
    check_request(Api::Metadata, &mut Vec::new(), body, |version| {
        let by_name = metadata::RequestTopic { id: [0; 16], name: Some("payments") };
        let by_id = metadata::RequestTopic { id: ID, name: None };
        Request::Metadata(metadata::Request {
            topics: Some(if version >= 10 { vec![by_name, by_id] } else { vec![by_name] }),
            allow_auto_topic_creation: version < 4,
            include_cluster_authorized_operations: (8..=10).contains(&version),
            include_topic_authorized_operations: version >= 8,
        })
    });
}

#[test]
fn all_topics_are_asked_for_by_null_or_in_version_0_by_nothing() {
    let topics_of = |frame: &[u8]| match kafka::decode(frame, Limits::default()).unwrap().1 {
        Request::Metadata(request) => request.topics.map(|topics| topics.len()),
        other => panic!("read as {other:?}"),
    };
    let none = MetadataRequest::default().with_topics(Some(vec![]));
    assert_eq!(topics_of(&frame(Api::Metadata, 0, &none)), None);
    for version in 1..=Api::Metadata.versions().max {
        assert_eq!(topics_of(&frame(Api::Metadata, version, &none)), Some(0));
        let all = MetadataRequest::default().with_topics(None);
        assert_eq!(topics_of(&frame(Api::Metadata, version, &all)), None);
    }
}

#[test]
fn create_topics_is_read_in_every_version() {
    let body = |_| {
        let assignment = theirs_create::CreatableReplicaAssignment::default()
            .with_partition_index(1)
            .with_broker_ids(vec![BrokerId(5), BrokerId(6)]);
        let config = |value| {
            let config = theirs_create::CreatableTopicConfig::default();
            config.with_name(text("retention.ms")).with_value(value)
        };
        let new = theirs_create::CreatableTopic::default()
            .with_name(topic("payments"))
            .with_num_partitions(4)
            .with_replication_factor(-1)
            .with_assignments(vec![assignment])
            .with_configs(vec![config(Some(text("1000"))), config(None)]);
        CreateTopicsRequest::default()
            .with_topics(vec![new])
            .with_timeout_ms(99)
            .with_validate_only(true)
    };
    check_request(Api::CreateTopics, &mut Vec::new(), body, |_| {
        Request::CreateTopics(create_topics::Request {
            topics: vec![create_topics::NewTopic {
                name: "payments",
                num_partitions: 4,
                replication_factor: -1,
                assignments: vec![create_topics::Assignment {
                    partition: 1,
                    broker_ids: vec![5, 6],
                }],
                configs: vec![("retention.ms", Some("1000")), ("retention.ms", None)],
            }],
            timeout_ms: 99,
            validate_only: true,
        })
    });
}

#[test]
fn delete_topics_is_read_in_every_version() {
    let body = |version| {
        let request = DeleteTopicsRequest::default().with_timeout_ms(99);
        if version < 6 {
            return request.with_topic_names(vec![topic("payments")]);
        }
        let by_name = kafka_protocol::messages::delete_topics_request::DeleteTopicState::default();
        request.with_topics(vec![by_name.with_name(Some(topic("payments"))), with_id()])
    };
    check_request(Api::DeleteTopics, &mut Vec::new(), body, |version| {
        let by_name = delete_topics::TopicName { name: Some("payments"), id: [0; 16] };
        let by_id = delete_topics::TopicName { name: None, id: ID };
        Request::DeleteTopics(delete_topics::Request {
            topics: if version >= 6 { vec![by_name, by_id] } else { vec![by_name] },
            timeout_ms: 99,
        })
    });
}

#[test]
fn find_coordinator_is_read_in_every_version() {
    let body = |version| {
        let request = FindCoordinatorRequest::default().with_key_type(i8::from(version >= 1));
        if version < 4 {
            return request.with_key(text("group"));
        }
        request.with_coordinator_keys(vec![text("group"), text("other")])
    };
    check_request(Api::FindCoordinator, &mut Vec::new(), body, |version| {
        Request::FindCoordinator(find_coordinator::Request {
            key_type: if version >= 1 {
                find_coordinator::TRANSACTION
            } else {
                find_coordinator::GROUP
            },
            keys: if version >= 4 { vec!["group", "other"] } else { vec!["group"] },
        })
    });
}

#[test]
fn init_producer_id_is_read_in_every_version() {
    let body = |version| {
        let request = InitProducerIdRequest::default()
            .with_transactional_id((version != 1).then(|| TransactionalId(text("tx"))))
            .with_transaction_timeout_ms(60_000);
        if version < 3 {
            return request;
        }
        request.with_producer_id(ProducerId(11)).with_producer_epoch(12)
    };
    check_request(Api::InitProducerId, &mut Vec::new(), body, |version| {
        Request::InitProducerId(init_producer_id::Request {
            transactional_id: (version != 1).then_some("tx"),
            transaction_timeout_ms: 60_000,
            producer_id: if version >= 3 { 11 } else { -1 },
            producer_epoch: if version >= 3 { 12 } else { -1 },
        })
    });
}

#[test]
fn api_versions_is_read_in_every_version() {
    let body = |version| {
        let request = ApiVersionsRequest::default();
        if version < 3 {
            return request;
        }
        request.with_client_software_name(text("twin")).with_client_software_version(text("1.0"))
    };
    check_request(Api::ApiVersions, &mut Vec::new(), body, |version| {
        Request::ApiVersions(if version < 3 {
            api_versions::Request::default()
        } else {
            api_versions::Request { client_software_name: "twin", client_software_version: "1.0" }
        })
    });
}

#[test]
fn tagged_fields_that_are_not_known_are_passed_over() {
    let mut body = ProduceRequest::default().with_acks(1);
    body.unknown_tagged_fields.insert(7, Bytes::from_static(b"from the future"));
    body.unknown_tagged_fields.insert(9, Bytes::new());
    let frame = frame(Api::Produce, 9, &body);
    let (_, request) = kafka::decode(&frame, Limits::default()).unwrap();
    assert!(matches!(request, Request::Produce(produce::Request { acks: 1, .. })));
}

#[test]
fn api_versions_of_the_future_is_answered_so_that_the_client_can_ask_again() {
    let body = ApiVersionsRequest::default().with_client_software_name(text("future"));
    let mut frame = frame(Api::ApiVersions, 4, &body);
    frame[2..4].copy_from_slice(&99i16.to_be_bytes());
    let (header, request) = kafka::decode(&frame, Limits::default()).unwrap();
    assert!(matches!(request, Request::ApiVersions(_)));
    let response = api_versions::Response::to(header.version);
    assert_eq!(response.error, ErrorCode::UNSUPPORTED_VERSION);
    let mut out = Vec::new();
    kafka::encode(&header, &kafka::Response::ApiVersions(response), &mut out).unwrap();
    let read = super::responses::read_api_versions(&out[8..], 0);
    assert_eq!(read.error_code, 35);
    assert_eq!(read.api_keys.len(), Api::ALL.len());
}

#[test]
fn sasl_handshake_is_read_in_every_version() {
    let body = |_| SaslHandshakeRequest::default().with_mechanism(text("PLAIN"));
    check_request(Api::SaslHandshake, &mut Vec::new(), body, |_| {
        Request::SaslHandshake(sasl_handshake::Request { mechanism: "PLAIN" })
    });
}

#[test]
fn sasl_authenticate_is_read_in_every_version_and_its_password_is_not_shown() {
    let body = |_| {
        let auth_bytes = Bytes::from_static(b"\0billing\0hunter2");
        SaslAuthenticateRequest::default().with_auth_bytes(auth_bytes)
    };
    let expected =
        Request::SaslAuthenticate(sasl_authenticate::Request { auth_bytes: b"\0billing\0hunter2" });
    let shown = format!("{expected:?}");
    assert!(shown.contains("16") && !shown.contains("104, 117"), "{shown}");
    check_request(Api::SaslAuthenticate, &mut Vec::new(), body, |_| expected.clone());
}
