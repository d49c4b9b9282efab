// Plays a journal: its entries in order, at the pace of then or faster, from any place.
import { el, labelled } from './dom.js';
import { ask, linesOf } from './session.js';

interface Entry {
  readonly position: number;
  readonly time: string;
  readonly type: string;
  readonly label?: readonly string[];
  readonly payload?: unknown;
  readonly encoding?: string;
  readonly bytes?: string;
}

const mostLines = 300;
/** Entries that are asked for before the last ones have been shown. */
const ahead = 200;
/** Milliseconds that are waited at most between two entries. */
const longestPause = 2000;

/** The view. */
export class Player {
  readonly element: HTMLElement;
  readonly #play = el('button', { type: 'button', class: 'main' }, 'Play');
  readonly #step = el('button', { type: 'button' }, 'Step');
  readonly #speed = el('select');
  readonly #place = el('input', { type: 'range', min: 1, max: 1, step: 1, value: 1 });
  readonly #state = el('p', { class: 'quiet', role: 'status' });
  readonly #list = el('ol', { class: 'log' });
  readonly #scroll = el(
    'div',
    { class: 'scroll', tabindex: 0, 'aria-label': 'Entries' },
    this.#list,
  );
  readonly #controls: HTMLElement;
  #next = 1;
  #end = 1;
  #last: Entry | undefined;
  #queue: Entry[] = [];
  #playing = false;
  #timer: number | undefined;
  #loading: Promise<void> | undefined;
  #loaded = false;

  constructor() {
    for (const speed of ['1', '4', '16', '64', 'max']) {
      this.#speed.append(
        el('option', { value: speed }, speed === 'max' ? 'as fast as it goes' : `${speed}×`),
      );
    }
    this.#play.addEventListener('click', () => (this.#playing ? this.#pause() : this.#run()));
    this.#step.addEventListener('click', () => {
      this.#pause();
      void this.#one();
    });
    this.#place.addEventListener('change', () => this.#seek(Number(this.#place.value)));
    this.#controls = el(
      'div',
      { class: 'bar' },
      this.#play,
      this.#step,
      labelled('Speed', this.#speed),
      labelled('Place', this.#place),
    );
    this.element = el('section', {}, this.#controls, this.#state, this.#scroll);
  }

  /** It has come into view. */
  enter(): void {
    if (!this.#loaded) void this.#load();
  }

  async #load(): Promise<void> {
    this.#loaded = true;
    try {
      const { folder, start, end } = (await (await ask('/look/journal')).json()) as {
        readonly folder: string | null;
        readonly start?: number;
        readonly end?: number;
      };
      if (folder === null || start === undefined || end === undefined) {
        this.#controls.hidden = true;
        this.#scroll.hidden = true;
        this.#say('There is no journal here. Start busbar web with --journal FOLDER to play one.');
        return;
      }
      this.#end = end;
      this.#place.min = String(start);
      this.#place.max = String(Math.max(start, end - 1));
      this.#seek(start);
      this.#say(`${folder}: ${end - start} entries.`);
    } catch (error) {
      this.#say((error as Error).message, true);
    }
  }

  #seek(position: number): void {
    this.#next = position;
    this.#queue = [];
    this.#last = undefined;
    this.#list.replaceChildren();
    this.#place.value = String(position);
  }

  #run(): void {
    this.#playing = true;
    this.#play.textContent = 'Pause';
    void this.#tick();
  }

  #pause(): void {
    this.#playing = false;
    this.#play.textContent = 'Play';
    clearTimeout(this.#timer);
  }

  async #tick(): Promise<void> {
    const isFast = this.#speed.value === 'max';
    for (let count = 0; count < (isFast ? 50 : 1); count++) {
      if (!(await this.#one())) {
        this.#pause();
        this.#say('That was the last entry.');
        return;
      }
    }
    if (!this.#playing) return;
    const next = this.#queue[0];
    const gap =
      next === undefined || this.#last === undefined
        ? 0
        : Date.parse(next.time) - Date.parse(this.#last.time);
    const wait = isFast ? 0 : Math.min(longestPause, Math.max(0, gap / Number(this.#speed.value)));
    this.#timer = setTimeout(() => void this.#tick(), wait);
  }

  /** Shows the next entry; whether there was one. */
  async #one(): Promise<boolean> {
    if (this.#queue.length < ahead) {
      const loading = this.#more();
      if (this.#queue.length === 0) await loading;
    }
    const entry = this.#queue.shift();
    if (entry === undefined) return false;
    this.#last = entry;
    this.#place.value = String(entry.position);
    const { scrollTop, clientHeight, scrollHeight } = this.#scroll;
    const atEnd = scrollTop + clientHeight >= scrollHeight - 30;
    this.#list.append(lineOf(entry));
    while (this.#list.childElementCount > mostLines) this.#list.firstElementChild?.remove();
    if (atEnd) this.#scroll.scrollTop = this.#scroll.scrollHeight;
    this.#say(`Entry ${entry.position} of ${this.#end - 1}, ${entry.time}`);
    return true;
  }

  #more(): Promise<void> {
    if (this.#next >= this.#end) return Promise.resolve();
    this.#loading ??= this.#fetch().finally(() => {
      this.#loading = undefined;
    });
    return this.#loading;
  }

  async #fetch(): Promise<void> {
    const from = this.#next;
    try {
      const found: Entry[] = [];
      for await (const each of linesOf(await ask(`/look/journal/entries?from=${from}`))) {
        found.push(each as Entry);
      }
      // Somebody has chosen another place meanwhile.
      if (this.#next !== from) return;
      this.#next = (found.at(-1)?.position ?? this.#end) + 1;
      this.#queue.push(...found);
    } catch (error) {
      this.#pause();
      this.#say((error as Error).message, true);
    }
  }

  #say(text: string, isBad = false): void {
    this.#state.textContent = text;
    this.#state.className = isBad ? 'bad' : 'quiet';
  }
}

function lineOf({ position, time, type, label, payload, bytes }: Entry): HTMLElement {
  const text = payload === undefined ? (bytes ?? '') : JSON.stringify(payload);
  return el(
    'li',
    {},
    el('span', { class: 'meta' }, `${position} `),
    el('time', { datetime: time }, time.slice(11, 23)),
    ' ',
    el('strong', {}, type),
    el('span', { class: 'meta' }, label === undefined ? ' ' : ` ${label.join(', ')} `),
    text.length > 600 ? `${text.slice(0, 600)}…` : text,
  );
}
