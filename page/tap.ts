// Messages as they go by.
import { el, labelled } from './dom.js';
import { ask, linesOf } from './session.js';

interface Peer {
  readonly id: number;
  readonly label: readonly string[];
}

interface Seen {
  readonly kind: string;
  readonly time?: number;
  readonly from?: Peer;
  readonly to?: readonly Peer[];
  readonly receivers?: number;
  readonly type?: string | null;
  readonly typeId?: string;
  readonly role?: string;
  readonly bytes?: number;
  readonly payload?: unknown;
  readonly reason?: string;
  readonly count?: number;
}

/** Lines that are kept. */
const mostLines = 300;
const longestPayload = 600;

/** The view. */
export class Tap {
  readonly element: HTMLElement;
  readonly #match = el('input', {
    type: 'text',
    placeholder: 'kitchen & !spare',
    spellcheck: 'false',
  });
  readonly #type = el('input', {
    type: 'text',
    placeholder: 'thermostat.setTarget',
    spellcheck: 'false',
  });
  readonly #where = el('input', { type: 'text', placeholder: 'celsius > 20', spellcheck: 'false' });
  readonly #redact = el('input', { type: 'checkbox' });
  readonly #button = el('button', { type: 'submit', class: 'main' }, 'Start');
  readonly #state = el('p', { class: 'quiet', role: 'status' }, 'Not observing.');
  readonly #list = el('ol', { class: 'log' });
  readonly #scroll = el(
    'div',
    { class: 'scroll', tabindex: 0, role: 'log', 'aria-label': 'Messages', 'aria-live': 'off' },
    this.#list,
  );
  #stop: AbortController | undefined;
  #pending: HTMLElement[] = [];
  #seen = 0;
  #lost = 0;

  constructor() {
    const bar = el(
      'form',
      { class: 'bar', onsubmit: (event) => this.#toggle(event) },
      labelled('Members that match', this.#match),
      labelled('Type', this.#type),
      labelled('Where', this.#where),
      labelled('Hide values', this.#redact, 'check'),
      this.#button,
    );
    this.element = el('section', {}, bar, this.#state, this.#scroll);
  }

  #toggle(event: Event): void {
    event.preventDefault();
    if (this.#stop !== undefined) {
      this.#stop.abort();
      return;
    }
    const stop = new AbortController();
    this.#stop = stop;
    this.#button.textContent = 'Stop';
    this.#say('Observing; nothing seen yet.', false);
    this.#seen = 0;
    this.#lost = 0;
    this.#list.replaceChildren();
    this.#observe(stop.signal)
      .then(
        () => this.#say('The observation has ended.', false),
        (error: unknown) => {
          if (stop.signal.aborted) this.#say(`Stopped after ${this.#seen} messages.`, false);
          else this.#say((error as Error).message, true);
        },
      )
      .finally(() => {
        this.#stop = undefined;
        this.#button.textContent = 'Start';
      });
  }

  async #observe(signal: AbortSignal): Promise<void> {
    const query = new URLSearchParams();
    const fields = { match: this.#match, type: this.#type, where: this.#where };
    for (const [name, { value }] of Object.entries(fields)) {
      if (value.trim() !== '') query.set(name, value.trim());
    }
    if (this.#redact.checked) query.set('redact', 'true');
    for await (const each of linesOf(await ask(`/look/tap?${query}`, { signal }))) {
      this.#add(each as Seen);
    }
  }

  #add(seen: Seen): void {
    if (seen.kind === 'sent' || seen.kind === 'undelivered') this.#seen++;
    else this.#lost += seen.count ?? 0;
    const line = this.#lineOf(seen);
    if (line !== undefined) this.#pending.push(line);
    if (this.#pending.length === 1) requestAnimationFrame(() => this.#flush());
  }

  // Once a frame: a bus may be faster than a screen.
  #flush(): void {
    const scroll = this.#scroll;
    const atEnd = scroll.scrollTop + scroll.clientHeight >= scroll.scrollHeight - 30;
    this.#list.append(...this.#pending.slice(-mostLines));
    this.#pending = [];
    while (this.#list.childElementCount > mostLines) this.#list.firstElementChild?.remove();
    if (atEnd) scroll.scrollTop = scroll.scrollHeight;
    const lost = this.#lost === 0 ? '' : `; ${this.#lost} not shown, since they came too fast`;
    this.#say(`${this.#seen} messages${lost}`, false);
  }

  #lineOf(seen: Seen): HTMLElement | undefined {
    const { kind, time = 0, from, to = [], receivers = 0, type, typeId = '', role = '' } = seen;
    if (kind !== 'sent' && kind !== 'undelivered') return undefined;
    const [first] = to;
    const others = receivers > 1 ? ` and ${receivers - 1} more` : '';
    const target = first === undefined ? 'nobody' : `${shown(first)}${others}`;
    const at = new Date(time);
    const clock = at.toISOString().slice(11, 23);
    const payload = JSON.stringify(seen.payload) ?? '';
    const text = payload.length > longestPayload ? `${payload.slice(0, longestPayload)}…` : payload;
    const reason = seen.reason === undefined ? '' : `  undelivered: ${seen.reason}`;
    return el(
      'li',
      kind === 'undelivered' ? { class: 'bad' } : {},
      el('time', { datetime: at.toISOString() }, clock),
      ` ${from === undefined ? '' : shown(from)} → ${target}  `,
      el('strong', {}, type ?? typeId.slice(0, 8)),
      el('span', { class: 'meta' }, ` ${role === 'message' ? '' : role} `),
      `${text}${reason}`,
    );
  }

  #say(text: string, isBad: boolean): void {
    this.#state.textContent = text;
    this.#state.className = isBad ? 'bad' : 'quiet';
  }
}

function shown({ id, label }: Peer): string {
  const own = label.find(
    (name) => !name.includes('/') && !label.some((each) => each.startsWith(`${name}/`)),
  );
  return own ?? label[0] ?? `#${id}`;
}
