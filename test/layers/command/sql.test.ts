// The command `sql`, as a shell runs it.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import test from 'ava';
import { Stage } from './support/command.js';
import { databaseServer } from './support/database-server.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const ajv = new Ajv({ strict: true, allowUnionTypes: true });
ajv.addSchema(JSON.parse(readFileSync(`${root}schemas/command.json`, 'utf8')), 'command');

test('sql runs statements and scripts, and shows changes', async (t) => {
  const stage = new Stage(t);
  const bus = await databaseServer(t, stage);
  const onBus = ['--bus', bus];
  const script =
    "create table t (a, b); insert into t values (1, null), (9007199254740993, x'00ff')";
  t.is((await stage.run(['sql', 'app', ...onBus], { input: script })).code, 0);
  const rows = await stage.json('sql', 'app', 'select a, b from t', ...onBus);
  for (const row of rows) t.true(ajv.validate('command#/definitions/sql', row));
  t.deepEqual(rows, [
    { a: 1, b: null },
    { a: '9007199254740993', b: 'AP8=' },
  ]);
  const tabs = await stage.busbar('sql', 'app', 'select b, a from t where a = ?', '1', ...onBus);
  t.is(tabs.out, '\t1\n');
  const [changed] = await stage.json('sql', 'app', 'insert into t (b) values (?)', "o'x", ...onBus);
  t.deepEqual(changed, { changes: 1 });
  const wrong = await stage.busbar('sql', 'app', 'selct 1', ...onBus);
  t.is(wrong.code, 1);
  t.regex(wrong.err, /syntax error/);
  const refused = await stage.busbar('sql', 'app', 'delete from t', '--read-only', ...onBus);
  t.is(refused.code, 1);
  t.regex(refused.err, /reading only/);
  const misused = await stage.busbar('sql', 'app', 'select 1', '--watch', 't', ...onBus);
  t.is(misused.code, 2);
});
