//! A pooler that shares two connections by transaction: a statement that a client prepared is not there on the other one; mended by
//! session pooling.

use tokio::runtime::{Builder, Runtime};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, NoTls};

use super::server::Pooler;
use crate::lab::postgres::server::Server;
use crate::lab::{Stage, Stop, failed, failing};

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.map_err(failed("make a runtime"))?;
    let server = Server::start(&[])?;
    let size = stage.draw(2, 4);
    let settings = |mode| format!("pool_mode = {mode}\ndefault_pool_size = {size}");
    let pooler = Pooler::start(stage, &server, &settings("transaction"))?;
    if !is_lost(&runtime, &pooler.address())? {
        return Err("the statement is still there on another connection".into());
    }
    let (asking, target) = (stage.asking(pooler.seen()), pooler.console());
    let found =
        asking.until("statements get lost", |records| failing(records, &target).is_some())?;
    let seen = failing(&found, &target).ok_or("it is gone again")?.observed.clone();
    drop(pooler);
    let pooler = Pooler::start(stage, &server, &settings("session"))?;
    if is_lost(&runtime, &pooler.address())? {
        return Err("the statement is lost with session pooling, too".into());
    }
    let (asking, target) = (stage.asking(pooler.seen()), pooler.console());
    asking.until("none gets lost", |records| failing(records, &target).is_none())?;
    Ok(seen)
}

/// Whether a statement is unknown once another client has the connection on which it was prepared.
fn is_lost(runtime: &Runtime, address: &str) -> Result<bool, Stop> {
    let told = |error: tokio_postgres::Error| Stop::Failed(format!("through the pooler: {error}"));
    runtime.block_on(async {
        let first = connect(address).await.map_err(told)?;
        let other = connect(address).await.map_err(told)?;
        let statement = first.prepare("SELECT 1").await.map_err(told)?;
        other.batch_execute("BEGIN; SELECT 1").await.map_err(told)?;
        match first.query(&statement, &[]).await {
            Ok(_) => Ok(false),
            Err(error) if error.code() == Some(&SqlState::INVALID_SQL_STATEMENT_NAME) => Ok(true),
            Err(error) => Err(told(error)),
        }
    })
}

async fn connect(address: &str) -> Result<Client, tokio_postgres::Error> {
    let (client, connection) = tokio_postgres::connect(address, NoTls).await?;
    let _handle = tokio::spawn(connection);
    Ok(client)
}
