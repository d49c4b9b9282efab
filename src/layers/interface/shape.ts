// What a transport uses of a schema: checked conversion to the wire and back.

import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { AttachmentSink, AttachmentSource } from './attachments.js';
import { noAttachments } from './attachments.js';
import { nodeOf, nodeOfFields } from './compile.js';
import { type Node, Refused, type WireCodec } from './node.js';
import type { Packing } from './packing.js';
import { packedBytes, wholePacking } from './packings.js';
import {
  type AnySchema,
  type Fields,
  type InputOfFields,
  isSchema,
  type OutputOfFields,
} from './schema.js';

/** A compiled schema: checks values, and converts them to what a codec can write, and back. */
export interface Shape<Out = unknown, In = Out> {
  /**
   * Checks a value that is to be sent and returns its wire form: a new value of what MessagePack or
   * JSON can write, with regions and objects replaced by their indexes in `attachments`. The value
   * itself is not changed. A missing optional field stays missing. A schema of another library
   * validates the value, but what it makes of it is not sent.
   * @throws InvalidValueError if the value does not fit, or something in it cannot be attached.
   */
  encode(value: In, attachments?: AttachmentSink, codec?: WireCodec): unknown;
  /**
   * Checks what a codec has read and returns the value, with defaults filled in and with the
   * attachments that it names. Nothing is trusted: unknown keys are ignored, only own properties
   * are read, depth is limited. The result shares byte arrays and dates with `wire`.
   * @throws InvalidValueError if it does not fit. Attachments taken before remain taken.
   */
  decode(wire: unknown, attachments?: AttachmentSource, codec?: WireCodec): Out;
  /** Whether its values are byte arrays, of which a whole payload can consist. */
  readonly isBytes: boolean;
  /** @internal The quick way for MessagePack, for `PayloadPacker` and `unpack`; undefined for none. */
  readonly packing: Packing | undefined;
}

function thrownFor(thrown: unknown): unknown {
  return thrown instanceof Refused ? thrown.toError() : thrown;
}

function makeShape(node: Node): Shape {
  return Object.freeze({
    encode(value: unknown, sink: AttachmentSink = noAttachments, codec?: WireCodec): unknown {
      try {
        return node.encode(value, {
          json: codec === 'json',
          sink,
          source: noAttachments,
          depth: 0,
        });
      } catch (thrown) {
        throw thrownFor(thrown);
      }
    },
    decode(wire: unknown, source: AttachmentSource = noAttachments, codec?: WireCodec): unknown {
      try {
        return node.decode(wire, { json: codec === 'json', sink: noAttachments, source, depth: 0 });
      } catch (thrown) {
        throw thrownFor(thrown);
      }
    },
    isBytes: node.packing === packedBytes,
    packing: wholePacking(node),
  });
}

const shapes = new WeakMap<AnySchema | Fields, Shape>();

/** The compiled form of a schema, or of fields as of a struct. Compiled once, at the first call. */
export function shapeOf<S extends AnySchema>(
  schema: S,
): Shape<StandardSchemaV1.InferOutput<S>, StandardSchemaV1.InferInput<S>>;
export function shapeOf<F extends Fields>(fields: F): Shape<OutputOfFields<F>, InputOfFields<F>>;
export function shapeOf(schema: AnySchema | Fields): Shape {
  const known = shapes.get(schema);
  if (known !== undefined) return known;
  const shape = makeShape(isSchema(schema) ? nodeOf(schema) : nodeOfFields(schema));
  shapes.set(schema, shape);
  return shape;
}
