// The command `web`: a gateway to a bus, with a page that shows the bus.
import { readFileSync } from 'node:fs';
import {
  type Gateway,
  type GatewayExchange,
  type GatewayMount,
  type GatewayOptions,
  Refusal,
  serveGateway,
} from '../../gateway/index.js';
import type { Interface } from '../../interface/entry-values.js';
import { spelled } from '../bus/condition.js';
import { checkBusExists } from '../bus/sick-bus.js';
import { type ChosenBus, chosenBus } from '../bus/which-bus.js';
import { exitCode, Failure } from '../failure.js';
import { isInterfaceFile } from '../interface-names.js';
import { loadInterface } from '../load-interface.js';
import { servedInterface } from '../talk/target.js';
import {
  numberOf,
  type OptionValues,
  type Output,
  type Run,
  textOf,
  textsOf,
  UsageError,
} from '../usage.js';
import { pageFile } from './files.js';
import { journal } from './journals.js';
import { live, tap } from './live.js';

/** Serves until it is interrupted, or the bus is gone. */
export const web: Run = async (args, options, output) => {
  const bus = chosenBus(options, output);
  checkBusExists(bus.name, output);
  const isBare = options['no-page'] === true;
  const exposed = await exposedBy(args, bus, options, output);
  const { name, token } = bus;
  const gateway = await serveGateway(
    { name, token, controllerAffinity: false },
    {
      expose: exposed,
      ...placeOf(options),
      ...tokenOf(options, output),
      ...(textOf(options, 'to') !== undefined && { to: spelled(textOf(options, 'to') ?? '') }),
      databases: textsOf(options, 'database'),
      ...(options.wire === true && { wire: true }),
      ...(isBare ? {} : { mounts: mountsOf(bus, textOf(options, 'journal'), output) }),
    },
  );
  return serve(gateway, options, output, isBare);
};

async function serve(
  gateway: Gateway,
  options: OptionValues,
  output: Output,
  isBare: boolean,
): Promise<number> {
  const { url, token } = gateway;
  const isOwn =
    textOf(options, 'http-token-file') === undefined && token !== output.env.BUSBAR_HTTP_TOKEN;
  // The part behind the # stays in the browser: it is in no request and in no log.
  const open = isBare || url.startsWith('http+unix') ? url : `${url}/#token=${isOwn ? token : ''}`;
  if (options.json === true) {
    output.print(JSON.stringify({ kind: 'listening', url, ...(isOwn && { token }) }));
  } else {
    output.print(open);
    if (isOwn && open === url) output.print(`token ${token}`);
  }
  const { interrupted } = output;
  const stop = new Promise<number>((resolve) => {
    const end = () => resolve(exitCode.interrupted);
    if (interrupted.aborted) end();
    interrupted.addEventListener('abort', end);
  });
  const gone = gateway.closed.then(() => {
    throw new Failure(exitCode.failed, 'the bus is gone; start busbar web again');
  });
  gone.catch(() => undefined);
  try {
    return await Promise.race([stop, gone]);
  } finally {
    await gateway.close({ linger: 0 });
  }
}

async function exposedBy(
  args: readonly string[],
  bus: ChosenBus,
  options: OptionValues,
  output: Output,
): Promise<readonly Interface[] | 'everything'> {
  if (args.length === 0) return 'everything';
  const exposed: Interface[] = [];
  for (const text of args) {
    const next = 'give its file instead';
    exposed.push(
      isInterfaceFile(text)
        ? await loadInterface(text)
        : await servedInterface(bus, text, textOf(options, 'to'), output, next),
    );
  }
  return exposed;
}

function placeOf(options: OptionValues): Pick<GatewayOptions, 'port' | 'path'> {
  const path = textOf(options, 'unix');
  const port = numberOf(options, 'port', 0);
  if (path !== undefined && port !== undefined) throw new UsageError('--unix and --port: say one');
  if (path !== undefined) return { path };
  return { port: port ?? 0 };
}

/** Never an argument, which ps shows. Without one, a new one is made. */
function tokenOf(options: OptionValues, output: Output): Pick<GatewayOptions, 'token'> {
  const file = textOf(options, 'http-token-file');
  const { BUSBAR_HTTP_TOKEN: given = '' } = output.env;
  const token = file === undefined ? given : readFileSync(file, 'utf8').trim();
  const readOnly = options['read-only'] === true;
  if (token === '' && !readOnly) return {};
  if (!readOnly) return { token };
  return { token: [{ token: token === '' ? madeToken() : token, readOnly }] };
}

function madeToken(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('base64url');
}

function mountsOf(
  bus: ChosenBus,
  folder: string | undefined,
  output: Output,
): Readonly<Record<string, GatewayMount>> {
  const page = { methods: ['GET'], open: true, handle: pageFile };
  return {
    '': page,
    page,
    look: {
      methods: ['GET'],
      handle: (exchange) => answerLook(exchange, bus, folder, output),
    },
  };
}

async function answerLook(
  exchange: GatewayExchange,
  bus: ChosenBus,
  folder: string | undefined,
  output: Output,
): Promise<void> {
  const [, what] = exchange.target.segments;
  try {
    if (what === 'live') await live(exchange, bus, output);
    else if (what === 'tap') await tap(exchange, bus, output);
    else if (what === 'journal') await journal(exchange, folder);
    else throw new Refusal('NOT_FOUND', 'expected /look/live, /look/tap or /look/journal');
  } catch (error) {
    // Texts of the page's user, which the command line would refuse in the same words.
    if (error instanceof UsageError) throw new Refusal('BAD_REQUEST', error.message);
    throw error;
  }
}
