// `GET /describe`: the interfaces that can be used here, and the model of one of them.
import { hashOf, modelOf } from '../../interface/entry-values.js';
import type { Session } from '../../rpc/entry-port.js';
import type { Exposures } from '../calls/exposed.js';
import type { Exchange } from '../http/exchange.js';
import { Refusal } from '../http/refusal.js';

/** One interface, in a list. */
interface Listed {
  readonly interface: string;
  readonly major: number;
  readonly version?: string;
  readonly hash?: string;
  /** Servers that it has now. */
  readonly servers: number;
}

/** Answers what there is. */
export class Describing {
  readonly #session: Session;
  readonly #exposures: Exposures;

  constructor(session: Session, exposures: Exposures) {
    this.#session = session;
    this.#exposures = exposures;
  }

  /** `/describe`, `/describe/<interface>/<major>`. */
  async get(exchange: Exchange): Promise<void> {
    const { segments } = exchange.target;
    const [, name, major, more] = segments;
    if (name === undefined) {
      exchange.json(200, { interfaces: this.#listed(exchange) });
      return;
    }
    if (major === undefined || more !== undefined) {
      throw new Refusal('NOT_FOUND', 'expected /describe/<interface>/<major version>');
    }
    if (exchange.grant?.allows(name) === false) {
      throw new Refusal('FORBIDDEN', `the token does not allow ${name}`);
    }
    const { source } = await this.#exposures.of(name, major);
    exchange.json(200, modelOf(source), { etag: `"${hashOf(source)}"` });
  }

  #listed({ grant }: Exchange): readonly Listed[] {
    const { listed } = this.#exposures;
    const all =
      listed === undefined
        ? this.#served()
        : listed.map((source): Listed => {
            const { name, major, version } = source;
            const servers = this.#exposures.servers(`${name}/${major}`);
            return { interface: name, major, version, hash: hashOf(source), servers };
          });
    return all.filter((each) => grant?.allows(each.interface) !== false);
  }

  // Of the directory alone: nobody is asked.
  #served(): readonly Listed[] {
    const { port } = this.#session;
    const found = new Map<string, Listed>();
    for (const { label } of port.candidates(port.target(undefined, undefined))) {
      for (const each of label) {
        const [, name, major] = /^(.+\..+)\/(\d{1,9})$/.exec(each) ?? [];
        if (name === undefined || major === undefined || found.has(each)) continue;
        const servers = this.#exposures.servers(each);
        found.set(each, { interface: name, major: Number(major), servers });
      }
    }
    return [...found.values()].sort((a, b) => (a.interface < b.interface ? -1 : 1));
  }
}
