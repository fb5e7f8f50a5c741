use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use std::sync::Arc;

use crate::resp::serve;
use crate::resp::tests::{PATIENCE, World, ask};
use crate::server::Limits;

/// More fields than are resident as a whole.
const FIELDS: usize = 5_000;

async fn reply_to(client: &mut TcpStream, requests: &str) -> Vec<u8> {
    client.write_all(format!("{requests}ECHO the-end\r\n").as_bytes()).await.unwrap();
    let (mut got, end) = (Vec::new(), b"$7\r\nthe-end\r\n");
    while !got.ends_with(end) {
        let read = timeout(PATIENCE, client.read_buf(&mut got)).await.unwrap().unwrap();
        assert!(read > 0, "{}", String::from_utf8_lossy(&got));
    }
    got.truncate(got.len() - end.len());
    got
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_streamed_reply_is_what_the_command_answers_within_multi() {
    let world = World::new(Limits::default());
    let (listener, address) = world.listen().await;
    tokio::spawn(serve(Arc::clone(&world.server), listener));
    let mut client = TcpStream::connect(address).await.unwrap();
    for start in (0..FIELDS).step_by(100) {
        let fields: Vec<_> =
            (start..start + 100).map(|at| format!(" field:{at} value:{at}")).collect();
        ask(&mut client, format!("HSET large{}\r\n", fields.concat()).as_bytes(), b":100\r\n")
            .await;
    }
    ask(&mut client, b"SETRANGE text 3000000 end\r\n", b":3000003\r\n").await;
    for hello in ["HELLO 2\r\n", "HELLO 3\r\n"] {
        reply_to(&mut client, hello).await;
        for request in ["HGETALL large\r\n", "HKEYS large\r\n", "HVALS large\r\n", "GET text\r\n"] {
            // A change right before: the reply has it.
            let change = "HINCRBY large field:7n 1\r\n";
            let streamed = reply_to(&mut client, &format!("{change}{request}")).await;
            let whole = reply_to(&mut client, &format!("MULTI\r\n{request}EXEC\r\n")).await;
            let prefix = b"+OK\r\n+QUEUED\r\n*1\r\n";
            assert!(whole.starts_with(prefix));
            let streamed =
                &streamed[streamed.windows(2).position(|at| at == b"\r\n").unwrap() + 2..];
            assert!(streamed == &whole[prefix.len()..], "{request}");
            assert!(streamed.len() > FIELDS * 10);
        }
    }
    // What is of another type, or not there, and what nobody wants to hear of.
    let wrong = reply_to(&mut client, "HGETALL text\r\nGET large\r\n").await;
    assert_eq!(String::from_utf8_lossy(&wrong).matches("-WRONGTYPE ").count(), 2);
    ask(&mut client, b"CLIENT REPLY SKIP\r\nHGETALL large\r\nPING\r\n", b"+PONG\r\n").await;
}
