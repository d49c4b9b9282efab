// Which bridges of a domain serve what. A bridge that serves says so when it begins, when it is asked,
// and now and then; one that calls asks when it begins. When one dies, its lines end by themselves.
import type { Msg } from '@nats-io/transport-node';
import type { LinkSubscription, NatsLink } from '../link.js';
import type { Subjects } from '../subjects.js';

/** Milliseconds after which a bridge says again that it is there: an announcement may get lost. */
const again = 30_000;

const mostBytes = 64 * 1024;
const mostLabels = 1024;
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });
const nothing = new Uint8Array(0);

/** Says that this bridge serves interfaces. */
export class Announcement {
  readonly #link: NatsLink;
  readonly #here: string;
  readonly #payload: Uint8Array;
  readonly #subscription: LinkSubscription;
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(bridge: string, labels: readonly string[], link: NatsLink, subjects: Subjects) {
    this.#link = link;
    this.#here = subjects.here;
    this.#payload = encoder.encode(JSON.stringify({ bridge, serves: labels }));
    this.#subscription = link.subscribe(subjects.who, undefined, () => this.say());
    this.#timer = setInterval(() => this.say(), again);
    this.#timer.unref();
  }

  /** Says it now. */
  say(): void {
    if (this.#link.isUp) this.#link.publish(this.#here, this.#payload);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#subscription.close();
  }
}

/** Hears which bridges serve interfaces. */
export class Neighbours {
  readonly #link: NatsLink;
  readonly #who: string;
  readonly #subscription: LinkSubscription;

  /** `found` gets the number of a bridge that serves one of the labels, more than once. */
  constructor(
    labels: readonly string[],
    link: NatsLink,
    subjects: Subjects,
    found: (bridge: string) => void,
  ) {
    this.#link = link;
    this.#who = subjects.who;
    this.#subscription = link.subscribe(subjects.here, undefined, (message) => {
      const { bridge, serves } = read(message);
      if (serves.some((label) => labels.includes(label))) found(bridge);
    });
  }

  /** Asks who is there. */
  ask(): void {
    if (this.#link.isUp) this.#link.publish(this.#who, nothing);
  }

  close(): void {
    this.#subscription.close();
  }
}

const nobody = { bridge: '', serves: [] as readonly string[] };

// Anybody may say anything here; who is believed is found out by asking for a line.
function read({ data }: Msg): { readonly bridge: string; readonly serves: readonly string[] } {
  if (data.length > mostBytes) return nobody;
  try {
    const { bridge, serves } = Object(JSON.parse(decoder.decode(data))) as Record<string, unknown>;
    const isBridge = typeof bridge === 'string' && /^[0-9a-f]{16}$/.test(bridge);
    if (!isBridge || !Array.isArray(serves) || serves.length > mostLabels) return nobody;
    return { bridge, serves: serves.filter((label) => typeof label === 'string') };
  } catch {
    return nobody;
  }
}
