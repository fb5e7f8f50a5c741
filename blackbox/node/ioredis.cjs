// Strings, a hash, a pipeline and transactions through a stock ioredis. Its arguments: host and port, and a user
// and a password if they are needed.
// Prints how many checks held; ends with 1 at the first that does not.

const assert = require('node:assert/strict');
const Redis = require('ioredis');

async function main() {
  let held = 0;
  const check = (actual, expected) => {
    assert.deepEqual(actual, expected);
    held += 1;
  };
  const [host, port, username, password] = process.argv.slice(2);
  const client = new Redis({ host, port: Number(port), username, password, maxRetriesPerRequest: 1 });

  check(await client.set('key', 'value'), 'OK');
  check(await client.get('key'), 'value');
  check(await client.getBuffer('key'), Buffer.from('value'));
  check(await client.set('key', 'other', 'NX'), null);
  check(await client.hset('account', { balance: 100, owner: 'ada' }), 2);
  check(await client.hgetall('account'), { balance: '100', owner: 'ada' });

  const pipeline = client.pipeline();
  for (let number = 0; number < 100; number += 1) pipeline.incr('counter');
  const counted = await pipeline.exec();
  check(counted.at(-1), [null, 100]);

  check(await client.multi().hincrby('account', 'balance', -30).set('paid', 30).exec(), [
    [null, 70],
    [null, 'OK'],
  ]);

  const other = client.duplicate();
  await client.watch('stock');
  await other.set('stock', 1);
  check(await client.multi().set('stock', 2).exec(), null);
  check(await client.get('stock'), '1');
  await assert.rejects(client.call('HGET', 'key', 'field'), /WRONGTYPE/);

  await Promise.all([client.quit(), other.quit()]);
  console.log(`${held} checks held`);
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
