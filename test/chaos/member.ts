// One member of the chaos: sends in every way to all members present, changes its label, and notes
// everything that happens. director.ts starts it as member.js <bus> <name> <history file> <seed>
// and sends it 'quiet', 'leave' and 'resources'.
import { fstatSync, openSync, readdirSync } from 'node:fs';
import { devNull } from 'node:os';
import {
  BusError,
  type Endpoint,
  join,
  KernelObject,
  type MemoryRegion,
  MemoryRegistry,
  type PlainBox,
  type Received,
} from 'busbar';
import { type Happening, note, type Way } from './history.js';
import { labelOf, revisionOf, settledRevision } from './labels.js';
import { metadataFault, metadataOf, now, type Payload, stampOf } from './payload.js';
import { Pulse } from './pulse.js';
import { Random } from './random.js';
import { Relabelling } from './relabelling.js';
import { transmit } from './transmit.js';

const [bus, name, path, seed] = process.argv.slice(2) as [string, string, string, string];
const history = openSync(path, 'a');
const random = new Random(Number(seed));
const tell = (happening: Happening) => note(history, happening);
const wrong = (what: string | undefined) => {
  if (what !== undefined) tell({ kind: 'wrong', what });
};

/** Milliseconds between two bursts, and messages per burst. */
const pause = 4;
const burst = 8;
const regionBytes = 16_384;
/** Shares of all messages. */
const withRegion = 0.2;
const withObject = 0.05;
const withBulk = 0.05;
const withMetadata = 0.5;
const mostMetadata = 240;
/** Of all bursts, those that look at a label first. */
const withLook = 0.2;

const registry = new MemoryRegistry({ maxBytes: 64 * regionBytes });
const object = KernelObject.fromFd(openSync(devNull, 'r'), { takeOver: true });
const counts = new Map<string, number>();
const pulse = new Pulse();
let quiet = false;

/** The number of the next message of this kind. */
function next(key: string): number {
  const n = (counts.get(key) ?? 0) + 1;
  counts.set(key, n);
  return n;
}

const endpoint = await join(bus, {
  label: labelOf(name, 0, true),
  // Small rings fill: messages queue, and observers lose copies.
  ringBytes: random.chance(0.5) ? 16_384 : undefined,
  timeout: 60_000,
});
tell({ kind: 'joined', id: endpoint.id, generation: endpoint.generation, at: now() });
const relabelling = new Relabelling({ endpoint, name, history: path, random, wrong });
endpoint.on('controller', ({ generation, peer, gapMs }) => {
  if (peer !== undefined) tell({ kind: 'controller', generation, id: peer.id, gapMs });
});
endpoint.on('undelivered', ({ payload, metadata }) => {
  const { way, to, n } = payload as Payload;
  wrong(metadataFault(payload as Payload, metadata));
  tell({ kind: 'undelivered', way, to, n });
});
for (const event of ['violation', 'rejected', 'unknown'] as const) {
  endpoint.on(event, (told: object) => wrong(`${event} ${JSON.stringify(told)}`));
}
endpoint.on('message', (message) => {
  const payload = message.payload as Payload;
  check(payload, message.regions, message.objects);
  wrong(metadataFault(payload, message.metadata));
  wrong(relabelling.faultOf(payload));
  if (pulse.beat()) checkSender(payload, message);
  message.close();
  tell({ kind: 'received', way: payload.way, from: payload.from, n: payload.n });
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
      wrong(`${stampOf(payload)} came with the region of ${stamp}`);
    }
  }
  for (const { fd } of objects) {
    if (!fstatSync(fd).isCharacterDevice()) wrong('another object came');
  }
}

// All have seen the revision in the payload before the message was sent. Of a sender that is gone,
// the label is known that was seen last.
function checkSender(payload: Payload, { from }: Received<PlainBox>): void {
  const listed = endpoint.peers.find(({ id }) => id === from.id);
  if (listed === undefined) return;
  for (const [where, { label }] of Object.entries({ from, listed })) {
    const revision = revisionOf(label);
    if (revision !== undefined && revision >= payload.revision) continue;
    wrong(`${stampOf(payload)}: ${where} r${revision}, which was r${payload.revision} before`);
  }
}

// A label must not be older than its member's witness was before the look.
function look(own: Endpoint<PlainBox>, peer: string): void {
  const settled = settledRevision(path.replace(`${name}.jsonl`, `${peer}.jsonl`));
  if (!pulse.beat()) return;
  const [matching] = own.matches(`"${peer}"`);
  const listed = own.peers.find(({ label }) => label[0] === peer);
  for (const seen of [matching, listed]) {
    const revision = revisionOf(seen?.label ?? []);
    if (revision === undefined || revision >= settled) continue;
    wrong(`${peer} is seen as r${revision}, although r${settled} was seen by all`);
  }
}

function send(own: Endpoint<PlainBox>): void {
  const others = own.peers.filter(({ label }) => label.includes('member'));
  const other = others[random.below(others.length)];
  if (other === undefined) return;
  const peer = other.label[0] as string;
  if (random.chance(withLook)) look(own, peer);
  const ways = ['direct', 'direct', 'direct', 'group', 'free', 'all', 'handled'] as const;
  const way = ways[random.below(ways.length)] as Way;
  const to = way === 'direct' ? peer : '';
  const payload: Payload = {
    way,
    from: name,
    to,
    n: next(`${way} ${to}`),
    metadata: random.chance(withMetadata) ? 1 + random.below(mostMetadata) : 0,
    revision: relabelling.shown,
    sentAt: pulse.beat() ? now() : 0,
    fill: random.chance(withBulk) ? 'x'.repeat(random.below(300_000)) : '',
  };
  const regions = random.chance(withRegion) ? stamped(payload) : [];
  const objects = random.chance(withObject) ? [object] : [];
  const { n } = payload;
  tell({ kind: 'sending', way, to, n });
  try {
    transmit(own, payload, { regions, objects, metadata: metadataOf(payload) }, other.id, {
      sent: () => tell({ kind: 'sent', way, to, n }),
      refused: () => tell({ kind: 'refused', way, to, n }),
      delivered: () => tell({ kind: 'delivered', n }),
      wrong,
    });
  } catch (error) {
    // Refused: it was never sent, and its number can be used again.
    if (!(error instanceof BusError)) throw error;
    counts.set(`${way} ${to}`, n - 1);
    tell({ kind: 'refused', way, to, n });
  } finally {
    for (const region of regions) region.release();
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
  pulse.beat();
  if (quiet) return;
  for (let i = random.below(burst); i > 0; i--) send(endpoint);
}, pause);
void relabelling.run();

process.on('message', (order) => {
  quiet = true;
  relabelling.end();
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
  const { rerouted, undelivered } = endpoint.counters;
  tell({
    kind: 'resources',
    regions: registry.stats.inUse,
    // Not available on Windows.
    open: process.platform === 'win32' ? 0 : readdirSync('/proc/self/fd').length,
    relabelling: relabelling.pending,
    rerouted,
    undelivered,
  });
}
