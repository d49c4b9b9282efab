// The sender of a message that another endpoint sends on, as the message names it.
import type { Peer } from '../messages/index.js';

/** The origin at `offset` of a batch; native/core/ring/origin.h has written it. */
export function originAt(slab: Uint8Array, offset: number): Peer {
  const view = new DataView(slab.buffer, offset);
  const id = Number(view.getBigUint64(0, true));
  const pid = view.getUint32(8, true);
  const label: string[] = [];
  const end = 16 + view.getUint32(12, true);
  for (let at = 16; at < end; ) {
    const length = view.getUint8(at);
    label.push(Buffer.from(slab.buffer as ArrayBuffer, offset + at + 1, length).toString());
    at += 1 + length;
  }
  return Object.freeze({ id, pid, label });
}
