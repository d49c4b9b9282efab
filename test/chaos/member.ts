// One member of the chaos: sends in every way to all members present, and notes everything that
// happens. director.ts starts it as member.js <bus> <name> <history file> <seed> and sends it
// 'quiet', 'leave' and 'resources'.
import { fstatSync, openSync, readdirSync } from 'node:fs';
import { devNull } from 'node:os';
import {
  BusError,
  type Endpoint,
  join,
  KernelObject,
  type MemoryRegion,
  MemoryRegistry,
  multicast,
  type PlainBox,
  unicast,
} from 'busbar';
import { type Happening, note, type Way } from './history.js';
import { Random } from './random.js';

const [bus, name, path, seed] = process.argv.slice(2) as [string, string, string, string];
const history = openSync(path, 'a');
const random = new Random(Number(seed));
const tell = (happening: Happening) => note(history, happening);

interface Payload {
  readonly way: Way;
  readonly from: string;
  readonly to: string;
  readonly n: number;
  readonly fill?: string;
}

/** Milliseconds between two bursts, and messages per burst. */
const pause = 4;
const burst = 8;
const regionBytes = 16_384;
/** Shares of all messages. */
const withRegion = 0.2;
const withObject = 0.05;
const withBulk = 0.05;

const registry = new MemoryRegistry({ maxBytes: 64 * regionBytes });
const object = KernelObject.fromFd(openSync(devNull, 'r'), { takeOver: true });
const counts = new Map<string, number>();
let quiet = false;

/** The number of the next message of this kind. */
function next(key: string): number {
  const n = (counts.get(key) ?? 0) + 1;
  counts.set(key, n);
  return n;
}

const endpoint = await join(bus, { label: [name, 'member'], timeout: 60_000 });
tell({ kind: 'joined', id: endpoint.id });
endpoint.on('controller', ({ generation, peer, gapMs }) => {
  if (peer !== undefined) tell({ kind: 'controller', generation, id: peer.id, gapMs });
});
endpoint.on('undelivered', ({ payload }) => {
  const { way, to, n } = payload as Payload;
  tell({ kind: 'undelivered', way, to, n });
});
for (const event of ['violation', 'rejected', 'unknown'] as const) {
  endpoint.on(event, (told: object) => {
    tell({ kind: 'wrong', what: `${event} ${JSON.stringify(told)}` });
  });
}
endpoint.on('message', (message) => {
  const { way, from, n } = message.payload as Payload;
  check(message.payload as Payload, message.regions, message.objects);
  message.close();
  tell({ kind: 'received', way, from, n });
});

// A region must carry its message's own stamp: one that was reused too early has another stamp.
function check(
  payload: Payload,
  regions: readonly MemoryRegion[],
  objects: readonly KernelObject[],
): void {
  for (const region of regions) {
    const stamp = Buffer.from(region.copy(0, 64)).toString('utf8');
    if (!stamp.startsWith(`${stampOf(payload)};`)) {
      tell({ kind: 'wrong', what: `${stampOf(payload)} came with the region of ${stamp}` });
    }
  }
  for (const { fd } of objects) {
    if (!fstatSync(fd).isCharacterDevice()) tell({ kind: 'wrong', what: 'another object came' });
  }
}

const stampOf = ({ way, from, to, n }: Payload) => `${way} ${from} ${to} ${n}`;

function send(own: Endpoint<PlainBox>): void {
  const others = own.peers.filter(({ label }) => label.includes('member'));
  const other = others[random.below(others.length)];
  if (other === undefined) return;
  const way = (['direct', 'direct', 'direct', 'group', 'all', 'handled'] as const)[
    random.below(6)
  ] as Way;
  const to = way === 'direct' ? (other.label[0] as string) : '';
  const n = next(`${way} ${to}`);
  const fill = random.chance(withBulk) ? 'x'.repeat(random.below(300_000)) : '';
  const payload: Payload = { way, from: name, to, n, fill };
  const regions = random.chance(withRegion) ? stamped(payload) : [];
  const objects = random.chance(withObject) ? [object] : [];
  tell({ kind: 'sending', way, to, n });
  try {
    transmit(own, payload, { regions, objects });
  } catch (error) {
    // Refused: it was never sent, and its number can be used again.
    if (!(error instanceof BusError)) throw error;
    counts.set(`${way} ${to}`, n - 1);
    return;
  } finally {
    for (const region of regions) region.release();
  }
  tell({ kind: 'sent', way, to, n });
}

function transmit(
  own: Endpoint<PlainBox>,
  payload: Payload,
  attachments: { regions: MemoryRegion[]; objects: KernelObject[] },
): void {
  switch (payload.way) {
    case 'direct':
      own.send(unicast(payload.to), payload, attachments);
      return;
    case 'group':
      own.send(unicast(`member & !"${name}"`), payload, attachments);
      return;
    case 'all':
      own.send(multicast(`member & !"${name}"`), payload, attachments);
      return;
    case 'handled':
      own
        .deliver(unicast(`member & !"${name}"`), payload, {
          ...attachments,
          acknowledge: 'handled',
        })
        .then(
          () => tell({ kind: 'delivered', n: payload.n }),
          () => undefined,
        );
  }
}

function stamped(payload: Payload): MemoryRegion[] {
  try {
    const region = registry.alloc(regionBytes);
    region.write(Buffer.from(`${stampOf(payload)};`));
    return [region];
  } catch {
    // All regions are in flight: send without one.
    return [];
  }
}

const sending = setInterval(() => {
  if (quiet) return;
  for (let i = random.below(burst); i > 0; i--) send(endpoint);
}, pause);

process.on('message', (order) => {
  quiet = true;
  if (order === 'leave') void leave();
  if (order === 'resources') resources();
});

async function leave(): Promise<void> {
  clearInterval(sending);
  let abandoned = 0;
  await endpoint.close({ linger: 20_000 }).catch((error: unknown) => {
    abandoned = 1;
    if (!(error instanceof BusError)) throw error;
  });
  tell({ kind: 'left', abandoned });
  process.exit(0);
}

function resources(): void {
  registry.maintain(2 ** 31 - 1);
  tell({
    kind: 'resources',
    regions: registry.stats.inUse,
    // Not available on Windows.
    open: process.platform === 'win32' ? 0 : readdirSync('/proc/self/fd').length,
  });
}
