// Metadata and receipts, as the compiler sees them. Never run: it passes by compiling.
import {
  type Endpoint,
  messageBox,
  type PlainBox,
  type ReceivedMessage,
  type ReplyOptions,
  raw,
  type SendDiagnostics,
  type SendOptions,
  type SendReceipt,
  text,
  type UndeliveredEvent,
} from 'busbar';
import { same } from './same.js';

declare const endpoint: Endpoint<PlainBox>;
const metadata = new Uint8Array(240);

same<SendOptions['metadata'], Uint8Array | undefined>();
same<ReplyOptions['metadata'], Uint8Array | undefined>();
same<UndeliveredEvent['metadata'], Uint8Array | undefined>();
same<SendDiagnostics['metadata'], Uint8Array | undefined>();
endpoint.send('x', 1, { metadata });
endpoint.send('x', 1, { metadata: undefined });
endpoint.send('x', 1, { metadata: Buffer.from('trace') });
void endpoint.sendWhenReady('x', 1, { metadata, timeout: 5 });
void endpoint.deliver('x', 1, { metadata, acknowledge: 'handled' });
// @ts-expect-error bytes, not text
endpoint.send('x', 1, { metadata: 'trace' });
// @ts-expect-error bytes, not an array of numbers
endpoint.send('x', 1, { metadata: [1, 2] });

const receipt = endpoint.sendWithReceipt('x', 1, { metadata, ttl: 5, whenFull: 'drop' });
same<typeof receipt, SendReceipt>();
same<typeof receipt.id | typeof receipt.receivers, number>();
same<typeof receipt.peerId, number | undefined>();
const later = endpoint.sendWhenReadyWithReceipt('x', 1, { metadata, signal: AbortSignal.abort() });
same<typeof later, Promise<SendReceipt>>();
// @ts-expect-error a receipt does not change
receipt.id = 7;
// @ts-expect-error it waits, whatever the endpoint's policy is
void endpoint.sendWhenReadyWithReceipt('x', 1, { whenFull: 'drop' });

const message = await endpoint.recv();
same<typeof message.metadata, Uint8Array | undefined>();
message.reply(1, { metadata: message.metadata, format: 3 });
// @ts-expect-error what was received stays what it is
message.metadata = metadata;

const box = messageBox({ Note: text });
declare const typed: Endpoint<typeof box>;
same<SendReceipt, ReturnType<typeof typed.sendWithReceipt>>();
typed.sendWithReceipt('x', box.Note('y'));
// @ts-expect-error only messages of the box
typed.sendWithReceipt('x', 'y');
declare const note: ReceivedMessage<'Note', string, typeof box>;
same<typeof note.metadata, Uint8Array | undefined>();

// The raw box passes it on beside its content.
declare const relay: Endpoint<typeof raw>;
for await (const { payload, metadata: beside } of relay) {
  relay.send('x', raw.message(payload), { metadata: beside });
}
