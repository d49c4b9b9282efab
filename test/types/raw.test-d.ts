// What the raw box allows the compiler to pass. Never run: it passes by compiling.
import {
  type Endpoint,
  join,
  messageBox,
  type Outgoing,
  type OutgoingMessage,
  type RawBox,
  type RawContent,
  type Received,
  raw,
  text,
} from 'busbar';
import { same } from './same.js';

const box = messageBox({ Note: text });
const endpoint = await join('com.example.solar', { messages: raw, label: 'recorder' });
same<typeof endpoint, Endpoint<RawBox>>();
same<Outgoing<RawBox>, OutgoingMessage>();
same<Outgoing<typeof box>, OutgoingMessage<'Note', string>>();

// A received message has its type as a UUID, and its content.
declare const received: Received<RawBox>;
same<typeof received.type, string>();
same<typeof received.payload, RawContent>();
same<typeof received.payload.bytes, Uint8Array>();
for await (const { payload } of endpoint) {
  same<typeof payload, RawContent>();
  // It can be sent as it is.
  endpoint.send('moon', raw.message(payload));
}

// So can the messages of other boxes, and as an answer.
endpoint.send('moon', box.Note('hello'), { ttl: 10 });
received.reply(raw.message({ typeId: text.id, bytes: new Uint8Array() }));
received.reply(box.Note('hello'));

// @ts-expect-error a plain value is no message
endpoint.send('moon', 'hello');
// @ts-expect-error nor is a content without raw.message()
endpoint.send('moon', received.payload);
// @ts-expect-error the type is missing
raw.message({ bytes: new Uint8Array() });
// @ts-expect-error bytes are no text
raw.message({ typeId: text.id, bytes: 'text' });
// @ts-expect-error the bytes are read only as a whole
received.payload.bytes = new Uint8Array();

// An endpoint with a typed box does not send raw messages.
const typed = await join('com.example.solar', { messages: box });
// @ts-expect-error the box has no such message
typed.send('moon', raw.message({ typeId: text.id, bytes: new Uint8Array() }));

// The peers that match.
for (const { id, label } of endpoint.matches('moon')) {
  same<typeof id, number>();
  same<typeof label, readonly string[]>();
}
