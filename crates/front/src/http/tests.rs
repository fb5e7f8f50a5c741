use super::*;

use std::net::SocketAddr;

use crate::resp::tests::World;
use crate::server::Limits;

const LONG: Duration = Duration::from_secs(30);

async fn exchange(address: SocketAddr, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request).await.unwrap();
    let mut got = Vec::new();
    timeout(LONG, stream.read_to_end(&mut got)).await.unwrap().unwrap();
    String::from_utf8(got).unwrap()
}

async fn get(address: SocketAddr, path: &str) -> (u16, String) {
    let request = format!("GET {path} HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n");
    let answer = exchange(address, request.as_bytes()).await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.contains(&format!("content-length: {}\r\n", body.len())), "{head}");
    (head[9..12].parse().unwrap(), body.to_owned())
}

async fn serving(world: &World) -> SocketAddr {
    let (listener, address) = world.listen().await;
    tokio::spawn(serve(Arc::clone(&world.server), listener));
    address
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_ready_until_it_is_to_stop_and_answers_beyond_that() {
    let world = World::new(Limits::default());
    let address = serving(&world).await;
    assert_eq!(get(address, "/livez").await, (200, "live\n".into()));
    assert_eq!(get(address, "/readyz?verbose").await, (200, "ready\n".into()));
    world.stop.send(true).unwrap();
    assert_eq!(get(address, "/readyz").await, (503, "stopping\n".into()));
    assert_eq!(get(address, "/livez").await.0, 200);
    assert!(get(address, "/metrics").await.1.contains("\ngroundsill_ready 0\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_has_failed_is_neither_live_nor_ready() {
    let world = World::new(Limits::default());
    let address = serving(&world).await;
    world.server.store.fail(&"a disk that lied");
    assert_eq!(get(address, "/livez").await.0, 503);
    let (status, reasons) = get(address, "/readyz").await;
    assert_eq!((status, reasons.lines().count()), (503, 1), "{reasons}");
    assert!(reasons.contains("the log has failed"), "{reasons}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_that_are_sent_together_are_answered_in_order() {
    let world = World::new(Limits::default());
    let address = serving(&world).await;
    let together = b"HEAD /livez HTTP/1.1\r\nhost: h\r\n\r\n\
        POST /livez HTTP/1.1\r\nhost: h\r\n\r\n\
        GET /nowhere HTTP/1.1\r\nhost: h\r\n\r\n\
        GET /livez HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\nGET /livez";
    let answers = exchange(address, together).await;
    let statuses: Vec<_> =
        answers.split("HTTP/1.1 ").skip(1).map(|answer| answer[..3].to_owned()).collect();
    assert_eq!(statuses, ["200", "405", "404", "200"], "{answers}");
    assert_eq!(answers.matches("live\n").count(), 1, "HEAD has no body: {answers}");
    assert_eq!(answers.matches("allow: GET, HEAD").count(), 1);
    assert_eq!(answers.matches("connection: close").count(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_connection_too_many_is_closed_and_a_place_that_is_left_is_taken_again() {
    let world = World::new(Limits::default());
    let address = serving(&world).await;
    let mut held = Vec::new();
    for _ in 0..CONNECTIONS_MAX {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"GET /livez HTTP/1.1\r\nhost: h\r\n\r\n").await.unwrap();
        assert!(timeout(LONG, stream.read(&mut [0; 512])).await.unwrap().unwrap() > 0);
        held.push(stream);
    }
    let mut one_more = TcpStream::connect(address).await.unwrap();
    let closed = timeout(LONG, one_more.read(&mut [0])).await.unwrap();
    assert!(matches!(closed, Ok(0) | Err(_)), "{closed:?}");
    held.clear();
    let again = async {
        loop {
            let mut stream = TcpStream::connect(address).await.unwrap();
            // It may be closed before that.
            let _closed = stream.write_all(b"GET /livez HTTP/1.1\r\nhost: h\r\n\r\n").await;
            if matches!(stream.read(&mut [0; 512]).await, Ok(1..)) {
                return;
            }
        }
    };
    timeout(LONG, again).await.unwrap();
}
