// Writes the payloads of frames into the bus's arena.
import { type Codec, codecs } from '../../../index.js';
import { Packed, PackedItems } from '../../interface/entry-values.js';
import { codecNumber } from '../wire/format.js';

/** A payload on its way to the arena; one for each type and format, so that none is made per send. */
export interface Slot {
  value: unknown;
}

/** Reads and writes MessagePack. */
export const messagePack: Codec<unknown> = codecs.messagePack();
/** Reads and writes JSON. */
export const json: Codec<unknown> = codecs.json();

const { bytes } = codecs;

type Arena = Parameters<Codec<Slot>['encode']>[1];

/** Encodes what the port is given to send. */
export class FrameCodec implements Codec<Slot> {
  readonly name = 'rpc';
  /** How the next payload is encoded: a number of `codecNumber`. */
  encoding: number = codecNumber.messagePack;
  /** Bytes of the payload that was encoded last. */
  lastSize = 0;

  encode({ value }: Slot, arena: Arena): void {
    if (value instanceof Packed) arena.stage(value.bytes, value.start, value.end);
    else if (value instanceof PackedItems) stageItems(value, arena);
    else if (this.encoding === codecNumber.bytes) bytes.encode(value as Uint8Array, arena);
    else if (this.encoding === codecNumber.json) json.encode(value ?? null, arena);
    else messagePack.encode(value ?? null, arena);
    this.lastSize = arena.end - arena.start;
  }

  decode(): never {
    throw new TypeError('frames arrive as raw messages');
  }
}

/** The most bytes of the head of a list. */
const listHead = 5;

// One list of all items.
function stageItems({ count, size, runs }: PackedItems, arena: Arena): void {
  const start = arena.reserve(listHead + size);
  const { buffer } = arena;
  let at = start;
  if (count < 16) {
    buffer[at++] = 0x90 | count;
  } else if (count < 0x1_0000) {
    buffer[at++] = 0xdc;
    buffer[at++] = count >> 8;
    buffer[at++] = count;
  } else {
    buffer[at++] = 0xdd;
    for (const shift of [24, 16, 8, 0]) buffer[at++] = count >> shift;
  }
  for (const run of runs) {
    buffer.set(run.bytes.subarray(run.start, run.end), at);
    at += run.end - run.start;
  }
  arena.stage(buffer, start, at);
}
