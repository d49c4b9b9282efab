// The messages that a box lets through the compiler. Never run: it passes by compiling.
import type { StandardSchemaV1 } from '@standard-schema/spec';
import {
  bytes,
  codecs,
  defineCodec,
  json,
  type MessageBox,
  type MessageType,
  messageBox,
  messageType,
  type Outgoing,
  type PlainBox,
  type Received,
  struct,
  text,
} from 'busbar';
import { same } from './same.js';

interface Point {
  x: number;
  y: number;
}

const Move = messageType<Point>('7b07473e-9659-4d47-a502-8245d71c0078');
const Ping = messageType<undefined>('ping');
const box = messageBox({ Move, Ping, Text: text, Raw: bytes });
type Box = typeof box;

declare function send<B extends MessageBox>(box: B, message: Outgoing<B>): void;
declare const received: Received<Box>;

// A received message narrows by its type.
same<typeof received.type, 'Move' | 'Ping' | 'Text' | 'Raw'>();
switch (received.type) {
  case 'Move':
    same<typeof received.payload, Point>();
    break;
  case 'Ping':
    same<typeof received.payload, undefined>();
    break;
  case 'Text':
    same<typeof received.payload, string>();
    break;
  case 'Raw':
    same<typeof received.payload, Uint8Array>();
    same<typeof received.format, number>();
    break;
  default:
    same<typeof received, never>();
}
// @ts-expect-error Not every payload has an x.
received.payload.x;
// @ts-expect-error No such key.
received.type === 'Stop';

// A message made by the box can be sent, and used as a reply.
send(box, box.Move({ x: 1, y: 2 }));
send(box, box.Text('hello'));
send(box, box.Raw(new Uint8Array(1), { format: 7 }));
send(box, box.Raw(Buffer.from('')));
send(box, box.Ping());
send(box, box.Ping(undefined, { format: 1 }));
same<ReturnType<typeof received.reply>, number>();
received.reply(box.Text('got it'), { ttl: 100 });

// A wrong payload does not compile.
// @ts-expect-error y is missing.
box.Move({ x: 1 });
// @ts-expect-error y is not a number.
box.Move({ x: 1, y: '2' });
// @ts-expect-error z is unknown.
box.Move({ x: 1, y: 2, z: 3 });
// @ts-expect-error A payload is needed.
box.Move();
// @ts-expect-error Text is a string.
box.Text(5);
// @ts-expect-error Raw is a Uint8Array.
box.Raw('text');
// @ts-expect-error Raw is not just any typed array.
box.Raw(new Float32Array(1));
// @ts-expect-error The option is called format.
box.Raw(new Uint8Array(1), { fromat: 7 });
// @ts-expect-error No such key.
box.Stop();

// A message that another box, or no box, made does not compile.
const other = messageBox({ Stop: messageType<Point>('stop'), Text: json<number>('text') });
// @ts-expect-error Stop is not in the box.
send(box, other.Stop({ x: 1, y: 2 }));
// @ts-expect-error Text is a string here.
send(box, other.Text(5));
// @ts-expect-error Not made by a box.
send(box, { type: 'Text', payload: 'hello' });
// @ts-expect-error Not made by a box.
send(box, 'hello');
// @ts-expect-error Not made by the box.
received.reply(other.Stop({ x: 1, y: 2 }));
// @ts-expect-error A box is read-only.
box.Move = box.Text;

// Without a box, any value can be sent, and what is received is unknown.
declare const plainBox: PlainBox;
declare const plainReceived: Received<PlainBox>;
send(plainBox, 'hello');
send(plainBox, { any: ['value'] });
same<Outgoing<PlainBox>, unknown>();
same<typeof plainReceived.type, 'plain'>();
same<typeof plainReceived.payload, unknown>();
// @ts-expect-error Nothing is known about it.
plainReceived.payload.x;

// A box with a type called plain is a box.
const withPlain = messageBox({ plain: text });
// @ts-expect-error Not made by the box.
send(withPlain, 5);
send(withPlain, withPlain.plain('hello'));

// Types without a type argument carry anything; what is received is unknown.
const loose = messageBox({ Anything: messageType('anything'), Json: json('json') });
loose.Anything({ any: 1 });
loose.Json(5);
declare const looseReceived: Received<typeof loose>;
same<typeof looseReceived.payload, unknown>();

// Structs: plain objects or views in, views out.
const Pose = struct({ id: 'u32', serial: 'u64', on: 'bool', name: ['char', 16], at: ['f32', 3] });
const poses = messageBox({ Pose: messageType('pose', { codec: Pose }) });
const pose = { id: 1, serial: 1n, on: true, name: 'arm', at: [1, 2, 3] };
poses.Pose(pose);
poses.Pose({ ...pose, at: Float32Array.of(1, 2, 3) });
poses.Pose(Pose.create({ id: 1 }));
declare const poseReceived: Received<typeof poses>;
same<typeof poseReceived.payload.id, number>();
same<typeof poseReceived.payload.serial, bigint>();
same<typeof poseReceived.payload.on, boolean>();
same<typeof poseReceived.payload.name, string>();
same<typeof poseReceived.payload.at, Float32Array<ArrayBuffer>>();
same<typeof poseReceived.payload.bytes, Uint8Array>();
poseReceived.payload.id = 2;
same<(typeof Pose)['offsets']['serial'], number>();
// @ts-expect-error serial is a bigint.
poses.Pose({ ...pose, serial: 1 });
// @ts-expect-error name is missing.
poses.Pose({ id: 1, serial: 1n, on: true, at: [1, 2, 3] });
// @ts-expect-error No such field.
poseReceived.payload.weight;
// @ts-expect-error No such scalar.
struct({ id: 'u128' });
// @ts-expect-error No arrays of bool.
struct({ flags: ['bool', 3] });

// Schemas: their input type is sent, their output type is received.
declare const schema: StandardSchemaV1<{ at: string }, { at: Date }>;
const Timed = messageType('timed', { schema });
same<typeof Timed, MessageType<{ at: Date }, { at: string }>>();
const timed = messageBox({ Timed });
timed.Timed({ at: '2026-01-01' });
// @ts-expect-error The schema takes a string.
timed.Timed({ at: new Date() });
declare const timedReceived: Received<typeof timed>;
same<typeof timedReceived.payload, { at: Date }>();
messageType('timed', { schema, codec: codecs.json() });
// @ts-expect-error The codec cannot encode the schema's input.
messageType('timed', { schema, codec: codecs.text });

// Codecs: explicit or inferred.
same<ReturnType<typeof codecs.json<Point>>['name'], string>();
messageType<Point>('point', { codec: codecs.json() });
messageType<Point>('point', { codec: codecs.structuredClone() });
// @ts-expect-error Text is not a Point.
messageType<Point>('point', { codec: codecs.text });
const inferred = messageType('point', {
  codec: defineCodec({
    name: 'length',
    encode: (value: string) => Buffer.from(value),
    decode: (encoded) => encoded.length,
  }),
});
same<typeof inferred, MessageType<number, string>>();
