// A frame that arrived over a wire, as the rpc layer sees it.
import { codecOf, type IncomingFrame, type PortPeer } from '../rpc/entry-port.js';
import type { Message } from './frames/frame.js';
import { isShallow, readPayload, tooDeep } from './frames/payload.js';

/** A message as a frame. */
export class WireFrame implements IncomingFrame {
  readonly from: PortPeer;
  readonly id: number;
  readonly type: string;
  readonly format: number;
  readonly replyTo: number;
  readonly metadata: Uint8Array | undefined;
  readonly size: number;
  readonly bytes: Uint8Array | undefined;
  readonly attachments = undefined;
  readonly #payload: Uint8Array;
  readonly #maxDepth: number;

  constructor(from: PortPeer, type: string, message: Message, maxDepth: number) {
    const { id, format, replyTo, metadata, payload } = message;
    this.from = from;
    this.id = id;
    this.type = type;
    this.format = format;
    this.replyTo = replyTo;
    this.metadata = metadata;
    this.size = payload.length;
    this.#payload = payload;
    this.#maxDepth = maxDepth;
    this.bytes = isShallow(payload, codecOf(format), maxDepth) ? payload : undefined;
  }

  read(): unknown {
    if (this.bytes === undefined) throw tooDeep(this.#maxDepth);
    return readPayload(this.#payload, codecOf(this.format), this.#maxDepth);
  }
}
