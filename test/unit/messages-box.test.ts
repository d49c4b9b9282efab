// Message types, message boxes, and the endpoint's way through the codecs with its errors.
import type { StandardSchemaV1 } from '@standard-schema/spec';
import test from 'ava';
import { v5 } from 'uuid';
import { StagingArena } from '../../dist/memory/staging-arena.js';
import {
  type BoxEntry,
  boxTable,
  bytes,
  codecs,
  decodePayload,
  encodePayload,
  json,
  type MessageTypes,
  messageBox,
  messagePack,
  messageType,
  messageTypeNamespace,
  OutgoingMessage,
  plain,
  plainBox,
  struct,
  structuredClone,
  text,
  uuidText,
} from '../../dist/messages/index.js';

const invalid = { code: 'ERR_BUSBAR_INVALID_ARGUMENT' } as const;
const uuid = '7b07473e-9659-4d47-a502-8245d71c0078';

function receive(message: OutgoingMessage, entry: BoxEntry = message.entry): unknown {
  const arena = new StagingArena();
  encodePayload(message, arena);
  return decodePayload(entry, arena.source.slice(), arena.start, arena.end, message.format, 7);
}

test('a UUID is taken as it is, a name becomes one', (t) => {
  t.is(messageType(uuid.toUpperCase()).id, uuid);
  t.is(messageType(uuid).name, undefined);
  const named = messageType('com.example.move');
  t.is(named.id, v5('com.example.move', messageTypeNamespace));
  t.is(named.name, 'com.example.move');
  t.is(uuidText(named.idBytes), named.id);
  t.is(named.codec, codecs.messagePack());
  t.true(Object.isFrozen(named));
});

test('the UUIDs of the built-in types are fixed', (t) => {
  t.is(messageTypeNamespace, '034f1c99-ce3f-46d5-b0cd-c96b1f261975');
  t.deepEqual(
    [bytes, text, plain].map(({ id, name }) => [name, id]),
    [
      ['busbar.bytes', '0f12682f-89fc-5180-bbb2-d242e4998f9f'],
      ['busbar.text', 'db3e773c-a534-517d-8f2f-59336324b95e'],
      ['busbar.plain', 'cfcd8a31-b14a-5916-b6b7-4d4c21123408'],
    ],
  );
  t.is(json('a').codec.name, 'json');
  t.is(messagePack('a').codec.name, 'messagepack');
  t.is(structuredClone('a').codec.name, 'structured clone');
});

test('what is neither UUID nor name is refused', (t) => {
  for (const id of [
    '',
    '7b07473e-9659-4d47-a502-8245d71c007',
    '7b07473e-9659-4d47-a502-8245d71c00788',
    '7b07473e-9659-fd47-c502-8245d71c0078',
    '00000000-0000-0000-0000-000000000000',
    'FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF',
    'x'.repeat(1025),
    7,
  ]) {
    t.throws(() => messageType(id as string), invalid, String(id));
  }
  t.throws(() => messageType('a', { kodec: 1 } as object), {
    ...invalid,
    message: /did you mean 'codec'/,
  });
  t.throws(() => messageType('a', { codec: {} } as object), { ...invalid, message: /encode\(\)/ });
  t.throws(() => messageType('a', { schema: {} } as object), {
    ...invalid,
    message: /Standard Schema/,
  });
});

const Move = messageType<{ x: number; y: number }>(uuid);
const box = messageBox({ Move, Text: text, Raw: bytes });
const table = box[boxTable];

test('a box makes messages', (t) => {
  const payload = { x: 1, y: 2 };
  const message = box.Move(payload);
  t.true(message instanceof OutgoingMessage);
  t.is(message.type, 'Move');
  t.is(message.payload, payload);
  t.is(message.format, 0);
  t.is(table.accept(message), message);
  t.is(message.entry.index, 0);
  t.is(box.Raw(new Uint8Array(1), { format: 0xffff }).format, 0xffff);
  t.deepEqual(receive(message), payload);
  t.deepEqual(receive(box.Raw(Uint8Array.of(1, 2))), Uint8Array.of(1, 2));
});

test('the format word has 16 bits', (t) => {
  for (const format of [-1, 65_536, 1.5, '1']) {
    t.throws(() => box.Raw(new Uint8Array(1), { format: format as number }), {
      ...invalid,
      message: /^format is/,
    });
  }
  t.throws(() => box.Raw(new Uint8Array(1), { fromat: 1 } as object), {
    ...invalid,
    message: "unknown option 'fromat' of box.Raw(); did you mean 'format'?",
  });
});

test('the table lists all types in their order', (t) => {
  t.deepEqual(
    table.entries.map(({ index, key, type }) => [index, key, type]),
    [
      [0, 'Move', Move],
      [1, 'Text', text],
      [2, 'Raw', bytes],
    ],
  );
  t.is(table.idBytes().length, 48);
  t.deepEqual(table.idBytes().subarray(16, 32), text.idBytes);
  t.false(table.acceptsPlainValues);
});

test('any string is free as a key, except three', (t) => {
  const odd = messageBox({
    toString: text,
    constructor: bytes,
    hasOwnProperty: Move,
  } as MessageTypes);
  const { toString: make } = odd as unknown as { toString(payload: string): OutgoingMessage };
  t.is(make('x').type, 'toString');
  t.deepEqual(Object.keys(odd), ['toString', 'constructor', 'hasOwnProperty']);
  t.true(Object.isFrozen(odd));
  for (const key of ['then', '', '__proto__']) {
    const wrong = Object.fromEntries([[key, text]]);
    t.throws(() => messageBox(wrong), { ...invalid, message: /key of a message box cannot be/ });
  }
});

test('wrong boxes are refused', (t) => {
  t.throws(() => messageBox({ A: text, B: text }), {
    ...invalid,
    message: `'A' and 'B' of the message box have the same UUID, ${text.id}`,
  });
  t.throws(() => messageBox({ A: messageType(text.id), B: text }), invalid);
  t.throws(() => messageBox({}), { ...invalid, message: /0 types; allowed are 1 to 65535/ });
  t.throws(() => messageBox({ A: 'text' } as never), { ...invalid, message: /'A' .* is "text"/ });
  t.throws(() => messageBox(null as never), invalid);
  const many = Object.fromEntries(
    Array.from({ length: 65_536 }, (_, index) => [`K${index}`, text]),
  );
  t.throws(() => messageBox(many), { ...invalid, message: /65536 types/ });
});

test("a message of another box is accepted as far as its type is this one's, too", (t) => {
  const other = messageBox({ Raw: bytes, Go: Move, Alien: messageType('alien') });
  const message = table.accept(other.Go({ x: 1, y: 2 }));
  t.is(message.type, 'Move');
  t.true(message.entry === table.entries[0]);
  t.is(table.accept(other.Raw(new Uint8Array(1), { format: 9 })).format, 9);
  t.throws(() => table.accept(other.Alien(1)), {
    code: 'ERR_BUSBAR_UNKNOWN_TYPE',
    message: /'Alien'/,
  });
  t.throws(() => table.accept({ type: 'Move', payload: {} }), {
    ...invalid,
    message: 'message is an object; expected one made by the message box, as in box.Move(…)',
  });
});

test('without a box any plain value is a message, but not one made by a box', (t) => {
  const plainTable = plainBox[boxTable];
  for (const value of [1, 'text', null, undefined, { a: [1] }]) {
    const message = plainTable.accept(value);
    t.is(message.type, 'plain');
    t.deepEqual(receive(message), value);
  }
  t.throws(() => plainTable.accept(box.Move({ x: 1, y: 2 })), { code: 'ERR_BUSBAR_UNKNOWN_TYPE' });
});

test('bytes that do not decode throw an error with type and sender', (t) => {
  const error = t.throws(() => decodePayload(box.Text('').entry, Uint8Array.of(0xff), 0, 1, 0, 7), {
    code: 'ERR_BUSBAR_DECODE_FAILED',
  }) as Error & { type?: string; peerId?: number };
  t.is(
    error.message,
    "payload of 'Text' from endpoint 7 is not valid text: the bytes are not valid UTF-8",
  );
  t.is(error.type, 'Text');
  t.is(error.peerId, 7);
  t.true(error.cause instanceof TypeError);
});

test('a codec sees the format word', (t) => {
  const seen: number[] = [];
  const Formatted = messageType('formatted', {
    codec: {
      name: 'formatted',
      encode: (value: Uint8Array, arena) => arena.stage(value, 0, value.length),
      decode: (_source, _start, _end, format): number => {
        seen.push(format);
        return format;
      },
    },
  });
  t.is(receive(messageBox({ Formatted }).Formatted(new Uint8Array(1), { format: 5 })), 5);
  t.deepEqual(seen, [5]);
});

function schema<In, Out>(validate: (value: unknown) => unknown): StandardSchemaV1<In, Out> {
  return {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: validate as StandardSchemaV1<In, Out>['~standard']['validate'],
    },
  };
}

test('a schema validates and transforms what is received', (t) => {
  const Length = messageType('length', {
    schema: schema<string, number>((value) =>
      typeof value === 'string'
        ? { value: value.length }
        : {
            issues: Array.from({ length: 5 }, () => ({
              message: 'no string',
              path: ['a', { key: 0 }],
            })),
          },
    ),
  });
  const { Length: make } = messageBox({ Length });
  t.is(receive(make('four')), 4);
  const error = t.throws(() => receive(make(4 as never)), { code: 'ERR_BUSBAR_SCHEMA_MISMATCH' });
  t.regex(error.message, /fit its schema: a\.0: no string; a\.0: no string; .*and 2 more/);
  t.is((error.cause as unknown[]).length, 5);
});

test('a schema with a codec', (t) => {
  const Point = struct({ x: 'f64' });
  const Checked = messageType('checked', {
    codec: Point,
    schema: schema<{ x: number }, number>((value) => ({ value: (value as { x: number }).x })),
  });
  t.is(receive(messageBox({ Checked }).Checked({ x: 2.5 })), 2.5);
});

test('an asynchronous schema is an error, and so is one that throws', (t) => {
  const later = () => Promise.reject(new Error('nobody sees this'));
  const Later = messageType('later', { schema: schema<unknown, unknown>(later) });
  t.throws(() => receive(messageBox({ Later }).Later(1)), {
    code: 'ERR_BUSBAR_UNSUPPORTED',
    message: "schema of 'Later' is asynchronous; only synchronous ones are supported",
  });
  const own = new Error('own');
  const Thrower = messageType('thrower', {
    schema: schema<unknown, unknown>(() => {
      throw own;
    }),
  });
  const error = t.throws(() => receive(messageBox({ Thrower }).Thrower(1)), {
    code: 'ERR_BUSBAR_SCHEMA_MISMATCH',
  });
  t.is(error.cause, own);
});
