use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

use super::*;

/// Reads so many bytes that the other side sends.
async fn read(bounded: &mut Bounded<tokio::io::DuplexStream>, bytes: usize) -> io::Result<()> {
    let mut left = bytes;
    let mut buffer = vec![0; 1 << 20];
    while left > 0 {
        let most = buffer.len().min(left);
        left -= bounded.read(&mut buffer[..most]).await?;
    }
    Ok(())
}

#[tokio::test]
async fn so_much_may_come_for_each_answer_and_not_a_byte_more() {
    let (here, mut there) = duplex(1 << 16);
    let sender =
        tokio::spawn(async move { while there.write_all(&[b'A'; 1 << 12]).await.is_ok() {} });
    let budget = Budget::default();
    let mut bounded = Bounded::new(here, budget.clone());
    read(&mut bounded, ANSWER_BYTES_MAX).await.unwrap();
    assert_eq!(budget.exhausted(), None);
    budget.renew();
    read(&mut bounded, ANSWER_BYTES_MAX).await.unwrap();
    let error = read(&mut bounded, 1).await.unwrap_err();
    assert_eq!(error.to_string(), "an answer of more than 16 MiB");
    assert_eq!(budget.exhausted().as_deref(), Some("an answer of more than 16 MiB"));
    sender.abort();
}
