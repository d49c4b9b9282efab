// A property of a server on the bus, for Stinger's clients: retained at the broker, with versions that
// count from 1, since Stinger's programs keep them in 32 bits.
import type { StingerMember } from '../../interface/index.js';
import {
  type ClientCore,
  ConflictError,
  codecNumber,
  type Member,
  memberKind,
  type Versioned,
  versionToWire,
  type Watch,
} from '../../rpc/entry-port.js';
import type { ArrivedMessage } from '../message.js';
import { payloadOf, type StingerLine } from './line.js';
import { fromStinger, PayloadError, readJson } from './payload.js';
import { codeOf, returnCode } from './return-codes.js';

/** One property. */
export class ExposedProperty {
  readonly #line: StingerLine;
  readonly #core: ClientCore;
  readonly #member: Member;
  readonly #stinger: StingerMember;
  readonly #topic: string;
  readonly #changed: () => void;
  #watch: Watch | undefined;
  #payload: string | undefined;
  #version = 0;
  /** The version at the server. */
  #theirs = 0;

  /** `changed` is called when it has got its first value. */
  constructor(
    line: StingerLine,
    core: ClientCore,
    member: Member,
    stinger: StingerMember,
    topic: string,
    changed: () => void,
  ) {
    this.#line = line;
    this.#core = core;
    this.#member = member;
    this.#stinger = stinger;
    this.#topic = topic;
    this.#changed = changed;
  }

  /** Whether its value is known. */
  get isKnown(): boolean {
    return this.#payload !== undefined;
  }

  /** Follows the value at the server. */
  begin(): void {
    this.#watch ??= this.#core.watch(this.#member, undefined, {
      active: () => undefined,
      data: (data) => this.#take(data as Versioned),
      // Versions of the next server have nothing to do with those of this one.
      stale: () => {
        this.#theirs = 0;
      },
      failed: () => {
        this.#watch = undefined;
      },
    });
  }

  /** Follows it no more. */
  end(): void {
    this.#watch?.cancel(new Error('the bridge is closed'));
    this.#watch = undefined;
  }

  /** Publishes the value once more: the broker may have lost it. */
  publish(): void {
    if (this.#payload === undefined) return;
    void this.#line.publish({
      topic: this.#topic,
      payload: this.#payload,
      qos: 1,
      retain: true,
      user: { PropertyVersion: String(this.#version) },
    });
  }

  /** Sets it for a client and answers, unless the client wants no answer. */
  async update(
    { payload, user, correlation }: ArrivedMessage,
    responseTopic: string | undefined,
    timeout: number,
  ): Promise<void> {
    let code: number = returnCode.success;
    let text: string | undefined;
    try {
      await this.#set(payload, user.PropertyVersion, timeout);
    } catch (error) {
      code = codeOf(error);
      text = (error as Error).message;
      if (error instanceof PayloadError) this.#line.counts.refused.malformed++;
    }
    if (responseTopic === undefined) return;
    await this.#line.publish({
      topic: responseTopic,
      payload: this.#payload ?? '{}',
      qos: 1,
      correlation,
      user: {
        ReturnCode: String(code),
        PropertyVersion: String(this.#version),
        ...(text !== undefined && { DebugInfo: text }),
      },
    });
  }

  async #set(payload: Uint8Array, version: string | undefined, timeout: number): Promise<void> {
    const { args, name, writable } = this.#member;
    if (args === undefined || !writable) throw new PayloadError(`${name} is read-only`);
    const value = decoded(() => {
      const own = fromStinger(this.#stinger.fields, readJson(payload));
      return args.encode(args.decode(own, undefined, 'json'), undefined, 'messagepack');
    });
    if (version !== String(this.#version)) {
      const given = version === undefined ? 'no version' : `version ${version.slice(0, 20)}`;
      throw new ConflictError(`${name} has version ${this.#version}, the request ${given}`, {
        executed: 'no',
      });
    }
    const ifVersion = versionToWire(this.#theirs, codecNumber.messagePack);
    await this.#core.property(this.#member, memberKind.set, { value, ifVersion }, { timeout });
    // The server may have made another value of it; and the answer has to have its new version.
    const now = await this.#core.property(this.#member, memberKind.call, null, { timeout });
    this.#take(now as Versioned);
  }

  #take({ value, version }: Versioned): void {
    if (version <= this.#theirs) return;
    const { args } = this.#member;
    const isFirst = this.#payload === undefined;
    this.#theirs = version;
    this.#payload = payloadOf(this.#stinger.fields, args?.encode(value, undefined, 'json'));
    this.#version++;
    this.publish();
    if (isFirst) this.#changed();
  }
}

/** What is wrong with a payload is one kind of error, wherever it was found. */
export function decoded<T>(decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    if (error instanceof PayloadError) throw error;
    throw new PayloadError((error as Error).message);
  }
}
