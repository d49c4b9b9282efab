// Members of interfaces: methods are called with a form made of their description, properties are
// read and set.
import { el, labelled } from './dom.js';
import { ArgumentForm, singleField } from './form.js';
import type { InterfaceModel } from './model.js';
import { ask, linesOf, RequestError } from './session.js';

interface Listed {
  readonly interface: string;
  readonly major: number;
  readonly servers: number;
}

/** Items of a stream that are shown. */
const mostItems = 500;

/** The view. */
export class Call {
  readonly element: HTMLElement;
  readonly #list = el('ul', { class: 'names' });
  readonly #panel = el('div', {}, el('p', { class: 'quiet' }, 'Choose a method or a property.'));
  readonly #reload = el('button', { type: 'button' }, 'Look again');
  #stop: AbortController | undefined;
  #loaded = false;

  constructor() {
    this.#reload.addEventListener('click', () => void this.#load());
    const nav = el('nav', { 'aria-label': 'Members of interfaces' }, this.#reload, this.#list);
    this.element = el('section', {}, el('div', { class: 'columns' }, nav, this.#panel));
  }

  /** It has come into view. */
  enter(): void {
    if (!this.#loaded) void this.#load();
  }

  async #load(): Promise<void> {
    this.#loaded = true;
    try {
      const { interfaces } = (await (await ask('/describe')).json()) as {
        readonly interfaces: readonly Listed[];
      };
      const served = interfaces.filter(({ servers }) => servers > 0);
      const models = await Promise.allSettled(
        served.map(async ({ interface: name, major }) => {
          const answer = await ask(`/describe/${name}/${major}`);
          return (await answer.json()) as InterfaceModel;
        }),
      );
      const found = models.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
      this.#list.replaceChildren(...found.flatMap((model) => this.#itemsOf(model)));
      if (found.length === 0) {
        this.#list.replaceChildren(el('li', { class: 'group' }, 'Nobody serves anything here.'));
      }
    } catch (error) {
      this.#list.replaceChildren(el('li', { class: 'group bad' }, (error as Error).message));
    }
  }

  #itemsOf(model: InterfaceModel): readonly HTMLElement[] {
    const title = el('li', { class: 'group' }, `${model.interface} ${model.version}`);
    const item = (name: string, open: () => void) => {
      const button = el('button', { type: 'button' }, name);
      button.addEventListener('click', () => {
        for (const each of this.#list.querySelectorAll('[aria-current]')) {
          each.removeAttribute('aria-current');
        }
        button.setAttribute('aria-current', 'true');
        this.#stop?.abort();
        open();
        this.#panel.querySelector<HTMLElement>('input, select, textarea, button')?.focus();
      });
      return el('li', {}, button);
    };
    const methods = Object.keys(model.methods ?? {});
    const properties = Object.keys(model.properties ?? {});
    return [
      title,
      ...methods.map((name) => item(`${name}()`, () => this.#openMethod(model, name))),
      ...properties.map((name) => item(name, () => this.#openProperty(model, name))),
    ];
  }

  #openMethod(model: InterfaceModel, name: string): void {
    const method = model.methods?.[name] ?? {};
    const form = new ArgumentForm(model, method.args);
    const to = el('input', { type: 'text', placeholder: 'any server', spellcheck: 'false' });
    const button = el('button', { type: 'submit', class: 'main' }, 'Call');
    const result = new Result();
    const input =
      method.input === undefined
        ? undefined
        : el(
            'p',
            { class: 'warn' },
            'It takes a stream, which this page does not send: it is empty.',
          );
    const submit = (event: Event) => {
      event.preventDefault();
      if (this.#stop !== undefined) {
        this.#stop.abort();
        return;
      }
      void this.#run(button, result, async (signal) => {
        const values = JSON.stringify(form.values());
        const isInput = method.input !== undefined;
        const answer = await ask(`/call/${placeOf(model)}/${name}`, {
          method: 'POST',
          headers: {
            'content-type': isInput ? 'application/x-ndjson' : 'application/json',
            ...(to.value.trim() !== '' && { 'busbar-to': to.value.trim() }),
          },
          body: values,
          signal,
        });
        if (method.stream === undefined) result.show(await answer.json());
        else for await (const line of linesOf(answer)) result.add(line);
      });
    };
    this.#show(
      `${model.interface}.${name}`,
      method.doc,
      el(
        'form',
        { onsubmit: submit },
        form.element,
        ...(input === undefined ? [] : [input]),
        el('div', { class: 'bar' }, labelled('Servers that match', to), button),
      ),
      result,
    );
  }

  #openProperty(model: InterfaceModel, name: string): void {
    const property = model.properties?.[name];
    if (property === undefined) return;
    const path = `/property/${placeOf(model)}/${name}`;
    const result = new Result();
    const read = el('button', { type: 'button', class: 'main' }, 'Read');
    read.addEventListener('click', () => {
      void this.#run(read, result, async (signal) => {
        result.show(await (await ask(path, { signal })).json());
      });
    });
    const watch = el('button', { type: 'button' }, 'Watch');
    watch.addEventListener('click', () => {
      if (this.#stop !== undefined) {
        this.#stop.abort();
        return;
      }
      void this.#run(watch, result, async (signal) => {
        const headers = { accept: 'application/x-ndjson' };
        for await (const line of linesOf(await ask(path, { signal, headers }))) result.add(line);
      });
    });
    const buttons = el('div', { class: 'bar' }, read, watch);
    const parts: HTMLElement[] = [buttons];
    if (property.access === 'read-write') parts.push(this.#setter(model, name, path, result));
    this.#show(`${model.interface}.${name}`, property.doc, el('div', {}, ...parts), result);
  }

  #setter(model: InterfaceModel, name: string, path: string, result: Result): HTMLElement {
    const type = model.properties?.[name]?.type ?? 'any';
    const form = singleField(model, name, type);
    const button = el('button', { type: 'submit' }, 'Set');
    const submit = (event: Event) => {
      event.preventDefault();
      void this.#run(button, result, async (signal) => {
        const body = JSON.stringify(form.values()[name] ?? null);
        const headers = { 'content-type': 'application/json' };
        await ask(path, { method: 'PUT', headers, body, signal });
        result.note('Set.');
      });
    };
    return el('form', { onsubmit: submit }, form.element, el('div', { class: 'bar' }, button));
  }

  async #run(
    button: HTMLButtonElement,
    result: Result,
    act: (signal: AbortSignal) => Promise<void>,
  ): Promise<void> {
    const stop = new AbortController();
    this.#stop?.abort();
    this.#stop = stop;
    const text = button.textContent;
    button.textContent = 'Stop';
    result.clear();
    const began = performance.now();
    try {
      await act(stop.signal);
      result.took(performance.now() - began);
    } catch (error) {
      if (stop.signal.aborted) result.note('Stopped.');
      else result.fail(error);
    } finally {
      button.textContent = text;
      if (this.#stop === stop) this.#stop = undefined;
    }
  }

  #show(title: string, doc: string | undefined, form: HTMLElement, result: Result): void {
    const about = doc === undefined ? [] : [el('p', { class: 'quiet' }, doc)];
    this.#panel.replaceChildren(el('h2', {}, title), ...about, form, result.element);
  }
}

function placeOf({ interface: name, version }: InterfaceModel): string {
  return `${name}/${version.split('.')[0]}`;
}

/** What came back. */
class Result {
  readonly #note = el('p', { role: 'status', class: 'quiet' });
  readonly #value = el('pre', { hidden: true, tabindex: 0, 'aria-label': 'Result' });
  readonly element = el('div', {}, this.#note, this.#value);
  #items: string[] = [];
  #count = 0;

  clear(): void {
    this.#items = [];
    this.#count = 0;
    this.#value.hidden = true;
    this.note('Waiting for the answer.');
  }

  show(value: unknown): void {
    this.#value.textContent = JSON.stringify(value, undefined, 2);
    this.#value.hidden = false;
  }

  add(line: unknown): void {
    const { error } = line as {
      readonly error?: { readonly code: string; readonly message: string };
    };
    if (error !== undefined) throw new RequestError(200, error.code, error.message, undefined);
    this.#count++;
    this.#items.push(JSON.stringify(line));
    if (this.#items.length > mostItems) this.#items.shift();
    this.#value.textContent = this.#items.join('\n');
    this.#value.hidden = false;
    this.note(`${this.#count} so far.`);
  }

  took(milliseconds: number): void {
    this.note(`Answered after ${milliseconds.toFixed(1)} ms.`);
  }

  note(text: string): void {
    this.#note.className = 'quiet';
    this.#note.textContent = text;
  }

  fail(error: unknown): void {
    this.#note.className = 'bad';
    const { message, code, data } = error as RequestError;
    this.#note.textContent = code === undefined ? message : `${code}: ${message}`;
    if (data !== undefined) this.show(data);
  }
}
