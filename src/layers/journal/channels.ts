// The channels of a writer: each type from each sender has one. A chunk repeats the record of every
// channel that it uses, so that a chunk can be read without those before it.
import { maxChannels, opcode } from './format.js';
import { RecordBytes } from './record-bytes.js';

/** A channel as the writer knows it. */
export interface WriterChannel {
  readonly id: number;
  /** Channel record, behind the schema record if it has one. */
  readonly record: Uint8Array;
  /** The two alone, for the summary. */
  readonly schemaRecord: Uint8Array | undefined;
  readonly channelRecord: Uint8Array;
  /** The serial of the last chunk that has the record. */
  chunk: number;
}

/** What makes a channel. */
export interface ChannelIdentity {
  readonly typeId: string;
  /** The name that the type's UUID was derived from. */
  readonly typeName: string | undefined;
  /** MCAP's name of the codec. */
  readonly encoding: string;
  /** The label of the sender. */
  readonly label: readonly string[];
}

/** The JSON Schema of a type, as `schemas` of the options has it. */
export type SchemaOf = (identity: ChannelIdentity) => object | undefined;

/** Names of codecs in files. MCAP knows `json`; the others are what the field calls them. */
const encodings: Readonly<Record<string, string>> = {
  messagepack: 'msgpack',
  json: 'json',
  text: 'text',
  raw: 'application/octet-stream',
  bytes: 'application/octet-stream',
  'structured clone': 'v8',
};

/** MCAP's name for a codec's. */
export function encodingOf(codecName: string): string {
  return Object.hasOwn(encodings, codecName) ? (encodings[codecName] ?? codecName) : codecName;
}

/** The channels of one writer since the last time that their numbers began again. */
export class WriterChannels {
  readonly #byKey = new Map<string, WriterChannel>();
  readonly #schemaOf: SchemaOf;

  constructor(schemaOf: SchemaOf) {
    this.#schemaOf = schemaOf;
  }

  /** Whether the numbers are used up: then a new segment begins, with `clear()`. */
  get full(): boolean {
    return this.#byKey.size >= maxChannels;
  }

  clear(): void {
    this.#byKey.clear();
  }

  has(identity: ChannelIdentity): boolean {
    return this.#byKey.has(keyOf(identity));
  }

  find(identity: ChannelIdentity): WriterChannel {
    const key = keyOf(identity);
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    const made = this.#make(identity, this.#byKey.size + 1);
    this.#byKey.set(key, made);
    return made;
  }

  #make(identity: ChannelIdentity, id: number): WriterChannel {
    const { typeId, typeName, encoding, label } = identity;
    const schema = this.#schemaOf(identity);
    // A schema for each channel: numbers of schemas never run out before those of channels.
    const schemaId = schema === undefined ? 0 : id;
    const bytes = new RecordBytes();
    if (schema !== undefined) {
      bytes.record(opcode.schema, () => {
        bytes.u16(schemaId);
        bytes.text(typeName ?? typeId);
        bytes.text('jsonschema');
        bytes.text(JSON.stringify(schema));
      });
    }
    const behindSchema = bytes.length;
    bytes.record(opcode.channel, () => {
      bytes.u16(id);
      bytes.u16(schemaId);
      bytes.text(typeName ?? typeId);
      bytes.text(encoding);
      bytes.texts({
        'busbar.type': typeId,
        ...(typeName === undefined ? {} : { 'busbar.name': typeName }),
        'busbar.label': JSON.stringify(label),
      });
    });
    const record = bytes.bytes;
    return {
      id,
      record,
      schemaRecord: schema === undefined ? undefined : record.subarray(0, behindSchema),
      channelRecord: record.subarray(behindSchema),
      chunk: -1,
    };
  }
}

function keyOf({ typeId, encoding, label }: ChannelIdentity): string {
  return JSON.stringify([typeId, encoding, ...label]);
}
