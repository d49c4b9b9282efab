// The command `wire`: interfaces of a bus for the other side of a wire, over standard input and
// output or at an address.
import { readFileSync } from 'node:fs';
import type { Interface } from '../../interface/entry-values.js';
import {
  type Listener,
  serveWire,
  stdio,
  tcp,
  unixSocket,
  type WireEvent,
  type WirePlace,
  webSocket,
} from '../../wire/index.js';
import { spelled } from '../bus/condition.js';
import { checkBusExists } from '../bus/sick-bus.js';
import { type ChosenBus, chosenBus } from '../bus/which-bus.js';
import { exitCode, Failure } from '../failure.js';
import { isInterfaceFile } from '../interface-names.js';
import { loadInterface } from '../load-interface.js';
import { servedInterface } from '../talk/target.js';
import { type OptionValues, type Output, type Run, textOf, UsageError } from '../usage.js';
import { TextConversation } from './text-conversation.js';

/** Exposes interfaces until the wire ends, or the program is interrupted. */
export const wire: Run = async (args, options, output) => {
  const { listener, address } = listenerOf(options);
  const token = tokenOfWire(options, output);
  const bus = chosenBus(options, output);
  checkBusExists(bus.name, output);
  const expose: Interface[] = [];
  for (const each of args) expose.push(await interfaceOf(each, bus, options, output));
  const isText = options.json === true;
  const to = textOf(options, 'to');
  const end = new End(output, listener !== undefined);
  const place = listener ?? (isText ? new TextConversation(output) : stdio());
  const { name, token: tokenOfBus } = bus;
  const relay = await serveWire(
    place as WirePlace | Listener,
    { name, token: tokenOfBus, controllerAffinity: false },
    {
      expose,
      ...(to !== undefined && { to: spelled(to) }),
      ...(isText && { framing: 'lines' }),
      ...(token !== undefined && { token }),
      onWire: (event) => end.see(event),
    },
  );
  if (listener !== undefined) {
    const where = address();
    output.print(isText ? JSON.stringify({ kind: 'listening', place: where }) : where);
  }
  try {
    return await end.come;
  } finally {
    await relay.close({ linger: 0 });
  }
};

/** When the command ends, and with which code. */
class End {
  readonly come: Promise<number>;
  #resolve: (code: number) => void = () => undefined;
  #reject: (error: Error) => void = () => undefined;
  readonly #listens: boolean;
  readonly #output: Output;

  constructor(output: Output, listens: boolean) {
    this.#listens = listens;
    this.#output = output;
    this.come = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.come.catch(() => undefined);
    const { interrupted } = output;
    const stop = () => this.#resolve(exitCode.interrupted);
    if (interrupted.aborted) stop();
    interrupted.addEventListener('abort', stop);
  }

  see({ change, name, error }: WireEvent): void {
    const text = `${name}: ${error?.message ?? change}`;
    if (this.#listens) {
      if (change !== 'opened') this.#output.complain(`busbar: ${text}`);
    } else if (change === 'refused') {
      this.#reject(new Failure(exitCode.failed, `the wire was not opened: ${text}`, error));
    } else if (change === 'closed') {
      this.#resolve(exitCode.ok);
    }
  }
}

function interfaceOf(
  text: string,
  bus: ChosenBus,
  options: OptionValues,
  output: Output,
): Promise<Interface> {
  if (isInterfaceFile(text)) return loadInterface(text);
  return servedInterface(bus, text, textOf(options, 'to'), output, 'give its file instead');
}

interface Place {
  /** `undefined` for standard input and output. */
  readonly listener: Listener | undefined;
  /** Where it listens, in the form of --listen. */
  readonly address: () => string;
}

function listenerOf(options: OptionValues): Place {
  const text = textOf(options, 'listen');
  if (text === undefined) return { listener: undefined, address: () => '' };
  const [, path] = /^unix:(.+)$/.exec(text) ?? [];
  if (path !== undefined) return { listener: unixSocket.listen(path), address: () => text };
  const [, kind, host = '127.0.0.1', port] = /^(tcp|ws):(?:(.+):)?(\d{1,5})$/.exec(text) ?? [];
  if (kind === undefined || Number(port) > 65_535) {
    throw new UsageError(
      `--listen is '${text}'; expected tcp:PORT, tcp:HOST:PORT, ws:PORT or unix:PATH`,
    );
  }
  const listen = kind === 'tcp' ? tcp.listen : webSocket.listen;
  const listener = listen({ host, port: Number(port) });
  return { listener, address: () => `${kind}:${host}:${listener.port ?? port}` };
}

/** The token that the other side has to know; never an argument, which ps shows. */
function tokenOfWire(options: OptionValues, output: Output): string | undefined {
  const file = textOf(options, 'wire-token-file');
  const { BUSBAR_WIRE_TOKEN: token = '' } = output.env;
  if (file !== undefined) return readFileSync(file, 'utf8').replace(/\r?\n$/, '');
  return token === '' ? undefined : token;
}
