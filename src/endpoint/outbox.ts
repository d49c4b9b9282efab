// Sends messages of this thread: encodes them into the arena, passes them to the native side, and
// wakes receivers at the end of the turn. Every line here runs for every message.
import type { BusErrorFacts } from '../errors/index.js';
import { StagingArena } from '../memory/staging-arena.js';
import { type BoxTable, encodePayload, type OutgoingMessage } from '../messages/index.js';
import { type NativeEndpoint, receipt } from '../native/addon.js';
import type { Selector } from '../selector/index.js';
import type { Attachments } from './attachments.js';
import { publishSend, sends } from './diagnostics.js';
import type { SendReceipt } from './options.js';
import { Routes } from './routes.js';
import { sendError } from './send-error.js';
import type { Policy } from './send-policy.js';
import { StagedMetadata } from './staged-metadata.js';
import type { UndeliveredReports } from './undelivered-reports.js';

/** A payload of this size or more is freed at once, not when the next message is encoded. */
const largeBytes = 64 * 1024;

/** The checked options of one message. */
export interface SendTerms {
  /** Milliseconds; 0 does not wait for a receiver. */
  readonly ttl: number;
  /** The number of the message that this one answers, or 0. */
  readonly replyTo: number;
  /** A number of `acknowledgement` in addon.ts. */
  readonly acknowledge: number;
  readonly metadata: Uint8Array | undefined;
  readonly attachments: Attachments | undefined;
  readonly policy: Policy | undefined;
}

/** The outgoing messages of one endpoint. */
export class Outbox {
  readonly #native: NativeEndpoint;
  // Cached in fields: looking them up on the native object for every message costs more than the
  // call.
  readonly #nativeSend: NativeEndpoint['send'];
  readonly #receipt: Float64Array;
  readonly #box: BoxTable;
  readonly #reports: UndeliveredReports;
  readonly #facts: () => BusErrorFacts;
  readonly #maxMessageBytes: number;
  readonly #arena = new StagingArena();
  readonly #metadata = new StagedMetadata();
  readonly #routes: Routes;
  readonly #flush: () => void;
  #flushScheduled = false;

  constructor(
    native: NativeEndpoint,
    box: BoxTable,
    reports: UndeliveredReports,
    facts: () => BusErrorFacts,
    maxMessageBytes: number,
  ) {
    this.#native = native;
    this.#reports = reports;
    this.#nativeSend = native.send;
    this.#receipt = native.receipt;
    this.#box = box;
    this.#facts = facts;
    this.#maxMessageBytes = maxMessageBytes;
    this.#routes = new Routes(native);
    this.#flush = () => {
      this.#flushScheduled = false;
      native.flush();
    };
  }

  /** The native route of a selector. */
  routeOf(selector: Selector): number {
    return this.#routes.of(selector);
  }

  /**
   * Sends `value`, a message of the box or a plain value; returns the number of receivers. Most
   * messages have no terms, and then no object is made for them.
   */
  send(selector: Selector, value: unknown, terms?: SendTerms): number {
    this.#reports.look();
    const message = this.#box.accept(value);
    const arena = this.#arena;
    encodePayload(message, arena);
    const { source, start, end } = arena;
    const route = this.#routes.of(selector);
    const typeAndFormat = ((message.format << 16) | message.entry.index) >>> 0;
    // Each argument costs time; most messages need only three.
    const receivers =
      terms !== undefined
        ? this.#sendOn(terms, route, typeAndFormat)
        : end === source.length && start === 0
          ? this.#nativeSend(route, typeAndFormat, source)
          : this.#nativeSend(route, typeAndFormat, source, start, end);
    if (end - start >= largeBytes) arena.clear();
    if (receivers < 0) {
      const failure = this.#native.lastSendFailure();
      const size = { bytes: end - start, most: this.#maxMessageBytes };
      throw sendError(-receivers, selector, size, failure, this.#facts());
    }
    if (!this.#flushScheduled) {
      this.#flushScheduled = true;
      queueMicrotask(this.#flush);
    }
    if (sends.hasSubscribers) this.#publish(selector, message, end - start, receivers, terms);
    return receivers;
  }

  /** The receipt of the message sent last, which had so many receivers. */
  receiptOf(receivers: number): SendReceipt {
    const peerId = this.#receipt[receipt.peerId] as number;
    return {
      id: this.#receipt[receipt.id] as number,
      receivers,
      peerId: peerId === 0 ? undefined : peerId,
    };
  }

  /** The delivery of the message sent last; 0 if no notice of it will come. */
  get delivery(): number {
    return this.#receipt[receipt.delivery] as number;
  }

  #publish(
    to: Selector,
    message: OutgoingMessage,
    bytes: number,
    receivers: number,
    terms: SendTerms | undefined,
  ): void {
    // A subscriber may send in turn.
    const kept = this.#receipt.slice();
    publishSend(this.#facts(), message, {
      ...this.receiptOf(receivers),
      to,
      bytes,
      replyTo: terms?.replyTo || undefined,
      metadata: terms?.metadata,
    });
    this.#receipt.set(kept);
  }

  // Sends the arena's bytes.
  #sendOn(terms: SendTerms, route: number, typeAndFormat: number): number {
    const { source, start, end } = this.#arena;
    const { ttl, replyTo, acknowledge, attachments, policy } = terms;
    const metadata =
      terms.metadata === undefined ? undefined : this.#metadata.stage(terms.metadata);
    if (policy === undefined && attachments === undefined) {
      return metadata === undefined
        ? this.#nativeSend(route, typeAndFormat, source, start, end, ttl, replyTo, acknowledge)
        : this.#nativeSend(
            route,
            typeAndFormat,
            source,
            start,
            end,
            ttl,
            replyTo,
            acknowledge,
            metadata,
          );
    }
    return this.#nativeSend(
      route,
      typeAndFormat,
      source,
      start,
      end,
      ttl,
      replyTo,
      acknowledge,
      metadata,
      attachments?.objects,
      attachments?.regions,
      policy?.whenFull,
      policy?.key,
    );
  }
}
