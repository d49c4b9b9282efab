// What an entry of the package loads, read from what the runtime resolved: the bus loads no layer,
// and no entry loads third-party code that it does not need.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import test from 'ava';

const root = fileURLToPath(new URL('../..', import.meta.url));

// In the loader's own thread, which writes every address that it loads.
const hooks = `
  import { writeSync } from 'node:fs';
  export async function load(url, context, next) {
    writeSync(1, url + '\\n');
    return next(url, context);
  }`;
const toUrl = (source: string) => `data:text/javascript,${encodeURIComponent(source)}`;

/** The files, packages and modules of Node that an import loads: 'dist/join.js', 'yaml', 'node:fs'. */
function loadedBy(entry: string): string[] {
  const register = `import { register } from 'node:module'; register(${JSON.stringify(toUrl(hooks))});`;
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [
      ...['--no-warnings', '--import', toUrl(register)],
      ...['--input-type=module', '--eval', `await import('${entry}');`],
    ],
    { cwd: root, encoding: 'utf8', timeout: 60_000 },
  );
  if (status !== 0) throw new Error(stderr);
  const loaded = stdout.split('\n').flatMap((url) => {
    if (url.startsWith('node:')) return [url];
    const inPackage = /\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1];
    if (inPackage !== undefined) return [inPackage];
    const file = /\/(dist\/.*)$/.exec(url)?.[1];
    return file === undefined ? [] : [file];
  });
  return [...new Set(loaded)];
}

const { exports: entries } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as {
  readonly exports: Readonly<Record<string, unknown>>;
};

/** The packages that each entry may load when it is imported. */
const packages: Readonly<Record<string, readonly string[]>> = {
  '.': [],
  './interface': [],
  './rpc': [],
  './rpc/message-port': [],
  './documents': [],
  './wire': [],
  './wire/browser': [],
  './handlers': [],
  './journal': [],
  './gateway': [],
  './mqtt': [],
  './nats': [],
  './gateway/client': [],
  './sql': [],
  './opentelemetry': [],
};

test('the bus loads no layer', (t) => {
  const loaded = loadedBy('busbar');
  t.true(loaded.includes('dist/join.js'));
  t.deepEqual(
    loaded.filter((file) => file.startsWith('dist/layers/')),
    [],
  );
});

test('calls load no code that reads or writes interfaces as files', (t) => {
  const own = 'dist/layers/interface/';
  const loaded = loadedBy('busbar/rpc').filter((file) => file.startsWith(own));
  t.true(loaded.includes(`${own}entry-values.js`));
  const files = /\/(index|diff|format|print|python|cpp|yaml|stinger|read-(yaml|typescript))/;
  t.deepEqual(
    loaded.filter((file) => files.test(file.slice(own.length - 1))),
    [],
  );
});

test('interfaces load neither the bus nor what only some of them need', (t) => {
  const loaded = loadedBy('busbar/interface');
  t.true(loaded.includes('dist/layers/interface/define.js'));
  t.deepEqual(
    loaded.filter(
      (file) => file.startsWith('dist/') && !/^dist\/(layers\/interface|base)\//.test(file),
    ),
    [],
  );
});

test('documents load neither the bus nor a layer that they do not need', (t) => {
  const loaded = loadedBy('busbar/documents');
  t.true(loaded.includes('dist/layers/documents/index.js'));
  t.deepEqual(
    loaded.filter(
      (file) =>
        file.startsWith('dist/') && !/^dist\/(layers\/(documents|interface)|base)\//.test(file),
    ),
    [],
  );
});

test('calls over a message port load neither the bus nor anything of Node', (t) => {
  const loaded = loadedBy('busbar/rpc/message-port');
  t.true(loaded.includes('dist/layers/rpc/session.js'));
  const known = /^dist\/(base|layers\/(interface|rpc))\//;
  t.deepEqual(
    loaded.filter((name) => !known.test(name)),
    [],
  );
});

test('wires load no bus', (t) => {
  const loaded = loadedBy('busbar/wire');
  t.true(loaded.includes('dist/layers/wire/connect-wire.js'));
  const known = /^(dist\/(base|layers\/(interface|rpc|wire))\/|node:)/;
  t.deepEqual(
    loaded.filter((name) => !known.test(name)),
    [],
  );
});

test('wires of a browser load nothing of Node', (t) => {
  const loaded = loadedBy('busbar/wire/browser');
  t.true(loaded.includes('dist/layers/wire/connect-wire.js'));
  const known = /^dist\/(base|layers\/(interface|rpc|wire))\//;
  t.deepEqual(
    loaded.filter((name) => !known.test(name)),
    [],
  );
});

test('a client of a gateway loads neither the bus nor anything of Node', (t) => {
  const loaded = loadedBy('busbar/gateway/client');
  t.true(loaded.includes('dist/layers/gateway/client/connect-http.js'));
  const known = /^dist\/(base|layers\/(interface|rpc|gateway\/(client\/|entry-client)))/;
  t.deepEqual(
    loaded.filter((name) => !known.test(name)),
    [],
  );
});

for (const entry of Object.keys(entries)) {
  if (entry.endsWith('.json')) continue;
  test(`${entry} loads no third-party code but what it needs`, (t) => {
    const allowed = packages[entry];
    if (allowed === undefined) throw new Error(`say in this test what ${entry} may load`);
    const loaded = loadedBy(entry.replace('.', 'busbar'));
    t.true(loaded.length > 0);
    t.deepEqual(
      loaded.filter((name) => !/^(dist\/|node:)/.test(name) && !allowed.includes(name)),
      [],
    );
  });
}
