use super::*;

const PRINTED: &str = "\
====== SET ======
  20000 requests completed in 0.33 seconds

Latency by percentile distribution:
0.000% <= 0.303 milliseconds (cumulative count 1)
50.000% <= 5.919 milliseconds (cumulative count 10000)
98.438% <= 50.001 milliseconds (cumulative count 19690)
99.219% <= 56.255 milliseconds (cumulative count 19844)
99.902% <= 90.500 milliseconds (cumulative count 19981)
100.000% <= 142.079 milliseconds (cumulative count 20000)

Summary:
  throughput summary: 60802.59 requests per second
";

#[test]
fn what_redis_benchmark_prints_is_read() {
    let reading = parse_reading(PRINTED).unwrap();
    let wanted = Reading { rate: 60802.59, p50_ms: 5.919, p99_ms: 56.255, p999_ms: 90.5 };
    assert_eq!(reading, wanted);
    assert_eq!(parse_reading("nothing of the kind"), None);
}

#[test]
fn who_goes_first_alternates() {
    assert_eq!(order(0), [Kind::Redis, Kind::Groundsill]);
    assert_eq!(order(1), [Kind::Groundsill, Kind::Redis]);
}

#[test]
fn processor_time_is_shared_by_the_operations_that_were_measured() {
    assert!((per_operation_us(1.5, 500_000) - 3.0).abs() < 1e-9);
}

#[test]
fn a_pair_is_shown_with_ours_over_the_rival() {
    let load = Load {
        mode: Mode::Durable,
        keys: 9,
        test: Test::Hset,
        connections: 50,
        pipeline: 16,
        value: 64,
    };
    let measure = |rate, cpu_us| {
        let reading = Reading { rate, p50_ms: 1.0, p99_ms: 2.0, p999_ms: 3.0 };
        Measure { reading, cpu_us, resident: 7 }
    };
    let (rival, ours) = (measure(1000.0, 2.0), measure(1500.0, 1.0));
    let shown = row(&load, rival, ours);
    assert!(shown.contains("      1000       1500  1.50 |   2.00   1.00  0.50 |"), "{shown}");
    let written = json(&load, rival, ours);
    assert!(written.contains("\"ratio\": 1.500"), "{written}");
    assert!(written.contains("\"test\": \"hset\""), "{written}");
}

#[test]
fn the_default_is_the_whole_matrix() {
    use clap::Parser;
    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        args: Args,
    }
    let all = loads(&Cli::parse_from(["bench"]).args);
    assert_eq!(all.len(), 2 * 2 * 4 * 2 * 2 * 2);
    let few =
        ["bench", "--keys", "9", "--modes", "relaxed", "--tests", "get,incr", "--value", "64"];
    assert_eq!(loads(&Cli::parse_from(few).args).len(), 2 * 2 * 2);
}

#[test]
fn a_data_set_is_loaded_once_for_what_shares_it() {
    let load = |test, value, pipeline| Load {
        mode: Mode::Durable,
        keys: 9,
        test,
        connections: 50,
        pipeline,
        value,
    };
    let all = [
        load(Test::Set, 64, 1),
        load(Test::Set, 1024, 1),
        load(Test::Get, 64, 16),
        load(Test::Incr, 64, 1),
        load(Test::Incr, 1024, 1),
        load(Test::Hset, 64, 1),
    ];
    let sizes =
        |share| groups(&all, share).iter().map(|(_, loads)| loads.len()).collect::<Vec<_>>();
    assert_eq!(sizes(true), [2, 1, 2, 1]);
    assert_eq!(sizes(false), [1; 6]);
}
