// Values to payloads and back, by the shapes of an interface.
import {
  noAttachments,
  notUnpacked,
  type PackedItems,
  PayloadPacker,
  type Shape,
  unpack,
  unpackItems,
  type WireCodec,
} from '../interface/entry-values.js';
import { Collector, Received } from './attachments.js';
import type { Attachments, IncomingFrame, Port } from './port.js';
import { codecNumber, codecOf } from './wire/format.js';

/** Byte arrays from this size on are sent as they are. */
const leastBytes = 4 * 1024;

/** Encodes for one port. */
export class Encoder {
  readonly #allowed: boolean;
  readonly #packer: PayloadPacker | undefined;
  #collector: Collector | undefined;
  /** What the value encoded last attaches. */
  attachments: Attachments | undefined;

  constructor({
    carriesAttachments,
    carriesBytes,
  }: Pick<Port, 'carriesAttachments' | 'carriesBytes'>) {
    this.#allowed = carriesAttachments;
    this.#packer = carriesBytes ? new PayloadPacker() : undefined;
  }

  /**
   * A whole payload: MessagePack already where that is possible, which saves the wire form.
   * @throws InvalidValueError if the value does not fit.
   */
  payload(shape: Shape, value: unknown, codec: number): unknown {
    if (this.#packer !== undefined && codec === codecNumber.messagePack) {
      const packed = this.#packer.pack(shape, value);
      if (packed !== undefined) {
        this.attachments = undefined;
        return packed;
      }
    }
    return this.encode(shape, value, codec);
  }

  /** Whether a value is a payload as it is, and so large that a copy is worth saving. */
  isPayload({ isBytes }: Shape, value: unknown): boolean {
    return (
      isBytes &&
      this.#packer !== undefined &&
      ArrayBuffer.isView(value) &&
      value instanceof Uint8Array &&
      value.length >= leastBytes
    );
  }

  /** Whether items of this shape are packed. */
  packs({ packing }: Shape, codec: number): boolean {
    return this.#packer !== undefined && packing !== undefined && codec === codecNumber.messagePack;
  }

  /** Packs an item if it can be; see {@link packs}. */
  packItem(shape: Shape, value: unknown, into: PackedItems): boolean {
    return this.#packer?.packItem(shape, value, into) === true;
  }

  /**
   * The wire form of `value`; {@link attachments} has what goes beside it.
   * @throws InvalidValueError if it does not fit.
   */
  encode(shape: Shape, value: unknown, codec: number): unknown {
    // A foreign schema runs code of the user, which may call again: then the collector is in use.
    const collector = this.#collector ?? new Collector(this.#allowed);
    this.#collector = undefined;
    const wire = shape.encode(value, collector, wireCodec(codec));
    this.attachments = collector.take();
    this.#collector = collector;
    return wire;
  }
}

/**
 * The value in a frame. What the value does not take of the frame's attachments is closed, all of it
 * if the value is refused.
 * @throws Any error of the codec, InvalidValueError if the value does not fit.
 */
export function decode(shape: Shape, frame: IncomingFrame): unknown {
  const codec = wireCodec(codecOf(frame.format));
  if (frame.attachments === undefined) {
    const value = unpacked(shape, frame);
    return value === notUnpacked ? shape.decode(frame.read(), noAttachments, codec) : value;
  }
  const source = new Received(frame.attachments);
  try {
    return shape.decode(frame.read(), source, codec);
  } catch (error) {
    // Those that were taken before the refusal, too: nobody has them.
    closeFrame(frame);
    throw error;
  } finally {
    source.closeRest();
  }
}

/** The same for a value that attaches nothing; what a peer attached nevertheless stays with the frame. */
export function decodePlain(shape: Shape, frame: IncomingFrame): unknown {
  return decodePart(shape, frame.read(), undefined, frame.format);
}

/** The same for one of several values in a frame; the caller closes what is left. */
export function decodePart(
  shape: Shape,
  wire: unknown,
  source: Received | undefined,
  format: number,
): unknown {
  return shape.decode(wire, source ?? noAttachments, wireCodec(codecOf(format)));
}

/** The items of a frame. */
export function decodeItems(shape: Shape, frame: IncomingFrame): unknown[] {
  const source = frame.attachments === undefined ? undefined : new Received(frame.attachments);
  try {
    const { bytes } = frame;
    if (bytes !== undefined && codecOf(frame.format) === codecNumber.messagePack) {
      const items = unpackItems(shape, bytes);
      if (items !== undefined) return items;
    }
    const wire = frame.read();
    if (!Array.isArray(wire)) throw new TypeError('a frame of items is no list');
    // In place: nobody else has the list.
    for (let at = 0; at < wire.length; at++) {
      wire[at] = decodePart(shape, wire[at], source, frame.format);
    }
    return wire;
  } catch (error) {
    // What the items before the wrong one have taken, too: nobody gets them.
    closeFrame(frame);
    throw error;
  } finally {
    source?.closeRest();
  }
}

/** Closes the attachments of a frame that nobody wants. */
export function closeFrame(frame: IncomingFrame): void {
  if (frame.attachments !== undefined) new Received(frame.attachments).closeRest();
}

function unpacked(shape: Shape, { bytes, format }: IncomingFrame): unknown {
  if (bytes === undefined || codecOf(format) !== codecNumber.messagePack) return notUnpacked;
  return unpack(shape, bytes);
}

function wireCodec(codec: number): WireCodec {
  return codec === codecNumber.json ? 'json' : 'messagepack';
}
