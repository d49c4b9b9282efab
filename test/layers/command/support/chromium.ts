// Drives a page in headless Chromium by its debugging protocol.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { ExecutionContext } from 'ava';
import { WebSocket } from 'ws';
import { temporaryFolder } from '../../../support/temporary-folder.js';

/** The program; `undefined` if there is none. */
export const chromium = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
].find((path) => existsSync(path));

interface Reply {
  readonly id?: number;
  readonly method?: string;
  readonly params?: unknown;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly message: string };
}

/** One page. */
export class Page {
  /** Errors of the page, and what it was refused to load. */
  readonly problems: string[] = [];
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, (reply: Reply) => void>();
  #next = 1;
  #loaded: () => void = () => undefined;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (data) => this.#heard(JSON.parse(String(data)) as Reply));
  }

  /** Resolves when a page has been loaded next. */
  loaded(): Promise<void> {
    return new Promise((resolve) => {
      this.#loaded = resolve;
    });
  }

  async send(method: string, params: object = {}): Promise<Record<string, unknown>> {
    const id = this.#next++;
    const reply = new Promise<Reply>((resolve) => this.#waiting.set(id, resolve));
    this.#socket.send(JSON.stringify({ id, method, params }));
    const { error, result = {} } = await reply;
    if (error !== undefined) throw new Error(`${method}: ${error.message}`);
    return result;
  }

  /** The value of an expression; promises are waited for. */
  async evaluate<T>(expression: string): Promise<T> {
    const { result, exceptionDetails } = (await this.send('Runtime.evaluate', {
      expression,
      awaitPromise: true,
      returnByValue: true,
    })) as { result: { value: T }; exceptionDetails?: { exception?: { description?: string } } };
    if (exceptionDetails !== undefined) {
      throw new Error(exceptionDetails.exception?.description ?? 'the page threw');
    }
    return result.value;
  }

  /** Resolves once an expression is true, which is looked at with each change of the page. */
  async until(expression: string): Promise<void> {
    const met = await this.evaluate<boolean>(`new Promise((resolve) => {
      const look = () => { if (${expression}) { observer.disconnect(); resolve(true); } };
      const observer = new MutationObserver(look);
      observer.observe(document, { subtree: true, childList: true, characterData: true, attributes: true });
      look();
    })`);
    if (!met) throw new Error(`${expression} never came`);
  }

  /** Clicks the first element that a selector finds, or the button with this text. */
  click(found: string): Promise<void> {
    const quoted = JSON.stringify(found);
    return this.evaluate(`(() => {
      const named = [...document.querySelectorAll('button')].find(
        (each) => each.textContent.trim() === ${quoted} && each.getClientRects().length > 0);
      const element = named ?? document.querySelector(${quoted});
      if (!element) throw new Error('there is no ' + ${quoted});
      element.focus();
      element.click();
    })()`);
  }

  async type(text: string): Promise<void> {
    await this.send('Input.insertText', { text });
  }

  async press(key: string, code: number): Promise<void> {
    const event = { key, code: key, windowsVirtualKeyCode: code, nativeVirtualKeyCode: code };
    const text = key === 'Enter' ? '\r' : undefined;
    await this.send('Input.dispatchKeyEvent', { type: 'keyDown', ...event, ...(text && { text }) });
    await this.send('Input.dispatchKeyEvent', { type: 'keyUp', ...event });
  }

  async resize(width: number, height: number): Promise<void> {
    const mobile = width < 500;
    await this.send('Emulation.setDeviceMetricsOverride', {
      ...{ width, height, deviceScaleFactor: 1, mobile },
    });
  }

  async screenshot(): Promise<Buffer> {
    const { data } = await this.send('Page.captureScreenshot', { format: 'png' });
    return Buffer.from(String(data), 'base64');
  }

  #heard(reply: Reply): void {
    if (reply.id !== undefined) {
      this.#waiting.get(reply.id)?.(reply);
      this.#waiting.delete(reply.id);
    } else if (reply.method === 'Page.loadEventFired') {
      this.#loaded();
    } else if (reply.method === 'Runtime.exceptionThrown') {
      this.problems.push(JSON.stringify(reply.params));
    } else if (reply.method === 'Log.entryAdded') {
      const { entry } = reply.params as { readonly entry: { level: string; text: string } };
      if (entry.level === 'error') this.problems.push(entry.text);
    }
  }
}

/** Opens an address; the browser ends with the test. */
export async function openPage(t: ExecutionContext, url: string): Promise<Page> {
  const folder = temporaryFolder(t);
  const program = spawn(
    chromium ?? 'chromium',
    [
      ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
      ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
      ...['--remote-debugging-port=0', '--hide-scrollbars', '--force-color-profile=srgb'],
      ...[`--user-data-dir=${folder}/profile`, 'about:blank'],
    ],
    { stdio: ['ignore', 'ignore', 'pipe'], detached: true },
  );
  const ended = new Promise((resolve) => program.once('close', resolve));
  t.teardown(async () => {
    killGroup(program);
    await ended;
  });
  const port = await portOf(program);
  const targets = (await (await fetch(`http://127.0.0.1:${port}/json/list`)).json()) as readonly {
    readonly type: string;
    readonly webSocketDebuggerUrl: string;
  }[];
  const target = targets.find(({ type }) => type === 'page');
  if (target === undefined) throw new Error('Chromium has no page');
  const socket = new WebSocket(target.webSocketDebuggerUrl);
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  t.teardown(() => socket.terminate());
  const page = new Page(socket);
  for (const domain of ['Runtime', 'Log', 'Page']) await page.send(`${domain}.enable`);
  const loaded = page.loaded();
  await page.send('Page.navigate', { url });
  await loaded;
  return page;
}

function portOf(program: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    program.stderr?.on('data', (chunk) => {
      said += String(chunk);
      const [, port] = /DevTools listening on ws:\/\/127\.0\.0\.1:(\d+)\//.exec(said) ?? [];
      if (port !== undefined) resolve(port);
    });
    program.once('close', () => reject(new Error(said.slice(-2000))));
  });
}

/** Kills a program with all that it has started, which would write to its folder for a while. */
function killGroup({ pid, exitCode, signalCode }: ChildProcess): void {
  const runs = exitCode === null && signalCode === null;
  if (runs && pid !== undefined) process.kill(-pid, 'SIGKILL');
}
