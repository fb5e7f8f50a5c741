use std::collections::BTreeMap;

use redis_client::{IntoConnectionInfo, Value};

use super::{info, local, parts, plain, sample, sent_away};
use crate::snapshot::{Probed, RedisClientKind, RedisKeyspace};

const INFO: &str = "# Server\r\nredis_version:7.0.15\r\nconfig_file:/etc/redis/redis.conf\r\nexecutable:/usr/bin/redis-server\r\n\
    # Replication\r\nrole:master\r\nmaster_replid:ed53d8\r\nslave0:ip=10.0.0.2,port=6379,state=online,offset=14,lag=1\r\n\
    slave_expires_tracked_keys:0\r\n# Commandstats\r\n\
    cmdstat_config|set:calls=3,usec=8,usec_per_call=8.00,rejected_calls=0,failed_calls=0\r\n\
    # Keyspace\r\ndb0:keys=1204,expires=4,avg_ttl=0\r\ndb3:keys=2,expires=2,avg_ttl=90,subexpiry=0\r\n";

#[test]
fn of_info_only_known_fields_are_kept() {
    let fields = info::fields(INFO);
    assert_eq!(fields.get("redis_version").map(String::as_str), Some("7.0.15"));
    assert_eq!(fields.len(), 3, "{fields:?}");
    let keyspace = info::keyspace(INFO);
    assert_eq!(keyspace.get(&0), Some(&RedisKeyspace { keys: 1204, expires: 4 }));
    assert_eq!(keyspace.get(&3), Some(&RedisKeyspace { keys: 2, expires: 2 }));
    assert_eq!(info::calls(INFO), BTreeMap::from([("config|set".to_owned(), 3)]));
    let replicas = info::replicas(INFO);
    assert_eq!(
        (replicas.len(), replicas[0].state.as_str(), replicas[0].lag_seconds),
        (1, "online", Some(1))
    );
}

#[test]
fn an_address_that_asks_for_tls_is_read_as_one_without_and_gets_it() {
    let told = plain;
    assert_eq!(told("rediss://me:x@db:6380/1"), ("redis://me:x@db:6380/1".to_owned(), true));
    assert_eq!(told("valkeys://db"), ("redis://db".to_owned(), true));
    for url in ["redis://db", "valkey://db", "unix:///run/redis.sock?db=1", "rediss"] {
        assert_eq!(told(url), (url.to_owned(), false));
    }
    for (url, _) in ["rediss://me:x@db:6380/1", "valkeys://[::1]"].map(told) {
        assert!(url.as_str().into_connection_info().is_ok(), "{url}");
    }
}

#[test]
fn errors_are_counted_by_kind_where_the_server_counts_them() {
    let none = format!("{INFO}# Errorstats\r\n");
    assert_eq!(info::errors(&none), Probed::Seen(BTreeMap::new()));
    let some = format!("{none}errorstat_ERR:count=4\r\nerrorstat_READONLY:count=3\r\n");
    assert_eq!(info::errors(&some), Probed::Seen(BTreeMap::from([("READONLY".to_owned(), 3)])));
    assert!(matches!(info::errors(INFO), Probed::Absent(_)));
}

#[test]
fn clients_are_counted_without_names_and_the_doctor_not_at_all() {
    let text = "id=6 addr=10.0.0.9:41124 fd=7 name=billing age=0 flags=b db=0 sub=0 psub=0 omem=0 cmd=brpop user=x\n\
        id=7 addr=10.0.0.9:41125 fd=8 name= age=0 flags=S db=0 sub=0 psub=0 omem=4096 cmd=replconf\n\
        id=8 addr=10.0.0.9:41126 fd=9 name= flags=N sub=0 psub=2 omem=9 cmd=psubscribe\n\
        id=9 addr=10.0.0.9:41127 fd=9 name= flags=N sub=0 psub=2 omem=8 cmd=psubscribe\n\
        id=10 name=groundsill-doctor flags=N sub=0 psub=0 omem=0 cmd=client|list\n";
    let clients = parts::clients(text);
    assert_eq!(clients.blocked, BTreeMap::from([("brpop".to_owned(), 1)]));
    assert_eq!(clients.counts[&RedisClientKind::Normal], 1);
    assert_eq!(clients.counts[&RedisClientKind::Pubsub], 2);
    assert_eq!(clients.most_output_bytes[&RedisClientKind::Replica], 4096);
    assert_eq!(clients.most_output_bytes[&RedisClientKind::Pubsub], 9);
}

fn bulk(text: &str) -> Value {
    Value::BulkString(text.as_bytes().to_vec())
}

#[test]
fn of_a_slow_command_its_arguments_stay_where_they_are() {
    let words = |words: &[&str]| Value::Array(words.iter().map(|it| bulk(it)).collect());
    let entry = |id, command| {
        Value::Array(vec![Value::Int(id), Value::Int(1_700_000_000), Value::Int(20_000), command])
    };
    let log = Value::Array(vec![
        entry(2, words(&["KEYS", "user:*"])),
        entry(1, words(&["a secret with blanks"])),
    ]);
    let Probed::Seen(slow) = parts::slow(log) else { panic!("it is a log") };
    let told: Vec<_> = slow.iter().map(|it| (it.id, it.micros, it.command.as_str())).collect();
    assert_eq!(told, [(2, 20_000, "keys"), (1, 20_000, "other")]);
}

#[test]
fn a_setting_that_was_not_asked_for_is_dropped_and_of_addresses_only_their_reach_is_kept() {
    let pairs = |name, value| parts::pairs(Value::Array(vec![bulk(name), bulk(value)]));
    let seen = |name: &str, value: &str| Probed::Seen(vec![(name.to_owned(), value.to_owned())]);
    assert_eq!(pairs("requirepass", "hunter2"), Probed::Seen(Vec::new()));
    assert_eq!(pairs("bind", "127.0.0.1 -::1"), seen("bind", "this machine"));
    assert_eq!(pairs("bind", "127.0.0.1 10.0.0.1"), seen("bind", "others"));
    assert_eq!(pairs("bind", ""), seen("bind", "others"));
    assert_eq!(pairs("maxmemory", "100"), seen("maxmemory", "100"));
}

#[test]
fn slots_on_their_way_are_those_of_the_own_node() {
    let info = "cluster_state:fail\r\ncluster_slots_assigned:16000\r\ncluster_slots_pfail:3\r\ncluster_slots_fail:4\r\ncluster_known_nodes:3\r\n";
    let nodes = "aa 10.0.0.1:7000@17000 myself,master - 0 0 1 connected 0-5460 [93->-bb] [77-<-cc] [12->-bb]\n\
        bb 10.0.0.2:7000@17000 master - 0 1 2 connected 5461-10922\n";
    let cluster = parts::cluster(info, nodes);
    assert_eq!((cluster.migrating, cluster.importing), (vec![12, 93], vec![77]));
    assert_eq!(
        (cluster.assigned, cluster.suspected, cluster.failed, cluster.nodes),
        (16_000, 3, 4, 3)
    );
    assert_eq!(cluster.state, "fail");
}

#[test]
fn keys_expire_together_that_do_so_within_a_second() {
    let mut ends = [5_000, 61_900, 60_000, 60_999, 61_000, 90_000];
    assert_eq!(sample::together(&mut ends), (3, 60));
    assert_eq!(sample::together(&mut []), (0, 0));
}

#[test]
fn a_process_is_as_old_as_the_machine_less_when_it_began() {
    let stat = "77 (redis ) server) S 1 77 77 0 -1 4194560 1 0 0 0 1 2 0 0 20 0 5 0 12345 1 2 3";
    assert_eq!(local::age(stat, "1123.45 99.0"), Some(1_000));
    assert_eq!(local::age("77 (x) S", "1"), None);
    let limits = "Limit  Soft Limit  Hard Limit  Units\nMax open files            1024                 524288               files\n";
    assert_eq!(local::descriptors(limits), Some(1_024));
    assert_eq!(
        local::descriptors("Max open files            unlimited            unlimited  files"),
        None
    );
    assert_eq!(local::swapped("Name:\tx\nVmSwap:\t      12 kB\n"), 12 << 10);
}

#[test]
fn of_a_file_the_last_word_counts_and_secrets_do_not() {
    let file = local::settings(
        "# maxmemory 1gb\nmaxmemory 2gb\nmaxmemory 3gb\nrequirepass hunter2\nbind 10.0.0.1\nsave 3600 1\nsave 300 100\n\
         slave-priority 0\nappendfsync \"no\"\nuser x on >secret\n",
    );
    let told: Vec<_> =
        file.settings.iter().map(|(name, it)| (name.as_str(), it.as_str())).collect();
    assert_eq!(
        told,
        [
            ("appendfsync", "no"),
            ("maxmemory", "3gb"),
            ("replica-priority", "0"),
            ("save", "3600 1 300 100"),
        ]
    );
    assert!(!file.includes);
    assert!(local::settings("include /etc/redis/more.conf").includes);
    assert_eq!(local::settings("save 1 1\nsave \"\"").settings["save"], "");
}

#[test]
fn a_server_that_is_full_or_guarded_sends_one_away_and_one_that_wants_a_password_does_not() {
    let full = sent_away("-ERR max number of clients reached\r\n").unwrap();
    assert_eq!(
        (full.code.as_str(), full.message.as_str()),
        ("ERR", "max number of clients reached")
    );
    assert!(sent_away("-DENIED Redis is running in protected mode\r\n").is_some());
    assert!(sent_away("-NOAUTH Authentication required.\r\n").is_none());
    assert!(sent_away("-NOPERM this user has no permissions\r\n").is_none());
    assert!(sent_away("+PONG\r\n").is_none());
}

#[test]
fn a_time_is_of_seconds_and_microseconds() {
    let time = |parts: Vec<Value>| parts::time(Value::Array(parts));
    assert_eq!(time(vec![bulk("1796068544"), bulk("215")]), Probed::Seen(1_796_068_544_000_215));
    assert!(matches!(time(vec![bulk("1796068544")]), Probed::Failed(_)));
    assert!(matches!(time(vec![bulk("now"), bulk("0")]), Probed::Failed(_)));
    assert!(matches!(time(vec![bulk("9223372036854775807"), bulk("0")]), Probed::Failed(_)));
}
