// SQLite MPI's messages: its published client, unchanged, on a provider that only carries texts, and
// what that client cannot ask for.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { type ClientOf, connect } from 'busbar/rpc';
import { SmpiService, serveSmpi } from 'busbar/sql';
import { newBus } from '../../support/program.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

/** What a provider of SQLite MPI gives its client. */
interface Provider {
  init(out: (event: string) => void): { input(message: string): Promise<string> };
}

interface RowSet {
  readonly rows: readonly Record<string, unknown>[];
  readonly rowsAsArray: readonly unknown[][];
  readonly cols: readonly string[];
  readonly colsOrigin: readonly (string | null)[];
  readonly rowsChanged: number;
}
type Query = (sql: string, parameters?: unknown) => Promise<RowSet>;
interface Tx {
  readonly q: Query;
  readonly read: Query;
  readonly write: Query;
  commit(): Promise<unknown>;
  rollback(): Promise<unknown>;
}
interface FileRef {
  getReadTx(): Promise<Tx>;
  getWriteTx(): Promise<Tx>;
}

// It has no types of its own.
const { smpi } = createRequire(import.meta.url)('sqlite-mpi-client-js') as {
  readonly smpi: { newClient(provider: Provider): { newFileRef(file: string): FileRef } };
};

type Client = ClientOf<typeof SmpiService>;

/** The adapter: the provider is the interface. */
function providerOf(client: Client): Provider {
  return {
    init(out) {
      const read = async () => {
        for await (const event of client.events()) out(event);
      };
      // It ends with the client.
      read().catch(() => undefined);
      return { input: (message) => client.input({ message }) };
    },
  };
}

interface Place {
  readonly bus: string;
  readonly folder: string;
  readonly client: Client;
  file(name?: string): FileRef;
}

async function place(t: ExecutionContext): Promise<Place> {
  const bus = newBus();
  const folder = temporaryFolder(t);
  const server = await serveSmpi(bus, {
    folders: [folder],
    onError: (error) => t.fail(error.message),
  });
  const client = await connect(bus, SmpiService);
  const own = smpi.newClient(providerOf(client));
  t.teardown(async () => {
    await client.close();
    await server.close();
  });
  return { bus, folder, client, file: (name = 'a.db') => own.newFileRef(join(folder, name)) };
}

test.serial('the published client reads and writes', async (t) => {
  const { file } = await place(t);
  const tx = await file().getWriteTx();
  await tx.q('CREATE TABLE t1 (a INTEGER PRIMARY KEY, b)');
  t.is((await tx.q('INSERT INTO t1 (b) VALUES (11), (22), (33)')).rowsChanged, 3);
  const found = await tx.q('SELECT *, 1+1 AS two FROM t1');
  t.is(found.rowsChanged, 0);
  const expected = [
    { a: 1, b: 11, two: 2 },
    { a: 2, b: 22, two: 2 },
    { a: 3, b: 33, two: 2 },
  ];
  t.deepEqual(found.rows, expected);
  t.deepEqual(found.cols, ['a', 'b', 'two']);
  t.deepEqual(found.colsOrigin, ['a', 'b', null]);
  await tx.commit();
  await t.throwsAsync(tx.q('SELECT 1'), { message: /TxOp\/InvalidTxId/ });
  const reading = await file().getReadTx();
  t.deepEqual((await reading.q('SELECT *, 1+1 AS two FROM t1')).rows, expected);
  await reading.commit();
});

test.serial('categories hold', async (t) => {
  const { file } = await place(t);
  const tx = await file().getWriteTx();
  await tx.write('CREATE TABLE t1 (a INTEGER PRIMARY KEY, b)');
  const [read, write] = ['SELECT * FROM t1', 'INSERT INTO t1 (b) VALUES (123)'];
  await tx.read(read);
  await t.throwsAsync(tx.read(write), { message: /TxOp\/ReadError\/QueryIsWrite/ });
  await t.throwsAsync(tx.write(read), { message: /TxOp\/WriteError\/QueryIsRead/ });
  await t.throwsAsync(tx.q('COMMIT'), { message: /Refused/ });
  await tx.q(read);
  await tx.q(write);
  await tx.commit();
  const reading = await file().getReadTx();
  await t.throwsAsync(reading.q(write), { message: /TxOp\/ReadError\/QueryIsWrite/ });
  await reading.rollback();
});

test.serial('parameters by index and by key, and what is wrong with them', async (t) => {
  const { file } = await place(t);
  const tx = await file().getWriteTx();
  await tx.write('CREATE TABLE t1 (a INTEGER PRIMARY KEY, b)');
  const insert = 'INSERT INTO t1 (b) VALUES ';
  await tx.write(`${insert}(?), (?)`, [1, 2]);
  await tx.write(`${insert}(?1), (?2)`, [3, 4]);
  for (const sign of [':', '@', '$']) {
    await tx.write(`${insert}(${sign}x), (${sign}y)`, { x: 5, y: 'six', unused: 7 });
  }
  await tx.write(`${insert}(?), (?)`);
  await tx.write(`${insert}(:x)`, null);
  await tx.write(`${insert}(?)`, [[1, 2, 255]]);
  const { rowsAsArray } = await tx.read('SELECT b FROM t1');
  t.deepEqual(rowsAsArray.flat(1), [
    ...[1, 2, 3, 4, 5, 'six', 5, 'six', 5, 'six', null, null, null, [1, 2, 255]],
  ]);
  const wrong: readonly (readonly [string, unknown, RegExp])[] = [
    ['(?), (?)', [1, 2, 3], /ErrorBind\/MissingIndexesInData/],
    ['(?), (?)', [1], /ErrorBind\/MissingIndexesInData/],
    ['(:x), (:y)', { x: 1 }, /ErrorBind\/MissingKeysInData/],
    ['(?)', [true], /ErrorBind\/PlaceholderDataTypeNotCompatible/],
    ['(?)', [{}], /ErrorBind\/PlaceholderDataTypeNotCompatible/],
    ['(?)', { a: 1 }, /ErrorBind/],
  ];
  for (const [values, parameters, message] of wrong) {
    await t.throwsAsync(tx.write(insert + values, parameters), { message }, values);
  }
  await t.throwsAsync(tx.write('INSERT INTO t1 VALUES (1, 1)'), {
    message: /sqlite.code.primary: 19, SQLITE_CONSTRAINT/,
  });
  await tx.rollback();
});

test.serial('write transactions wait, read transactions keep their snapshot', async (t) => {
  const { file } = await place(t);
  const own = file();
  const first = await own.getWriteTx();
  await first.write('CREATE TABLE t1 (b)');
  await first.commit();
  const before = await Promise.all(Array.from({ length: 5 }, () => own.getReadTx()));
  const writers = Array.from({ length: 5 }, async () => {
    const tx = await own.getWriteTx();
    await tx.write('INSERT INTO t1 (b) VALUES ((SELECT ifnull(max(b) + 1, 0) FROM t1))');
    await tx.commit();
  });
  await Promise.all(writers);
  const query = 'SELECT b FROM t1 ORDER BY b';
  for (const tx of before) t.deepEqual((await tx.read(query)).rowsAsArray, []);
  const after = await own.getReadTx();
  t.deepEqual((await after.read(query)).rowsAsArray, [[0], [1], [2], [3], [4]]);
});

/** Sends a request, and returns its answer. */
async function ask(client: Client, fn: string, args: object, id = fn): Promise<unknown> {
  const events = client.events()[Symbol.asyncIterator]();
  const next = events.next();
  const now = JSON.parse(await client.input({ message: JSON.stringify({ id, fn, args }) })) as {
    readonly ret_i_type: string;
    readonly val: { readonly msg: unknown };
  };
  if (now.ret_i_type === 'settled') {
    next.catch(() => undefined);
    await events.return?.();
    return now.val.msg;
  }
  const { value } = await next;
  const { val } = JSON.parse(String(value)) as { readonly val: { readonly msg: string } };
  await events.return?.();
  return JSON.parse(val.msg);
}

test.serial('functions that were specified and never built, and what is malformed', async (t) => {
  const { bus, folder } = await place(t);
  const client = await connect({ name: bus, timeout: 10_000 }, SmpiService);
  t.teardown(() => client.close());
  const file = join(folder, 'b.db');
  t.like(await ask(client, 'file/write', { file, q: 'CREATE TABLE t (a)' }), { ok: true });
  const args = { file, q: 'INSERT INTO t VALUES (?)', index_based: [5] };
  t.like(await ask(client, 'file/write_params', args), {
    ok: true,
    res_type: 'RSet',
    res: { is_read_only: false, is_iud: true, rows_changed: 1 },
  });
  t.like(await ask(client, 'file/read', { file, q: 'SELECT a FROM t' }), {
    res: { num_cols: 1, num_rows: 1 },
  });
  t.like(await ask(client, 'files/get_connections', {}), { ok: true, res: [file] });
  t.like(await ask(client, 'files/get_open_txs', {}), { res: { open: [], waiting: [] } });
  t.like(await ask(client, 'file/config/set', { file, timeout: 500 }), { res: { timeout: 500 } });
  t.like(await ask(client, 'file/close', { file }), { res: { closed_txs: 0 } });
  t.like(await ask(client, 'files/close_all', {}), { ok: true });
  const failed = (error_type: string) => ({ ok: false, error: { error_type } });
  const wrong: readonly (readonly [string, object, string])[] = [
    ['tx/nothing', {}, 'ParseError/DataError/InvalidFunction'],
    ['tx/q', { tx_id: 5 }, 'ParseError/DataError/InvalidArgs'],
    ['tx/q_params', { tx_id: 'x', q: 'x' }, 'ParseError/DataError/InvalidArgs'],
    ['config/set', { timeout: 0 }, 'ParseError/DataError/InvalidArgs'],
    ['tx/q', { tx_id: 'x', q: 'x' }, 'TxOp/InvalidTxId'],
    ['file/get_read_tx', { file: '/etc/passwd' }, 'FileOp/FileNotAllowed'],
    ['file/get_read_tx', { file: 'a.db' }, 'FileOp/FileNotAllowed'],
    ['file/get_read_tx', { file: `${folder}/../x.db` }, 'FileOp/FileNotAllowed'],
    ['file/get_read_tx', { file: `${folder}/no/x.db` }, 'FileOp/FileDirectoryDoesNotExist'],
  ];
  for (const [fn, given, type] of wrong) t.like(await ask(client, fn, given), failed(type), fn);
  const events = client.events()[Symbol.asyncIterator]();
  void events.next().catch(() => undefined);
  t.like(JSON.parse(await client.input({ message: '{' })), {
    ret_i_type: 'settled',
    val: { msg: failed('ParseError/ParseError') },
  });
  await events.return?.();
});

test.serial('transactions end with their caller', async (t) => {
  const { bus, file, folder } = await place(t);
  const made = await file().getWriteTx();
  await made.write('CREATE TABLE t (a)');
  await made.commit();
  const client = await connect({ name: bus, timeout: 10_000 }, SmpiService);
  const gone = smpi.newClient(providerOf(client)).newFileRef(join(folder, 'a.db'));
  const lost = await gone.getWriteTx();
  await lost.write('INSERT INTO t VALUES (1)');
  await client.close();
  const next = await file().getWriteTx();
  t.deepEqual((await next.read('SELECT * FROM t')).rows, []);
  await next.commit();
});
