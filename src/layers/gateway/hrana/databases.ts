// `/sql/<database>/…`: databases that `busbar/sql` serves, for clients of Hrana over HTTP. A stream
// lives between two requests by its baton, which nobody guesses and which is good once.
import type { Bus } from '../../rpc/index.js';
import { connectDatabase, type Database } from '../../sql/index.js';
import type { Exchange } from '../http/exchange.js';
import { Refusal } from '../http/refusal.js';
import type { StreamAnswer } from '../http/stream-answer.js';
import type { Limits } from '../limits.js';
import { newSecret } from '../tickets.js';
import { type Grant, takeStream } from '../tokens.js';
import { HranaStream } from './hrana-stream.js';
import { columnsOf, errorOf, sentList, sentObject, sentValue } from './values.js';

/** Requests in one pipeline. */
const mostRequests = 1000;

/** A stream between two requests. */
interface Waiting {
  readonly stream: HranaStream;
  readonly grant: Grant | undefined;
  readonly database: string;
  readonly release: () => void;
  readonly timer: NodeJS.Timeout;
}

/** Answers for databases. */
export class Databases {
  readonly #bus: Bus;
  readonly #labels: ReadonlySet<string>;
  readonly #limits: Limits;
  readonly #open = new Map<string, Promise<Database>>();
  readonly #waiting = new Map<string, Waiting>();

  constructor(bus: Bus, labels: readonly string[], limits: Limits) {
    this.#bus = bus;
    this.#labels = new Set(labels);
    this.#limits = limits;
  }

  /** `GET /sql/<database>/v3`: whether this version is spoken. */
  get(exchange: Exchange): void {
    const [, , version, more] = exchange.target.segments;
    this.#labelOf(exchange);
    if ((version !== 'v2' && version !== 'v3') || more !== undefined) throw notFound();
    exchange.json(200, { version });
  }

  /** `POST /sql/<database>/v3/pipeline` and `…/cursor`. */
  async post(exchange: Exchange): Promise<void> {
    const [, , version, what, more] = exchange.target.segments;
    const label = this.#labelOf(exchange);
    if ((version !== 'v2' && version !== 'v3') || more !== undefined) throw notFound();
    if (what !== 'pipeline' && !(what === 'cursor' && version === 'v3')) throw notFound();
    const body = sentObject(await exchange.readJson(), 'the body');
    const { stream, release } = await this.#streamOf(exchange, label, body.baton);
    // A caller that goes loses its stream: nobody else has the next baton.
    const leave = () => void stream.close();
    exchange.signal.addEventListener('abort', leave);
    try {
      if (what === 'pipeline')
        await this.#pipeline(exchange, label, stream, release, body.requests);
      else await this.#cursor(exchange, label, stream, release, body.batch);
    } catch (error) {
      await stream.close();
      release();
      throw error;
    } finally {
      exchange.signal.removeEventListener('abort', leave);
    }
  }

  /** Rolls back what is open, and leaves the databases. */
  async close(): Promise<void> {
    for (const [baton, { timer, stream, release }] of this.#waiting) {
      clearTimeout(timer);
      this.#waiting.delete(baton);
      await stream.close();
      release();
    }
    for (const opening of this.#open.values()) {
      const database = await opening.catch(() => undefined);
      await database?.close();
    }
  }

  async #pipeline(
    exchange: Exchange,
    label: string,
    stream: HranaStream,
    release: () => void,
    given: unknown,
  ): Promise<void> {
    const results: object[] = [];
    for (const request of sentList(given, 'requests', mostRequests)) {
      results.push(await stream.answer(request));
    }
    const baton = this.#keep(exchange, label, stream, release);
    exchange.json(200, { baton, base_url: null, results });
  }

  async #cursor(
    exchange: Exchange,
    label: string,
    stream: HranaStream,
    release: () => void,
    batch: unknown,
  ): Promise<void> {
    const parts: string[] = [];
    const add = (part: object) => parts.push(`${JSON.stringify(part)}\n`);
    let failed: unknown;
    try {
      await stream.batch(batch, (step, result, error) => {
        if (result === undefined) {
          add({ type: 'step_error', step, error: errorOf(error) });
          return;
        }
        const { columns, arrays, changes, lastInsertRowid } = result;
        add({ type: 'step_begin', step, cols: columnsOf(columns) });
        for (const row of arrays) add({ type: 'row', row: row.map(sentValue) });
        const rowid = lastInsertRowid === undefined ? null : String(lastInsertRowid);
        add({ type: 'step_end', affected_row_count: changes, last_insert_rowid: rowid });
      });
    } catch (error) {
      failed = error;
    }
    if (failed !== undefined) add({ type: 'error', error: errorOf(failed) });
    const baton = this.#keep(exchange, label, stream, release);
    const answer: StreamAnswer = exchange.countedStream('lines');
    await answer.write(`${JSON.stringify({ baton, base_url: null })}\n`);
    for (const part of parts) if (!(await answer.write(part))) return;
    answer.end();
  }

  #keep(
    exchange: Exchange,
    database: string,
    stream: HranaStream,
    release: () => void,
  ): string | null {
    if (stream.closed) {
      release();
      return null;
    }
    const baton = newSecret();
    const timer = setTimeout(() => {
      this.#waiting.delete(baton);
      void stream.close();
      release();
    }, this.#limits.resumeTime);
    timer.unref();
    this.#waiting.set(baton, { stream, grant: exchange.grant, database, release, timer });
    return baton;
  }

  async #streamOf(
    exchange: Exchange,
    label: string,
    baton: unknown,
  ): Promise<{ readonly stream: HranaStream; readonly release: () => void }> {
    const { grant } = exchange;
    if (baton === null || baton === undefined) {
      const release = takeStream(grant, this.#limits);
      try {
        const readOnly = grant?.readOnly === true;
        const database = await this.#databaseOf(label, readOnly);
        return { stream: new HranaStream(database, readOnly), release };
      } catch (error) {
        release();
        throw error;
      }
    }
    const waiting = typeof baton === 'string' ? this.#waiting.get(baton) : undefined;
    if (waiting === undefined || waiting.grant !== grant || waiting.database !== label) {
      throw new Refusal(
        'BAD_REQUEST',
        'the baton is not valid any more; its stream is rolled back',
      );
    }
    this.#waiting.delete(baton as string);
    clearTimeout(waiting.timer);
    return waiting;
  }

  #labelOf({ target, grant }: Exchange): string {
    const [, label = ''] = target.segments;
    if (!this.#labels.has(label)) throw notFound();
    if (grant?.allows('busbar.sql') === false) {
      throw new Refusal('FORBIDDEN', 'the token does not allow busbar.sql');
    }
    return label;
  }

  #databaseOf(label: string, readOnly: boolean): Promise<Database> {
    const key = `${label} ${readOnly}`;
    let opening = this.#open.get(key);
    if (opening === undefined) {
      opening = connectDatabase(this.#bus, label, { integers: 'bigint', readOnly });
      this.#open.set(key, opening);
      opening.catch(() => this.#open.delete(key));
    }
    return opening;
  }
}

function notFound(): Refusal {
  return new Refusal('NOT_FOUND', 'expected /sql/<database>/v2 or v3, /pipeline or /cursor');
}
