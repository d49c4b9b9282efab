// The package among code that it does not know: a second copy of itself in the process, additions
// to Object.prototype, foreign global objects. Each in a process of its own, where possible.
import { cpSync, symlinkSync } from 'node:fs';
import { join as joinPath } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import type * as Busbar from 'busbar';
import { inProcess, newBus, type Source } from './support/program.js';
import { temporaryFolder } from './support/temporary-folder.js';

const root = fileURLToPath(new URL('../', import.meta.url));

/** The entry of a second copy, as npm installs one when versions differ. */
function secondCopy(t: ExecutionContext): string {
  const folder = temporaryFolder(t);
  for (const part of ['dist', 'package.json']) {
    cpSync(joinPath(root, part), joinPath(folder, part), { recursive: true });
  }
  for (const part of ['node_modules', 'build']) {
    symlinkSync(joinPath(root, part), joinPath(folder, part), 'junction');
  }
  return pathToFileURL(joinPath(folder, 'dist', 'index.js')).href;
}

/** Passes values of one copy to another, and reports the texts of the errors. */
const mixing: Source = async ({ busbar, bus, tell, told }) => {
  const other: typeof Busbar = await import((await told()) as string);
  const box = other.messageBox({ Text: other.text });
  const mine = await busbar.join(bus, { label: 'mine' });
  const its = await other.join(bus, { label: 'its' });
  const attempts: readonly (() => unknown)[] = [
    () => mine.send(other.unicast('its') as never, 1),
    () => mine.send('its', box.Text('x')),
    () => mine.send('its', [{ nested: box.Text('x') }]),
    () => mine.send('its', 1, { regions: [other.MemoryRegion.create(1) as never] }),
    () => mine.send('its', 1, { objects: [other.KernelObject.fromFd(0) as never] }),
    () => busbar.messageBox({ Text: other.text as never }),
    () => busbar.unicast(other.label('its') as never),
    () => busbar.join(bus, { messages: box as never }),
  ];
  const texts: unknown[] = [];
  for (const attempt of attempts) {
    try {
      texts.push(await attempt());
    } catch (error) {
      texts.push((error as Error).message);
    }
  }
  mine.send('its', { plain: 'traffic' });
  const { payload } = await its.recv();
  tell({ texts, payload });
  await Promise.all([mine.close(), its.close()]);
};

test('two copies in one process talk, and name one another’s values in errors', async (t) => {
  const program = inProcess(t, newBus(), mixing);
  program.say(secondCopy(t));
  const { texts, payload } = await program.next<{ texts: string[]; payload: unknown }>();
  for (const text of texts) t.regex(text, /of another copy of this package/);
  t.deepEqual(payload, { plain: 'traffic' });
});

/**
 * Sends to itself by every codec, with additions to Object.prototype as old libraries make them.
 */
const polluted: Source = async ({ busbar, bus, tell }) => {
  for (const [name, value] of Object.entries({ each: () => 1, timeout: undefined, size: 5 })) {
    Object.defineProperty(Object.prototype, name, {
      value,
      enumerable: true,
      writable: true,
      configurable: true,
    });
  }
  const { bytes, json, messagePack, messageType, struct, structuredClone, text } = busbar;
  const box = busbar.messageBox({
    Plain: messagePack('test.plain'),
    Clone: structuredClone('test.clone'),
    Json: json('test.json'),
    Pose: messageType('test.pose', { codec: struct({ x: 'f64' }) }),
    Text: text,
    Bytes: bytes,
  });
  const endpoint = await busbar.join(bus, { label: 'self', messages: box });
  const value = { a: [{ b: 1 }], each: 'mine', e: new Error('e') };
  endpoint.send('self', box.Plain(value), { ttl: 1000 });
  endpoint.send(busbar.multicast('self', { excludeSelf: false }), box.Clone(value));
  endpoint.send('self', box.Json(value), { regions: [busbar.MemoryRegion.create(8)] });
  endpoint.send('self', box.Pose({ x: 1 }));
  endpoint.send('self', box.Text('text'));
  endpoint.send('self', box.Bytes(Uint8Array.of(1)));
  const arrived: unknown[] = [];
  while (arrived.length < 6) {
    const { payload } = await endpoint.recv();
    arrived.push(Object.keys(payload as object).join());
  }
  await endpoint.close();
  tell(arrived);
};

test('what others add to Object.prototype is no option and no payload', async (t) => {
  const program = inProcess(t, newBus(), polluted);
  t.deepEqual(await program.next(), ['a,each,e', 'a,each,e', 'a,each,e', '', '0,1,2,3', '0']);
});
