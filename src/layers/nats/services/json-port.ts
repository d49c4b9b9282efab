// The port over requests of NATS in JSON, for any client of NATS: each request is a peer that makes
// one call, and is gone once it has its answer. Streams have no place in one answer.
import type { Msg, MsgHdrs } from '@nats-io/transport-node';
import { codecs } from '../../../index.js';
import {
  answerKind,
  codecNumber,
  flag,
  formatOf,
  gone,
  type IncomingFrame,
  kindOf,
  type Member,
  memberKind,
  type Port,
  type PortEvents,
  type PortPeer,
  type Target,
  writeMetadata,
} from '../../rpc/entry-port.js';
import { Written } from '../headers.js';

/** Milliseconds that a call gets whose request does not say it. */
const usualTimeout = 60_000;

const json = codecs.json();
const encoder = new TextEncoder();
const nobody: readonly PortPeer[] = Object.freeze([]);
const emptyBytes = new Uint8Array(0);

/** How a request ended. */
export type Outcome = { readonly error: string | undefined; readonly milliseconds: number };

interface Request {
  readonly message: Msg;
  readonly began: number;
  done(outcome: Outcome): void;
}

/** Carries calls of clients that speak JSON. */
export class JsonPort implements Port {
  readonly name = 'services of NATS';
  readonly carriesAttachments = false;
  readonly carriesBytes = false;
  lastSize = 0;
  readonly #requests = new Map<number, Request>();
  #events: PortEvents | undefined;
  #next = 1;

  /** Makes a call of a request; `done` is called once it is answered. */
  request(message: Msg, member: Member, done: (outcome: Outcome) => void): void {
    const id = this.#next++;
    this.#requests.set(id, { message, began: performance.now(), done });
    this.#events?.frame(new RequestFrame(id, member, message));
  }

  /** The port is over. */
  end(): void {
    this.#requests.clear();
    this.#events?.closed();
  }

  // ---- Port ----

  open(events: PortEvents): void {
    this.#events = events;
  }

  target(): Target {
    return { text: 'nobody' };
  }

  candidates(): readonly PortPeer[] {
    return nobody;
  }

  forgetCandidates(): void {}

  post(peer: number, _type: string, format: number, _replyTo: number, payload: unknown): number {
    const request = this.#requests.get(peer);
    if (request === undefined) return gone;
    this.#requests.delete(peer);
    this.#answer(request, kindOf(format), payload);
    // In a turn of its own: the server is still at work with this answer.
    queueMicrotask(() => this.#events?.gone(peer));
    return this.#next++;
  }

  postToAll(): void {}

  whenRoom(): Promise<void> {
    return Promise.resolve();
  }

  describe(peer: number): PortPeer | undefined {
    return this.#requests.has(peer) ? peerOf(peer) : undefined;
  }

  retire(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.end();
    return Promise.resolve();
  }

  setReferenced(): void {}

  #answer({ message, began, done }: Request, kind: number, payload: unknown): void {
    let error: { readonly code: string; readonly message: string } | undefined;
    if (kind === answerKind.busy) error = { code: 'BUSY', message: 'the server is busy' };
    else if (kind === answerKind.error) error = payload as { code: string; message: string };
    else if (kind !== answerKind.result) {
      error = { code: 'UNKNOWN_METHOD', message: 'it answers with more than one value' };
    }
    const body = encoder.encode(JSON.stringify(error ?? payload ?? null));
    this.lastSize = body.length;
    try {
      if (error === undefined) message.respond(body);
      else message.respond(body, { headers: errorHeaders(error.code, error.message) });
    } catch {
      // Too large for NATS, or there is no connection: the client has its own timeout.
      error ??= { code: 'INVALID_RESULT', message: 'the answer could not be sent' };
    }
    done({ error: error?.code, milliseconds: performance.now() - began });
  }
}

/** A request as a frame. */
class RequestFrame implements IncomingFrame {
  readonly from: PortPeer;
  readonly id: number;
  readonly type: string;
  readonly format: number;
  readonly replyTo = 0;
  readonly metadata: Uint8Array | undefined;
  readonly size: number;
  readonly bytes: Uint8Array;
  readonly attachments = undefined;

  constructor(id: number, { type, kind }: Member, message: Msg) {
    const { data } = message;
    this.from = peerOf(id);
    this.id = id;
    this.type = type;
    const sets = kind === 'property' && data.length > 0;
    const kindOfCall = sets ? memberKind.set : memberKind.call;
    this.format = formatOf(kindOfCall, codecNumber.json, flag.expectsAnswer);
    this.bytes = kind === 'property' && !sets ? emptyBytes : data;
    this.size = data.length;
    this.metadata = writeMetadata({
      deadline: timeoutOf(message.headers),
      creditItems: 0,
      creditBytes: 0,
      attempt: 0,
      trace: undefined,
    });
  }

  read(): unknown {
    const { bytes } = this;
    return bytes.length === 0 ? null : json.decode(bytes, 0, bytes.length, 0);
  }
}

function peerOf(id: number): PortPeer {
  return { id, pid: 0, label: [] };
}

function timeoutOf(headers: MsgHdrs | undefined): number {
  const text = headers?.get('Busbar-Timeout') ?? '';
  return /^\d{1,9}$/.test(text) ? Number(text) : usualTimeout;
}

const statuses: Readonly<Record<string, number>> = {
  INVALID_ARGUMENT: 400,
  UNKNOWN_METHOD: 404,
  CONFLICT: 409,
  HANDLER_FAILED: 500,
  INVALID_RESULT: 500,
  UNSUPPORTED_ATTACHMENT: 501,
  NO_RECIPIENT: 503,
  BUSY: 503,
  PEER_GONE: 502,
  DEADLINE: 504,
};

// What tools of NATS show of an error; those that an interface declares are 422.
function errorHeaders(code: string, message: string): MsgHdrs {
  const status = Object.hasOwn(statuses, code) ? statuses[code] : 422;
  const text = `${code}: ${message}`.replace(/[^\x20-\x7e]+/g, ' ').slice(0, 256);
  const lines = `Nats-Service-Error: ${text}\r\nNats-Service-Error-Code: ${status}`;
  return new Written(`NATS/1.0\r\n${lines}\r\n\r\n`).headers;
}
