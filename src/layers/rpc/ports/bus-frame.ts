// Frames as they arrive from the bus.
import type { RawBox, Received } from '../../../index.js';
import type { Attachments, IncomingFrame, PortPeer } from '../port.js';
import { regionBytes } from '../streams/window.js';
import { codecNumber, codecOf, flag } from '../wire/format.js';
import { json, messagePack } from './frame-codec.js';

type Message = Received<RawBox>;

/** A message as a frame. */
export class BusFrame implements IncomingFrame {
  readonly from: PortPeer;
  readonly id: number;
  readonly type: string;
  readonly format: number;
  readonly replyTo: number;
  readonly metadata: Uint8Array | undefined;
  readonly size: number;
  readonly bytes: Uint8Array;
  readonly attachments: Attachments | undefined;

  constructor(message: Message) {
    this.from = message.from;
    this.id = message.id;
    this.type = message.type;
    this.format = message.format;
    this.replyTo = message.replyTo ?? 0;
    this.metadata = message.metadata;
    this.bytes = message.payload.bytes;
    const { objects, regions } = message;
    if (objects.length > 0 || regions.length > 0) {
      // Its own now; this layer closes them.
      message.keep();
      this.attachments = { objects: [...objects], regions: [...regions] };
    } else {
      this.attachments = undefined;
    }
    this.size = this.bytes.length + attachedBytes(this.attachments);
  }

  read(): unknown {
    const { bytes } = this;
    switch (codecOf(this.format)) {
      case codecNumber.messagePack:
        return bytes.length === 0 ? null : messagePack.decode(bytes, 0, bytes.length, 0);
      case codecNumber.json:
        return json.decode(bytes, 0, bytes.length, 0);
      case codecNumber.bytes:
        return bytes;
      default:
        throw new TypeError(`codec ${codecOf(this.format)} is not known here`);
    }
  }
}

/**
 * A message that came without its attachments, because no descriptor was free. If it was a call, its caller
 * must not wait for ever.
 */
export function lostFrame(
  from: PortPeer,
  id: number,
  replyTo: number,
  type: string,
): IncomingFrame {
  return {
    from,
    id,
    type,
    format: flag.expectsAnswer,
    replyTo,
    metadata: undefined,
    size: 0,
    bytes: undefined,
    read: () => {
      throw new TypeError('its objects or regions were lost: no descriptor was free');
    },
    attachments: undefined,
  };
}

/** What attachments count against the credit of a stream. */
export function attachedBytes(attachments: Attachments | undefined): number {
  if (attachments === undefined) return 0;
  let bytes = 0;
  for (const region of attachments.regions) {
    const { size, length } = region as { readonly size?: number; readonly length?: number };
    bytes += Math.min(regionBytes, length ?? size ?? 0);
  }
  return bytes;
}
