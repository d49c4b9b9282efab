// The frames of wires: whole from any pieces of bytes, and whatever a peer writes, an error at the
// most, and no more memory than the limit.
import { isDeepStrictEqual } from 'node:util';
import test from 'ava';
import { codecs, StagingArena } from 'busbar';
import { WireError } from 'busbar/wire';
import fc from 'fast-check';
import { ByteWriter } from '../../dist/layers/wire/frames/byte-writer.js';
import { isJsonTooDeep, isPackTooDeep } from '../../dist/layers/wire/frames/depth.js';
import { readMessage } from '../../dist/layers/wire/frames/frame.js';
import { readMessagePack, writeMessagePack } from '../../dist/layers/wire/frames/message-pack.js';
import { bytesOfType, textOfType } from '../../dist/layers/wire/frames/types.js';
import { decodeCobs, encodeCobs } from '../../dist/layers/wire/framing/cobs.js';
import { crc32c } from '../../dist/layers/wire/framing/crc32c.js';
import { LengthReader, lengthFraming } from '../../dist/layers/wire/framing/length.js';
import { PacketReader, writePacket } from '../../dist/layers/wire/framing/packets.js';
import { parseOffers, readHello, writeHello } from '../../dist/layers/wire/hello.js';
import { limitsOf } from '../../dist/layers/wire/limits.js';

const maxBytes = 1000;

/** The frames that a reader finds in pieces. */
function framesIn(pieces: readonly Uint8Array[], limit = maxBytes): number[][] {
  const frames: number[][] = [];
  const reader = new LengthReader(limit);
  const sink = {
    frame: (frame: Uint8Array) => frames.push([...frame]),
  };
  for (const piece of pieces) reader.push(piece, sink);
  return frames;
}

function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const sorted = [...places.map((place) => place % (bytes.length + 1)), 0, bytes.length].sort(
    (a, b) => a - b,
  );
  return sorted.slice(1).map((end, index) => bytes.slice(sorted[index], end));
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

const frame = fc.uint8Array({ minLength: 1, maxLength: maxBytes });

test('frames are found wherever their bytes are cut', (t) => {
  const property = fc.property(
    fc.array(frame, { maxLength: 8 }),
    fc.array(fc.nat(), { maxLength: 20 }),
    (frames, places) => {
      const bytes = joined(frames.map(lengthFraming.wrap));
      const expected = frames.map((each) => [...each]);
      t.true(isDeepStrictEqual(framesIn(cut(bytes, places)), expected));
    },
  );
  fc.assert(property, { numRuns: 500 });
});

test('frames are found byte by byte', (t) => {
  const property = fc.property(fc.array(frame, { maxLength: 4 }), (frames) => {
    const bytes = joined(frames.map(lengthFraming.wrap));
    const pieces = Array.from(bytes, (byte) => Uint8Array.of(byte));
    t.true(
      isDeepStrictEqual(
        framesIn(pieces),
        frames.map((each) => [...each]),
      ),
    );
  });
  fc.assert(property, { numRuns: 50 });
});

test('bytes of anybody are frames or a WireError, and wait within the limit', (t) => {
  const piece = fc.uint8Array({ maxLength: 200 });
  const property = fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
    const reader = new LengthReader(maxBytes);
    try {
      for (const each of pieces) {
        reader.push(each, { frame: () => undefined });
        t.true(reader.waiting <= maxBytes + 4);
      }
    } catch (error) {
      t.true(error instanceof WireError);
    }
  });
  fc.assert(property, { numRuns: 1000 });
});

test('a length is refused as soon as it is there, and takes no memory', (t) => {
  const reader = new LengthReader(maxBytes);
  const sink = { frame: () => undefined };
  reader.push(Uint8Array.of(0xff, 0xff, 0xff), sink);
  t.throws(() => reader.push(Uint8Array.of(0x7f), sink), { code: 'FRAME_TOO_LARGE' });
  t.throws(() => new LengthReader(maxBytes).push(new Uint8Array(4), sink), {
    code: 'FRAME_MALFORMED',
  });
});

test('a frame that is begun holds what has come of it, not the pieces that it came in', (t) => {
  const reader = new LengthReader(maxBytes);
  const sink = { frame: () => undefined };
  const large = new Uint8Array(1024 * 1024);
  large[0] = 100;
  for (let count = 0; count < 50; count++) reader.push(large.subarray(count, count + 1), sink);
  t.is(reader.waiting, 50);
});

test('a message of anybody is read or malformed', (t) => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.uint8Array({ minLength: 36, maxLength: 300 }),
  );
  const property = fc.property(bytes, (message) => {
    try {
      const { id, replyTo, payload, metadata } = readMessage(message);
      t.true(Number.isSafeInteger(id) && Number.isSafeInteger(replyTo));
      t.is(36 + payload.length + (metadata?.length ?? 0), message.length);
    } catch (error) {
      t.is((error as WireError).code, 'FRAME_MALFORMED');
    }
  });
  fc.assert(property, { numRuns: 2000 });
});

test('a hello of anybody is read or refused', (t) => {
  const start = fc.constantFrom([4, 0x42, 0x42, 0x57, 0x52, 1], [4, 0x42, 0x42, 0x57, 0x52, 0], []);
  const json = fc.json().map((text) => [...new TextEncoder().encode(text)]);
  const rest = fc.oneof(json, fc.array(fc.nat({ max: 255 })));
  const property = fc.property(start, rest, (head, content) => {
    const bytes = Uint8Array.from([...head, ...content]);
    t.regex(
      codeOf(() => readHello(bytes)),
      /^(NOT_A_WIRE|WIRE_VERSION|none)$/,
    );
    t.regex(
      codeOf(() => parseOffers(Uint8Array.from([5, ...content]))),
      /^(NOT_A_WIRE|none)$/,
    );
  });
  fc.assert(property, { numRuns: 2000 });
});

test('a hello says what its writer is', (t) => {
  const offers = [{ name: 'com.example.x', version: '1.2', hash: 'ab' }];
  const said = { offers, token: 'secret', answerOnly: true, halfDuplex: false };
  const bytes = writeHello(limitsOf({ frameBytes: 5000 }), said);
  t.deepEqual(readHello(bytes), { ...said, frameBytes: 5000 });
});

function codeOf(read: () => unknown): string {
  try {
    read();
    return 'none';
  } catch (error) {
    return String((error as WireError).code ?? error);
  }
}

// ---- payloads ----

const scalar = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.integer(),
  fc.double({ noNaN: true }),
  fc.string({ unit: 'grapheme', maxLength: 50 }),
  fc.bigInt({ min: 2n ** 54n, max: 2n ** 64n - 1n }),
  fc.bigInt({ min: -(2n ** 63n), max: -(2n ** 54n) }),
  fc.uint8Array({ maxLength: 300 }),
  fc.date({ min: new Date('0000-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }),
);
// No schema has it as a key.
const key = fc.string({ maxLength: 40 }).filter((text) => text !== '__proto__');
const { tree } = fc.letrec((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small' },
    scalar,
    fc.array(tie('tree'), { maxLength: 20 }),
    fc.dictionary(key, tie('tree'), {
      maxKeys: 10,
      noNullPrototype: true,
    }),
  ),
}));

function packed(value: unknown): Uint8Array {
  const writer = new ByteWriter();
  writeMessagePack(writer, value);
  return writer.take();
}

test('the codec of wires and the one of the bus read what the other one wrote', (t) => {
  const bus = codecs.messagePack();
  const arena = new StagingArena();
  const property = fc.property(tree, (value) => {
    const bytes = packed(value);
    t.true(isDeepStrictEqual(readMessagePack(bytes, 100), value));
    t.true(isDeepStrictEqual(bus.decode(bytes, 0, bytes.length, 0), value));
    bus.encode(value, arena);
    const { source, start, end } = arena;
    t.true(isDeepStrictEqual(readMessagePack(source.slice(start, end), 100), value));
  });
  fc.assert(property, { numRuns: 500 });
});

test('MessagePack of anybody is a value or an error, never a crash', (t) => {
  const damaged = fc
    .tuple(tree, fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 }))))
    .map(([value, changes]) => {
      const bytes = packed(value).slice();
      for (const [place, byte] of changes) bytes[place % bytes.length] = byte;
      return bytes;
    });
  const property = fc.property(fc.oneof(damaged, fc.uint8Array({ maxLength: 100 })), (bytes) => {
    isPackTooDeep(bytes, 3);
    isJsonTooDeep(bytes, 3);
    try {
      readMessagePack(bytes, 100);
    } catch (error) {
      t.true(error instanceof Error);
    }
  });
  fc.assert(property, { numRuns: 2000 });
});

test('a payload that is too deep is found without recursion', (t) => {
  const property = fc.property(fc.nat({ max: 40 }), fc.boolean(), fc.nat(), (depth, maps, text) => {
    let value: unknown = 'x'.repeat(text % 100);
    for (let level = 0; level < depth; level++) value = maps ? { a: [1], b: value } : [value, 2];
    const json = new TextEncoder().encode(JSON.stringify(value));
    const deepest = depth > 0 && maps ? depth + 1 : depth;
    for (const limit of [1, depth - 1, depth, depth + 1]) {
      if (limit < 1) continue;
      t.is(isPackTooDeep(packed(value), limit), deepest > limit, `${depth} ${limit}`);
      t.is(isJsonTooDeep(json, limit), deepest > limit);
    }
  });
  fc.assert(property, { numRuns: 300 });
  const million = new Uint8Array(1_000_000).fill(0x91);
  t.true(isPackTooDeep(million, 100));
  t.throws(() => readMessagePack(million, 100), { message: /deep/ });
});

test('types have the same text and bytes, whoever invents them', (t) => {
  const property = fc.property(fc.uuid(), fc.nat({ max: 7 }), (uuid, before) => {
    const bytes = joined([new Uint8Array(before), bytesOfType(uuid)]);
    t.is(textOfType(bytes, before), uuid);
    // One with the same start.
    const other = bytes.slice();
    other[other.length - 1] = (other.at(-1) as number) ^ 1;
    t.not(textOfType(other, before), uuid);
    t.is(textOfType(bytes, before), uuid);
  });
  fc.assert(property);
});

// ---- lines that err ----

test('COBS: no zero inside, and back again', (t) => {
  const zeros = fc.uint8Array({ maxLength: 600, max: 2 });
  const property = fc.property(fc.oneof(zeros, fc.uint8Array({ maxLength: 600 })), (packet) => {
    const encoded = encodeCobs(packet);
    t.is(encoded.indexOf(0), encoded.length - 1);
    const decoded = decodeCobs(encoded.subarray(0, -1));
    t.true(decoded !== undefined && isDeepStrictEqual([...decoded], [...packet]));
  });
  fc.assert(property, { numRuns: 1000 });
  for (const length of [253, 254, 255, 507, 508, 509]) {
    const packet = new Uint8Array(length).fill(1);
    t.deepEqual(decodeCobs(encodeCobs(packet).subarray(0, -1)), packet);
  }
});

test('CRC-32C is that of RFC 3720', (t) => {
  t.is(crc32c(new TextEncoder().encode('123456789')), 0xe306_9283);
  t.is(crc32c(new Uint8Array(32)), 0x8a91_36aa);
});

test('packets of anybody: only those that were written are read', (t) => {
  const content = fc.uint8Array({ maxLength: 128 });
  const damage = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })), { maxLength: 4 });
  const property = fc.property(
    fc.nat({ max: 4 }),
    fc.nat({ max: 255 }),
    content,
    damage,
    (...of) => {
      const [kind, number, written, changes] = of;
      const bytes = writePacket(kind, number, written).slice();
      for (const [place, change] of changes) {
        const at = place % bytes.length;
        bytes[at] = (bytes[at] as number) ^ change;
      }
      const whole = isDeepStrictEqual([...bytes], [...writePacket(kind, number, written)]);
      const read: unknown[] = [];
      new PacketReader().push(joined([bytes, Uint8Array.of(0)]), (packet) => read.push(packet));
      if (whole) t.true(isDeepStrictEqual(read, [{ kind, number, content: written }]));
      else t.true(read.every((packet) => packet === undefined));
    },
  );
  fc.assert(property, { numRuns: 1000 });
});
