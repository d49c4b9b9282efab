// Objects of many messages that are sent in one turn travel together: each arrives with its own
// message, whatever is sent between, and whoever dies.
import { openSync, readSync, writeFileSync } from 'node:fs';
import { join as joinPath } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { type Endpoint, KernelObject, multicast, type PlainBox } from 'busbar';
import { inProcess, joined, newBus, type Source } from './support/program.js';
import { temporaryFolder } from './support/temporary-folder.js';

const count = 200;

/** Objects that read as their numbers, one for each message. */
function numbered(t: ExecutionContext): KernelObject[] {
  const folder = temporaryFolder(t);
  const objects = Array.from({ length: count }, (_, n) => {
    const path = joinPath(folder, String(n));
    writeFileSync(path, String(n));
    return KernelObject.fromFd(openSync(path, 'r'), { takeOver: true });
  });
  t.teardown(() => {
    for (const object of objects) object.close();
  });
  return objects;
}

function contentOf(object: KernelObject | undefined): string {
  const buffer = Buffer.alloc(16);
  return buffer.toString('utf8', 0, readSync(object?.fd ?? -1, buffer, 0, 16, 0));
}

/** Reports number and content of each message with an object; is killed at the message of `last`. */
const reading: Source = async ({ busbar, bus, tell, told }) => {
  const { readSync } = await import('node:fs');
  const endpoint = await busbar.join(bus, { label: 'reading' });
  tell('joined');
  const last = await told();
  const seen: [unknown, string][] = [];
  for await (const message of endpoint) {
    const [object] = message.objects;
    const buffer = Buffer.alloc(16);
    if (object !== undefined)
      seen.push([
        message.payload,
        buffer.toString('utf8', 0, readSync(object.fd, buffer, 0, 16, 0)),
      ]);
    message.close();
    if (message.payload === last) process.kill(process.pid, 'SIGKILL');
    if (message.payload === 'end') tell(seen.splice(0));
  }
};

const expected = Array.from({ length: count }, (_, n) => [n, String(n)]);

/** Sends all in as few turns as there is room for. */
async function sendAll(
  endpoint: Endpoint<PlainBox>,
  objects: readonly KernelObject[],
  send: (n: number) => void,
): Promise<void> {
  for (let n = 0; n < objects.length; ) {
    try {
      for (; n < objects.length; n++) send(n);
    } catch (error) {
      if ((error as { code?: string }).code !== 'ERR_BUSBAR_QUEUE_FULL') throw error;
      await endpoint.drained();
    }
  }
}

test('each message of a burst has its own object', async (t) => {
  const bus = newBus();
  const program = inProcess(t, bus, reading);
  await program.next();
  program.say('none');
  const sender = await joined(t, bus);
  const objects = numbered(t);
  for (let round = 0; round < 3; round++) {
    await sendAll(sender, objects, (n) =>
      sender.send('reading', n, { objects: [objects[n] as KernelObject] }),
    );
    sender.send('reading', 'end');
    t.deepEqual(await program.next(), expected);
  }
});

test('messages without objects and large ones keep their places in a burst', async (t) => {
  const bus = newBus();
  const receiver = await joined(t, bus, { label: 'reading' });
  const sender = await joined(t, bus);
  const objects = numbered(t);
  const large = Buffer.alloc(300_000);
  await sendAll(sender, objects, (n) => {
    sender.send('reading', n, {
      objects: [objects[n] as KernelObject],
    });
    if (n % 3 === 0) sender.send('reading', `plain ${n}`);
    if (n % 50 === 0) sender.send('reading', large);
  });
  let next = 0;
  for (;;) {
    const message = await receiver.recv();
    const payload: unknown = message.payload;
    if (typeof payload === 'number') {
      t.is(payload, next++);
      t.is(contentOf(message.objects[0]), String(payload));
    } else if (typeof payload === 'string') {
      t.is(payload, `plain ${next - 1}`);
    } else {
      t.is((payload as Uint8Array).length, large.length);
    }
    message.close();
    if (next === count) break;
  }
});

test('a multicast burst reaches two processes, with the objects of each message', async (t) => {
  const bus = newBus();
  const programs = [inProcess(t, bus, reading), inProcess(t, bus, reading)];
  for (const program of programs) {
    await program.next();
    program.say('none');
  }
  const sender = await joined(t, bus);
  await sender.waitFor('reading', { count: 2 });
  const objects = numbered(t);
  const to = multicast('reading');
  await sendAll(sender, objects, (n) =>
    sender.send(to, n, { objects: [objects[n] as KernelObject] }),
  );
  sender.send(to, 'end');
  for (const program of programs) t.deepEqual(await program.next(), expected);
});

for (const last of [0, 3, 4, 30, 100]) {
  test(`a receiver is killed at message ${last} of a burst: the next one gets the others`, async (t) => {
    const bus = newBus();
    const sender = await joined(t, bus);
    const program = inProcess(t, bus, reading);
    await program.next();
    const objects = numbered(t);
    for (const [n, object] of objects.entries()) {
      sender.send('reading', n, { objects: [object], ttl: 60_000 });
    }
    program.say(last);
    await program.ended;
    const heir = await joined(t, bus, { label: 'reading' });
    for (let n = last + 1; n < count; n++) {
      const message = await heir.recv();
      t.is(message.payload, n);
      t.is(contentOf(message.objects[0]), String(n));
      message.close();
    }
    t.is(sender.counters.undelivered, 0);
  });
}
