// An observation as the bytes of a packet; wireshark/busbar.lua reads them. Version 1, little-endian:
//
//   u8 version   u8 kind: 0 sent, 1 undelivered, 2 lost
//   u16 flags: 1 unicast, 2 again, 4 has replyTo
//   u64 from id  u32 from pid  u8 length, labels of from
//   kind 2:      u64 lost
//   kind 0, 1:   u64 id  u64 replyTo  16 bytes type  u8 length, name of the type
//                u16 format  u16 objects  u16 regions  u32 bytes of the payload
//                u32 receivers  u16 receivers named, each u64 id  u32 pid  u8 length, labels
//                u8 length, reason  u8 length, metadata  payload, as much as was observed
//
// Labels are joined by commas, and cut to 255 bytes.
import type { Observation, Peer } from '../../../index.js';
import { concat, u16, u32, u64 } from './pcapng.js';

const version = 1;
const kinds = { sent: 0, undelivered: 1, lost: 2 } as const;
const flag = { unicast: 1, again: 2, hasReplyTo: 4 } as const;

/** The bytes of an observation. `typeName` is empty if it is not known. */
export function recordOf(seen: Observation, typeName: string): Uint8Array {
  if (seen.kind === 'lost') {
    return concat([...head(seen.kind, 0, seen.from), u64(BigInt(seen.count))]);
  }
  const to = seen.kind === 'sent' ? seen.to : seen.to === undefined ? [] : [seen.to];
  const flags =
    (seen.unicast ? flag.unicast : 0) |
    (seen.kind === 'sent' && seen.again ? flag.again : 0) |
    (seen.replyTo === undefined ? 0 : flag.hasReplyTo);
  return concat([
    ...head(seen.kind, flags, seen.from),
    u64(BigInt(seen.id)),
    u64(BigInt(seen.replyTo ?? 0)),
    Buffer.from(seen.typeId.replaceAll('-', ''), 'hex'),
    short(typeName),
    u16(seen.format),
    u16(seen.objects),
    u16(seen.regions),
    u32(seen.bytes),
    u32(seen.kind === 'sent' ? seen.receivers : to.length),
    u16(to.length),
    ...to.flatMap(peerOf),
    short(seen.kind === 'undelivered' ? seen.reason : ''),
    shortBytes(seen.metadata ?? new Uint8Array()),
    seen.payload,
  ]);
}

function head(kind: keyof typeof kinds, flags: number, from: Peer): readonly Uint8Array[] {
  return [Uint8Array.of(version, kinds[kind]), u16(flags), ...peerOf(from)];
}

function peerOf({ id, pid, label }: Peer): readonly Uint8Array[] {
  return [u64(BigInt(id)), u32(pid), short(label.join(','))];
}

/** Cut between characters. */
function short(text: string): Uint8Array {
  const target = new Uint8Array(255);
  const { written } = new TextEncoder().encodeInto(text, target);
  return shortBytes(target.subarray(0, written));
}

function shortBytes(bytes: Uint8Array): Uint8Array {
  const cut = bytes.subarray(0, 255);
  return concat([Uint8Array.of(cut.length), cut]);
}
