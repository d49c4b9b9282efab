// Who may do what: the tokens of a gateway, and what each of them is good for.
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { type LabelExpression, parseLabelExpression } from '../../index.js';
import { optionError } from './errors.js';
import { Refusal } from './http/refusal.js';
import type { Limits } from './limits.js';

/** A token with what it allows. */
export interface GatewayToken {
  /** What callers send as `authorization: Bearer …`: 16 to 512 visible ASCII characters. */
  readonly token: string;
  /** Which of the servers may be called: a label expression. Default: those of the gateway. */
  readonly to?: string | undefined;
  /** The names of the interfaces that may be used. Default: all that are exposed. */
  readonly interfaces?: readonly string[] | undefined;
  /** Whether members may only be read: no calls but of idempotent methods. Default: false. */
  readonly readOnly?: boolean | undefined;
}

const shape = /^[\x21-\x7e]{16,512}$/;

/** What the holder of a token may do, and what it has under way. */
export class Grant {
  readonly #token: Buffer;
  /** Intersected with the `to` of each call. */
  readonly to: LabelExpression | undefined;
  readonly #interfaces: ReadonlySet<string> | undefined;
  /** Whether it changes nothing. */
  readonly readOnly: boolean;
  /** @internal Requests under way. */
  calls = 0;
  /** @internal Streams that are open, or wait to be resumed. */
  streams = 0;
  /** @internal Tickets that are valid. */
  tickets = 0;

  constructor({ token, to, interfaces, readOnly = false }: GatewayToken) {
    if (typeof token !== 'string' || !shape.test(token)) {
      throw optionError('a token is no text of 16 to 512 visible ASCII characters');
    }
    if (interfaces !== undefined && !Array.isArray(interfaces)) {
      throw optionError('interfaces of a token is no list of names');
    }
    if (typeof readOnly !== 'boolean') {
      throw optionError(`readOnly of a token is ${String(readOnly)}; expected true or false`);
    }
    this.#token = Buffer.from(token);
    this.to = to === undefined ? undefined : expressionOf(to);
    this.#interfaces = interfaces === undefined ? undefined : new Set(interfaces);
    this.readOnly = readOnly;
  }

  /** @internal Whether the token is this one, in a time that tells at most its length. */
  isFor(given: Buffer): boolean {
    return given.length === this.#token.length && timingSafeEqual(given, this.#token);
  }

  /** Whether an interface of this name may be used. */
  allows(name: string): boolean {
    return this.#interfaces === undefined || this.#interfaces.has(name);
  }

  /** Whether it restricts nothing, so that it is as good as the gateway itself. */
  get isFull(): boolean {
    return this.to === undefined && this.#interfaces === undefined && !this.readOnly;
  }
}

function expressionOf(to: unknown): LabelExpression {
  if (typeof to !== 'string') throw optionError('to of a token is no label expression');
  try {
    return parseLabelExpression(to);
  } catch (error) {
    throw optionError(`to of a token: ${(error as Error).message}`);
  }
}

/** Counts one more stream of a token; the returned function counts it off, once. */
export function takeStream(grant: Grant | undefined, { streams }: Limits): () => void {
  if (grant === undefined) return () => undefined;
  if (grant.streams >= streams) {
    throw new Refusal('TOO_MANY', `the token has ${streams} streams open already`);
  }
  grant.streams++;
  let counted = true;
  return () => {
    if (counted) grant.streams--;
    counted = false;
  };
}

/** A token that nobody guesses: 32 random bytes. */
export function newToken(): string {
  return randomBytes(32).toString('base64url');
}

/** All tokens of a gateway. */
export class Grants {
  readonly #grants: readonly Grant[];

  constructor(tokens: readonly GatewayToken[]) {
    this.#grants = tokens.map((each) => new Grant(each));
    if (new Set(tokens.map(({ token }) => token)).size < tokens.length) {
      throw optionError('a token is given twice');
    }
  }

  /** The only one; `undefined` if there are several. */
  get only(): Grant | undefined {
    return this.#grants.length === 1 ? this.#grants[0] : undefined;
  }

  /** The grant of an `authorization` header; all tokens are compared, so none is found sooner. */
  of(authorization: string | undefined): Grant | undefined {
    const [, given] = /^Bearer ([\x21-\x7e]{1,512})$/i.exec(authorization ?? '') ?? [];
    if (given === undefined) return undefined;
    const bytes = Buffer.from(given);
    let found: Grant | undefined;
    for (const grant of this.#grants) if (grant.isFor(bytes)) found = grant;
    return found;
  }
}
