// Memory regions of results, until they are fetched: each has a ticket, which stands in its path and
// is all that is needed. A region is released once it was fetched as a whole, or its time is over.
import type { MemoryRegion, RegionRange } from '../../../index.js';
import type { RegionReference } from '../../interface/entry-values.js';
import type { Exchange } from '../http/exchange.js';
import { Refusal } from '../http/refusal.js';
import { newSecret } from '../tickets.js';
import type { Grant } from '../tokens.js';

/** Milliseconds that a region waits to be fetched, or for the next part of it. */
const regionTime = 30_000;
/** Bytes that are copied at once. */
const pieceBytes = 64 * 1024;

interface Kept {
  readonly region: MemoryRegion;
  readonly grant: Grant | undefined;
  timer: NodeJS.Timeout;
  /** Answers under way. */
  readers: number;
  /** Whether it was fetched as a whole, or its time is over. */
  over: boolean;
}

/** The regions that wait. */
export class Regions {
  readonly #kept = new Map<string, Kept>();
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  /** Takes a region over. */
  keep(given: MemoryRegion | RegionRange, grant: Grant | undefined): RegionReference {
    const region = 'region' in given ? given.region : given;
    if ((grant?.tickets ?? this.#kept.size) >= this.#most) {
      region.release();
      throw new Refusal('TOO_MANY', `${this.#most} tickets are valid already; fetch the regions`);
    }
    const ticket = newSecret();
    if (grant !== undefined) grant.tickets++;
    const timer = this.#endAfter(ticket);
    this.#kept.set(ticket, { region, grant, timer, readers: 0, over: false });
    return { ticket, bytes: region.size };
  }

  /** `GET /region/<ticket>`: all of it, or a part, which leaves the rest for later. */
  async get(exchange: Exchange): Promise<void> {
    const { ticket, kept } = this.#find(exchange);
    const { region } = kept;
    const { size } = region;
    const range = rangeOf(exchange, size);
    if (range === 'outside') {
      exchange.bytes(416, undefined, { 'content-range': `bytes */${size}` });
      return;
    }
    const [first, last] = range ?? [0, size - 1];
    clearTimeout(kept.timer);
    kept.readers++;
    // Nobody else may fetch it as a whole.
    if (range === undefined) this.#forget(ticket, kept);
    try {
      const answer = exchange.raw(range === undefined ? 200 : 206, {
        'content-type': 'application/octet-stream',
        'content-length': String(last - first + 1),
        'accept-ranges': 'bytes',
        ...(range !== undefined && { 'content-range': `bytes ${first}-${last}/${size}` }),
      });
      for (let at = first; at <= last; at += pieceBytes) {
        const piece = region.copy(at, Math.min(pieceBytes, last - at + 1));
        if (!(await answer.write(piece))) return;
      }
      answer.end();
    } finally {
      kept.readers--;
      if (!kept.over) kept.timer = this.#endAfter(ticket);
      else if (kept.readers === 0) region.release();
    }
  }

  /** `DELETE /region/<ticket>`: nobody needs it any more. */
  async delete(exchange: Exchange): Promise<void> {
    const { ticket, kept } = this.#find(exchange);
    this.#end(ticket, kept);
    exchange.bytes(204, undefined, {});
  }

  /** How many wait. */
  get size(): number {
    return this.#kept.size;
  }

  /** Releases all. */
  clear(): void {
    for (const [ticket, kept] of this.#kept) this.#end(ticket, kept);
  }

  #find({ target }: Exchange): { readonly ticket: string; readonly kept: Kept } {
    const [, ticket = '', more] = target.segments;
    const kept = more === undefined ? this.#kept.get(ticket) : undefined;
    if (kept === undefined) throw new Refusal('NOT_FOUND', 'there is no region with this ticket');
    return { ticket, kept };
  }

  #endAfter(ticket: string): NodeJS.Timeout {
    const timer = setTimeout(() => {
      const kept = this.#kept.get(ticket);
      if (kept !== undefined) this.#end(ticket, kept);
    }, regionTime);
    timer.unref();
    return timer;
  }

  #end(ticket: string, kept: Kept): void {
    clearTimeout(kept.timer);
    this.#forget(ticket, kept);
    if (kept.readers === 0) kept.region.release();
  }

  #forget(ticket: string, kept: Kept): void {
    kept.over = true;
    if (this.#kept.delete(ticket) && kept.grant !== undefined) kept.grant.tickets--;
  }
}

// One range; several, or what is no range, is answered with all of it, as HTTP allows.
function rangeOf(
  { headers }: Exchange,
  size: number,
): readonly [number, number] | 'outside' | undefined {
  const [, from = '', to = ''] = /^bytes=(\d{0,16})-(\d{0,16})$/.exec(headers.range ?? '') ?? [];
  if (from === '' && to === '') return undefined;
  if (from === '') {
    const length = Math.min(Number(to), size);
    return length === 0 ? 'outside' : [size - length, size - 1];
  }
  const first = Number(from);
  const last = to === '' ? size - 1 : Math.min(Number(to), size - 1);
  if (to !== '' && Number(to) < first) return undefined;
  return first >= size ? 'outside' : [first, last];
}
