// The servers and callers of chaos.test.ts, in its own process and in others.
import { KernelObject, MemoryRegion } from 'busbar';
import { type ClientOf, connect, type ServiceOf, serve } from 'busbar/rpc';
import { Counting, type Outcome, type Tell } from './chaos-interface.js';

const bytes = 4096;
const loops = 8;

/** Serves until it is closed or killed; never becomes controller if `label` is 'home'. */
export function startServer(
  bus: string,
  label: string,
  tell: Tell,
): Promise<ServiceOf<typeof Counting>> {
  const place = label === 'home' ? { name: bus, controllerAffinity: false } : bus;
  return serve(
    place,
    Counting,
    {
      async single({ id }) {
        await tell(id);
        return id;
      },
      async again({ id }) {
        await tell(id);
        return id;
      },
      async grab({ id }) {
        await tell(id);
        const region = MemoryRegion.create(bytes);
        region.write(Uint8Array.of(id & 255));
        return { region, object: KernelObject.fromFd(0) };
      },
      async weigh({ id, region }) {
        await tell(id);
        return region.copy(0, 1)[0] ?? 0;
      },
      async *count({ id, to }) {
        await tell(id);
        for (let n = 0; n < to; n++) yield n;
      },
    },
    { label, properties: { level: 1 } },
  );
}

type Client = ClientOf<typeof Counting>;

/** Calls without a pause until it is told to stop. */
export class Calling {
  readonly outcome: Outcome = { done: 0, lost: 0, refused: [], wrong: [] };
  readonly #client: Client;
  readonly #first: number;
  readonly #all: Promise<unknown>;
  #next = 0;
  #over = false;

  private constructor(client: Client, first: number) {
    this.#client = client;
    this.#first = first;
    client.on('tick', () => undefined);
    client.level.on('change', () => undefined);
    this.#all = Promise.all(Array.from({ length: loops }, () => this.#loop()));
  }

  /** Its calls are numbered from `first` on. */
  static async start(bus: string, first: number): Promise<Calling> {
    return new Calling(await connect({ name: bus, controllerAffinity: false }, Counting), first);
  }

  /** Resolves with what came of its calls once none is under way. */
  async finish(): Promise<Outcome> {
    this.#over = true;
    await this.#all;
    return this.outcome;
  }

  async close(): Promise<void> {
    await this.#client.close();
  }

  async #loop(): Promise<void> {
    while (!this.#over) {
      const id = this.#first + this.#next++;
      try {
        await this.#call(id);
        this.outcome.done++;
      } catch (error) {
        this.#failed(id, error as { code?: string; executed?: string; message?: string });
      }
    }
  }

  async #call(id: number): Promise<void> {
    const client = this.#client;
    // Of eight calls, four of which may be executed twice.
    switch (id % 8) {
      case 1:
        this.#expect(await client.single({ id }), id);
        break;
      case 3: {
        const { region, object } = await client.grab({ id });
        this.#expect(region.copy(0, 1)[0], id & 255);
        region.release();
        object.close();
        break;
      }
      case 5: {
        const region = MemoryRegion.create(bytes);
        region.write(Uint8Array.of(id & 255));
        this.#expect(await client.weigh({ id, region }, { give: true }), id & 255);
        break;
      }
      case 7: {
        let next = 0;
        for await (const n of client.count({ id, to: 40 })) this.#expect(n, next++);
        this.#expect(next, 40);
        break;
      }
      default:
        this.#expect(await client.again({ id }), id);
    }
  }

  #expect(found: unknown, expected: number): void {
    if (found !== expected) this.#wrong(`${String(found)} instead of ${expected}`);
  }

  #failed(
    id: number,
    { code, executed, message }: { code?: string; executed?: string; message?: string },
  ): void {
    if (code === 'NO_RECIPIENT' && executed === 'no') this.outcome.refused.push(id);
    else if (code === 'PEER_GONE' && executed === 'maybe' && id % 2 === 1) this.outcome.lost++;
    else this.#wrong(`call ${id}: ${code} ${executed} ${message}`);
  }

  #wrong(what: string): void {
    if (this.outcome.wrong.length < 10) this.outcome.wrong.push(what);
  }
}
