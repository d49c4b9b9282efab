// What the channel `busbar:stream` publishes: a sender of a stream waits for its receiver, or goes on.
import type { Member } from '../members.js';
import type { Port } from '../port.js';
import { streams } from './channels.js';
import type { CallDiagnostics } from './diagnostics.js';

/**
 * Published on the channel `busbar:stream` by whoever sends the items of a stream: the server of a
 * method with a stream, the client of one with input.
 */
export interface StreamDiagnostics {
  /**
   * `paused`: an item is ready, or would be made, and may not be sent yet. `resumed`: it may. A stream
   * that ends while it is paused is not resumed.
   */
  readonly event: 'paused' | 'resumed';
  /**
   * What it waits for: `credit` of its receiver, which has not taken enough of what was sent, or
   * `room` in the receiver's memory, which other messages fill.
   */
  readonly reason: 'credit' | 'room';
  /** Which side sends the items. */
  readonly side: 'client' | 'server';
  /** The name of the bus; `undefined` over a message port. */
  readonly bus: string | undefined;
  /** The `id` of the endpoint here; `undefined` over a message port. */
  readonly endpointId: number | undefined;
  /** The name of the interface. */
  readonly interface: string;
  /** The name of the method. */
  readonly member: string;
  /** The endpoint that receives the items. */
  readonly peerId: number;
  /** The number of the message that carries the call. */
  readonly messageId: number;
  /** The call, if subscribers are told about it: the object that the tracing channels publish. */
  readonly call: CallDiagnostics | undefined;
}

/** Whose stream it is. */
export interface StreamOwner {
  readonly side: StreamDiagnostics['side'];
  readonly port: Port;
  readonly member: Member;
  readonly peerId: number;
  readonly messageId: number;
  readonly call: CallDiagnostics | undefined;
}

/** Whether anybody hears of streams. */
export function areStreamsTold(): boolean {
  return streams.hasSubscribers;
}

/** Tells about a stream. */
export function tellStream(
  event: StreamDiagnostics['event'],
  reason: StreamDiagnostics['reason'],
  { side, port, member, peerId, messageId, call }: StreamOwner,
): void {
  const told: StreamDiagnostics = {
    event,
    reason,
    side,
    bus: port.bus,
    endpointId: port.endpointId,
    interface: member.interface,
    member: member.name,
    peerId,
    messageId,
    call,
  };
  streams.publish(told);
}
