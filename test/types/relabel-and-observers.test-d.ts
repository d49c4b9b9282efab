// Labels that change and observers, as the compiler sees them. Never run: it passes by compiling.
import {
  type Endpoint,
  type JoinOptions,
  type LostObservation,
  label,
  messageType,
  multicast,
  type Observation,
  type ObserveOptions,
  type Observer,
  observe,
  type Peer,
  type PeerEvent,
  type PlainBox,
  type RelabelOptions,
  raw,
  type SentObservation,
  text,
  type UndeliveredObservation,
} from 'busbar';
import { same } from './same.js';

declare const endpoint: Endpoint<PlainBox>;

// A label as in join(), and a call that can be given up.
same<ReturnType<typeof endpoint.relabel>, Promise<void>>();
same<Parameters<typeof endpoint.relabel>[0], string | readonly string[]>();
same<RelabelOptions['timeout'], number | undefined>();
await endpoint.relabel('busy', { timeout: 5, signal: AbortSignal.abort() });
await endpoint.relabel(['renderer', 'busy'] as const);
// @ts-expect-error a label has strings
await endpoint.relabel([7]);
// @ts-expect-error there is no label without one
await endpoint.relabel();
// @ts-expect-error others change their labels themselves
endpoint.label = ['busy'];
// @ts-expect-error as above
endpoint.label.push('busy');

endpoint.on('peer', (event) => {
  same<typeof event, PeerEvent>();
  same<typeof event.change, 'joined' | 'left' | 'relabelled'>();
  same<typeof event.formerLabel, readonly string[] | undefined>();
});

// Who matches, and who observes.
same<ReturnType<typeof endpoint.matches>, readonly Peer[]>();
same<typeof endpoint.observers, readonly Peer[]>();
endpoint.matches('renderer & !busy');
endpoint.matches(multicast(label('renderer').and(label('busy').not())));
same<JoinOptions['observable'], boolean | undefined>();

const Move = messageType<number>('com.example.move');
const observer = await observe('com.example.solar', {
  match: label('planet').not(),
  types: [Move, text, 'com.example.stay'],
  payloadBytes: 64,
  label: ['tap'],
});
same<typeof observer, Observer>();
const options: ObserveOptions = { match: 'planet & !test', timeout: 5 };
void observe('com.example.solar', options);
// @ts-expect-error conditions on labels, not one peer
void observe('com.example.solar', { match: endpoint.peers[0] });
// @ts-expect-error a message is no type
void observe('com.example.solar', { types: [raw] });
// @ts-expect-error an observer sends nothing
observer.send('planet', 1);
// @ts-expect-error and has no label to be matched by
void observer.relabel('x');

// Observations are told apart by their kind.
for await (const seen of observer) {
  same<typeof seen, Observation>();
  same<typeof seen.kind, 'sent' | 'undelivered' | 'lost'>();
  same<typeof seen.from, Peer>();
  if (seen.kind === 'lost') {
    same<typeof seen, LostObservation>();
    same<typeof seen.count, number>();
    // @ts-expect-error of what is lost, nothing else is known
    void seen.payload;
    continue;
  }
  same<typeof seen.payload, Uint8Array>();
  same<typeof seen.metadata, Uint8Array | undefined>();
  same<typeof seen.replyTo, number | undefined>();
  same<typeof seen.time, number>();
  if (seen.kind === 'sent') {
    same<typeof seen, SentObservation>();
    same<typeof seen.to, readonly Peer[]>();
  } else {
    same<typeof seen, UndeliveredObservation>();
    same<typeof seen.to, Peer | undefined>();
    same<typeof seen.reason, string>();
  }
  // @ts-expect-error what was seen stays what it is
  seen.time = 0;
}
await using closing = observer;
void closing;
