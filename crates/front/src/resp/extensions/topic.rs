//! `TOPIC.CREATE`, `TOPIC.DELETE`, `TOPIC.DESCRIBE`, `TOPIC.PRODUCE`, `TOPIC.READ`

use redis::{Arity, Call, Command, Connection, Error, Flags, Group, KeySpec, Run};
use topics::{partition, topic};
use wire::kafka::batch::{Batch, NewRecord, write_batch};
use wire::resp::{Args, parse_i64};

use super::syntax_error;

pub(crate) static CREATE: Command = Command {
    name: "topic.create",
    arity: Arity::AtLeast(2),
    flags: Flags::WRITE.and(Flags::DENYOOM),
    keys: KeySpec::NONE,
    group: Group::Topic,
    since: "7.2.0",
    complexity: "O(1)",
    summary: "Makes a topic, with one partition or as many as are asked for.",
    run: Run::Txn(create),
};

/// `TOPIC.CREATE topic [PARTITIONS count]`
fn create(call: &mut Call<'_, '_>) -> Result<(), Error> {
    let partitions = match call.args.len() {
        2 => 1,
        4 if call.arg(2).eq_ignore_ascii_case(b"PARTITIONS") => number(call.arg(3))?,
        _ => return Err(syntax_error(&CREATE)),
    };
    topic::create(call.txn, call.db, call.arg(1), partitions)?;
    call.reply.ok();
    Ok(())
}

pub(crate) static DELETE: Command = Command {
    name: "topic.delete",
    arity: Arity::Exactly(2),
    flags: Flags::WRITE,
    keys: KeySpec::NONE,
    group: Group::Topic,
    since: "7.2.0",
    complexity: "O(N) in the number of partitions; records are reclaimed in the background.",
    summary: "Removes a topic with all its records.",
    run: Run::Txn(delete),
};

/// `TOPIC.DELETE topic`
fn delete(call: &mut Call<'_, '_>) -> Result<(), Error> {
    topic::delete(call.txn, call.db, call.arg(1))?;
    call.reply.ok();
    Ok(())
}

pub(crate) static DESCRIBE: Command = Command {
    name: "topic.describe",
    arity: Arity::Exactly(2),
    flags: Flags::READONLY,
    keys: KeySpec::NONE,
    group: Group::Topic,
    since: "7.2.0",
    complexity: "O(N) in the number of partitions.",
    summary: "Returns the partitions of a topic: number, first and next offset, bytes.",
    run: Run::Txn(describe),
};

/// `TOPIC.DESCRIBE topic`
fn describe(call: &mut Call<'_, '_>) -> Result<(), Error> {
    let name = call.arg(1);
    let found = topic::find(call.txn, call.db, name)?;
    let heads: Result<Vec<_>, _> = (0..found.partitions)
        .map(|number| partition::head(call.txn, call.db, name, number))
        .collect();
    let reply = &mut *call.reply;
    reply.map(2);
    reply.bulk(b"name");
    reply.bulk(name);
    reply.bulk(b"partitions");
    let heads = heads?;
    reply.array(heads.len());
    for (number, head) in (0..).zip(heads) {
        reply.map(4);
        for (field, value) in [
            ("partition", number),
            ("first", head.first),
            ("next", head.next),
            ("bytes", head.bytes),
        ] {
            reply.bulk(field.as_bytes());
            reply.integer(i64::try_from(value).unwrap_or(i64::MAX));
        }
    }
    Ok(())
}

pub(crate) static PRODUCE: Command = Command {
    name: "topic.produce",
    arity: Arity::AtLeast(3),
    flags: Flags::WRITE.and(Flags::DENYOOM).and(Flags::FAST),
    keys: KeySpec::NONE,
    group: Group::Topic,
    since: "7.2.0",
    complexity: "O(1)",
    summary: "Appends a record and returns its partition and offset; refuses the transaction if it cannot.",
    run: Run::Txn(produce),
};

/// What stands between the topic and the value of TOPIC.PRODUCE.
#[derive(Debug, Default)]
struct Options<'a> {
    key: Option<&'a [u8]>,
    partition: Option<u32>,
    headers: Vec<(&'a [u8], Option<&'a [u8]>)>,
}

impl<'a> Options<'a> {
    fn parse(args: Args<'a>) -> Result<Self, Error> {
        let mut options = Self::default();
        let mut rest = args.iter();
        while let Some(option) = rest.next() {
            let mut value = || rest.next().ok_or_else(|| syntax_error(&PRODUCE));
            match option.to_ascii_uppercase().as_slice() {
                b"KEY" => options.key = Some(value()?),
                b"PARTITION" => options.partition = Some(number(value()?)?),
                b"HEADER" => options.headers.push((value()?, Some(value()?))),
                _ => return Err(syntax_error(&PRODUCE)),
            }
        }
        Ok(options)
    }
}

/// `TOPIC.PRODUCE topic [KEY record-key] [PARTITION number] [HEADER name value [HEADER name value ...]] value`
fn produce(call: &mut Call<'_, '_>) -> Result<(), Error> {
    let (name, last) = (call.arg(1), call.args.len() - 1);
    let options = Options::parse(call.args.take(last).skip(2))?;
    let topic = topic::find(call.txn, call.db, name)?;
    let now_ms = call.txn.now().0;
    let partition = options.partition.unwrap_or_else(|| match options.key {
        Some(key) => partition::of_key(key, topic.partitions),
        None => u32::try_from(now_ms % u64::from(topic.partitions)).unwrap_or(0),
    });
    let record = NewRecord {
        timestamp_ms: now_ms.cast_signed(),
        key: options.key,
        value: Some(call.arg(last)),
        headers: &options.headers,
    };
    let mut bytes = Vec::new();
    let written = write_batch(&[record], &mut bytes).and_then(|()| Batch::parse(&bytes));
    let batch = written.map_err(|error| Error::Reply(format!("ERR {error}").into()))?;
    let appended = partition::produce(call.txn, call.db, name, partition, &batch)?;
    call.reply.array(2);
    call.reply.integer(i64::from(partition));
    call.reply.integer(appended.base.cast_signed());
    Ok(())
}

pub(crate) static READ: Command = Command {
    name: "topic.read",
    arity: Arity::AtLeast(4),
    flags: Flags::READONLY,
    keys: KeySpec::NONE,
    group: Group::Topic,
    since: "7.2.0",
    complexity: "O(N) in the number of records returned.",
    summary: "Returns records from an offset on: offset, milliseconds, key, value, headers.",
    run: Run::Connection(Connection::TopicRead),
};

/// Records that TOPIC.READ asks for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Range<'a> {
    pub(crate) topic: &'a [u8],
    pub(crate) partition: u32,
    pub(crate) offset: u64,
    pub(crate) count: usize,
}

/// Records that TOPIC.READ returns where nothing is said, and at most.
const COUNT: usize = 10;
const COUNT_MAX: usize = 10_000;

impl<'a> Range<'a> {
    /// `TOPIC.READ topic partition offset [COUNT count]`
    pub(crate) fn parse(args: Args<'a>) -> Result<Self, Error> {
        let arg = |index| args.get(index).unwrap_or_default();
        let count = match args.len() {
            4 => COUNT,
            6 if arg(4).eq_ignore_ascii_case(b"COUNT") => number::<usize>(arg(5))?.min(COUNT_MAX),
            _ => return Err(syntax_error(&READ)),
        };
        Ok(Self { topic: arg(1), partition: number(arg(2))?, offset: number(arg(3))?, count })
    }
}

fn number<T: TryFrom<i64>>(text: &[u8]) -> Result<T, Error> {
    parse_i64(text).and_then(|number| T::try_from(number).ok()).ok_or(Error::NOT_AN_INTEGER)
}
