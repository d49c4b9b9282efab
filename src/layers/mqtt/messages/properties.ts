// What a message carries beside its payload at a broker: user properties. Those that are not needed are
// left out; those that come were written by anybody.
//
//   Busbar-Type      UUID of the type, where the topic does not say it
//   Busbar-Format    the format word, unless it is 0
//   Busbar-Hops      8 bytes for each bridge, hexadecimal
//   Busbar-Origin    endpoint and number of the message where it entered its first bridge: 12.34
//   Busbar-Meta      the other fields of the metadata, base64url
import { isUuid } from '../../../base/uuid.js';
import {
  hopsOfText,
  hopsToText,
  type LeavingMessage,
  originOfText,
  originToText,
  type Passage,
} from '../../bridge/index.js';
import type { UserProperties } from '../message.js';

/** The user properties of a message; `withType` if its topic does not say its type. */
export function userPropertiesOf(message: LeavingMessage, withType: boolean): UserProperties {
  const { typeId, format, hops, origin, fields } = message;
  return {
    'Busbar-Hops': hopsToText(hops),
    'Busbar-Origin': originToText(origin),
    ...(withType && { 'Busbar-Type': typeId }),
    ...(format !== 0 && { 'Busbar-Format': String(format) }),
    ...(fields.length > 0 && { 'Busbar-Meta': Buffer.from(fields).toString('base64url') }),
  };
}

/** What user properties say about a message. */
export interface Heading {
  /** `undefined` if they do not say it. */
  readonly typeId: string | undefined;
  readonly format: number;
  readonly passage: Passage;
}

/** Reads user properties; `undefined` if they make no sense. */
export function readUserProperties(user: UserProperties): Heading | undefined {
  const typeId = user['Busbar-Type'];
  if (typeId !== undefined && !isUuid(typeId)) return undefined;
  const format = user['Busbar-Format'] ?? '';
  if (!/^\d{0,5}$/.test(format) || Number(format) > 0xffff) return undefined;
  const hops = hopsOfText(user['Busbar-Hops'] ?? '');
  if (hops === undefined) return undefined;
  const from = user['Busbar-Origin'];
  const origin = from === undefined ? undefined : originOfText(from);
  if (from !== undefined && origin === undefined) return undefined;
  const meta = user['Busbar-Meta'] ?? '';
  // Fields that are none are refused where they are written into metadata.
  if (meta.length > 320 || !/^[\w-]*$/.test(meta)) return undefined;
  const fields = new Uint8Array(Buffer.from(meta, 'base64url'));
  return {
    typeId: typeId?.toLowerCase(),
    format: Number(format),
    passage: { hops, origin, fields },
  };
}
