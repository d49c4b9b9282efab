// An observer of the chaos: checks what it sees of each sender, and counts it. observers.ts starts
// it as observer.js <bus> <name> <history file> <bytes of payload> and sends it 'report'.
import { openSync } from 'node:fs';
import { codecs, type ObservedMessage, observe, type SentObservation } from 'busbar';
import { type Happening, note } from './history.js';
import { metadataFault, now, type Payload, stampOf } from './payload.js';
import { Sight } from './sight.js';

const [bus, name, path, payloadBytes] = process.argv.slice(2) as [string, string, string, string];
const history = openSync(path, 'a');
const tell = (happening: Happening) => note(history, happening);
const wrong = (what: string | undefined) => {
  if (what !== undefined) tell({ kind: 'wrong', what });
};

const codec = codecs.messagePack<Payload>();
const sights = new Map<number, Sight>();
const observer = await observe(bus, {
  label: name,
  payloadBytes: Number(payloadBytes),
  timeout: 60_000,
});
const tellPlace = (kind: 'observing' | 'reached', generation: number) =>
  tell({ kind, id: observer.id, generation, at: now() });
tellPlace('observing', observer.generation);
observer.on('controller', ({ generation }) => tellPlace('reached', generation));
observer.on('violation', ({ error }) => wrong(`violation: ${error.message}`));
process.on('message', report);

for await (const seen of observer) {
  const { id, label } = seen.from;
  const sight = sights.get(id) ?? new Sight();
  sights.set(id, sight);
  const fault = sight.take(seen);
  if (fault !== undefined) wrong(`of ${label[0]} (${id}), ${fault}`);
  if (seen.kind === 'lost') continue;
  const payload = payloadOf(seen);
  if (payload === undefined) continue;
  wrong(metadataFault(payload, seen.metadata));
  // One that was gone before its link came has no name.
  const [from = payload.from] = label;
  if (payload.from !== from) wrong(`${stampOf(payload)} was seen as of ${from}`);
  if (seen.kind === 'sent') wrong(receiverFault(payload, seen));
}
wrong('the observer was closed');

// Only if it was copied to its end.
function payloadOf({ payload, bytes, format }: ObservedMessage): Payload | undefined {
  if (payload.length < bytes) return undefined;
  return codec.decode(payload, 0, bytes, format);
}

function receiverFault(payload: Payload, { to, receivers, unicast }: SentObservation) {
  const stamp = stampOf(payload);
  if (unicast === (payload.way === 'all')) return `${stamp} was seen as unicast: ${unicast}`;
  if (unicast && receivers !== 1) return `${stamp} was seen to go to ${receivers}`;
  // One that is gone for long is not known by name.
  const receiver = to[0]?.label[0];
  if (payload.way !== 'direct' || receiver === undefined || receiver === payload.to)
    return undefined;
  return `${stamp} was seen to go to ${receiver}`;
}

function report(): void {
  for (const [from, sight] of sights) {
    if (!sight.changed) continue;
    sight.changed = false;
    tell({ kind: 'observed', from, ...sight.counts });
  }
}
