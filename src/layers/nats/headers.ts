// What a message carries beside its payload at NATS. Headers that are not needed are left out; those
// that come were written by anybody.
//
//   Busbar-Type      UUID of the type, where the subject does not say it
//   Busbar-Format    the format word, unless it is 0
//   Busbar-Hops      8 bytes for each bridge, hexadecimal
//   Busbar-Origin    endpoint and number of the message where it entered its first bridge: 12.34
//   Busbar-Meta      the other fields of the metadata, base64url
//   traceparent, tracestate    W3C Trace Context
import type { MsgHdrs } from '@nats-io/transport-node';
import { isUuid } from '../../base/uuid.js';
import {
  hopsOfText,
  hopsToText,
  type LeavingMessage,
  noPassage,
  originOfText,
  originToText,
  type Passage,
} from '../bridge/index.js';
import { joinTrace, splitTrace } from './trace-fields.js';

const line = '\r\n';

/** The hops of the message before, and their text: of most messages they are the bridge's own. */
let lastHops: Uint8Array | undefined;
let lastText = '';

/** The headers of a message; `withType` if its subject does not say its type. */
export function headersOf(message: LeavingMessage, withType: boolean): Written {
  const { typeId, format, hops, origin, fields } = message;
  if (hops !== lastHops) {
    lastHops = hops;
    lastText = `NATS/1.0\r\nBusbar-Hops: ${hopsToText(hops)}\r\nBusbar-Origin: `;
  }
  let text = lastText + originToText(origin);
  if (withType) text += `\r\nBusbar-Type: ${typeId}`;
  if (format !== 0) text += `\r\nBusbar-Format: ${format}`;
  if (fields.length > 0) text += ofFields(fields);
  return new Written(`${text}\r\n\r\n`);
}

function ofFields(all: Uint8Array): string {
  const { fields, traceparent, tracestate } = splitTrace(all);
  let text = '';
  if (traceparent !== undefined) text += `${line}traceparent: ${traceparent}`;
  if (tracestate !== undefined) text += `${line}tracestate: ${tracestate}`;
  if (fields.length > 0) text += `${line}Busbar-Meta: ${Buffer.from(fields).toString('base64url')}`;
  return text;
}

/**
 * Headers that are text of ASCII already. The client asks headers for nothing else than their bytes
 * when it publishes; its own class takes three times as long to write them.
 */
export class Written {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** Bytes. */
  get size(): number {
    return this.#text.length;
  }

  /** As the client wants them. */
  get headers(): MsgHdrs {
    return this as unknown as MsgHdrs;
  }

  /** For the client. */
  encode(): Uint8Array {
    return Buffer.from(this.#text, 'latin1');
  }
}

/** What headers say about a message. */
export interface Heading {
  /** `undefined` if they do not say it. */
  readonly typeId: string | undefined;
  readonly format: number;
  readonly passage: Passage;
}

const noHeading: Heading = { typeId: undefined, format: 0, passage: noPassage };

/** Reads the headers of a message; `undefined` if they make no sense. */
export function readHeaders(headers: MsgHdrs | undefined): Heading | undefined {
  if (headers === undefined) return noHeading;
  const typeId = headers.get('Busbar-Type');
  if (typeId !== '' && !isUuid(typeId)) return undefined;
  const format = headers.get('Busbar-Format');
  if (!/^\d{0,5}$/.test(format) || Number(format) > 0xffff) return undefined;
  const hops = hopsOfText(headers.get('Busbar-Hops'));
  if (hops === undefined) return undefined;
  const from = headers.get('Busbar-Origin');
  const origin = from === '' ? undefined : originOfText(from);
  if (from !== '' && origin === undefined) return undefined;
  const meta = headers.get('Busbar-Meta');
  // Fields that are none are refused where they are written into metadata.
  if (meta.length > 320 || !/^[\w-]*$/.test(meta)) return undefined;
  const fields = joinTrace(
    new Uint8Array(Buffer.from(meta, 'base64url')),
    headers.get('traceparent'),
    headers.get('tracestate'),
  );
  return {
    typeId: typeId === '' ? undefined : typeId.toLowerCase(),
    format: Number(format),
    passage: { hops, origin, fields },
  };
}
