// The command `trace`: makes a call with a trace of its own, and draws the calls that were made for
// it, over all processes of the bus. An observer sees them, so nothing has to collect spans.
import { randomBytes } from 'node:crypto';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { writeFile } from 'node:fs/promises';
import type { Observer } from '../../../index.js';
import type { CallDiagnostics } from '../../rpc/index.js';
import { look } from '../bus/look.js';
import { chosenBus } from '../bus/which-bus.js';
import { exitCode, Failure, sentenceOf } from '../failure.js';
import { performCall } from '../talk/call.js';
import { Results } from '../talk/results.js';
import { numberOf, type OptionValues, type Output, type Run, textOf } from '../usage.js';
import { Descriptions } from '../watch/descriptions.js';
import { KnownTypes } from '../watch/known-types.js';
import { CallTree } from './call-tree.js';
import { drawTree } from './draw.js';
import { perfettoOf } from './perfetto.js';

/** Bytes of each payload: enough for the code of an error. */
const payloadBytes = 512;
/** Milliseconds that calls which go on after the answer get, unless --wait says otherwise. */
const defaultWait = 300;

/** Calls, and draws what it brought about. */
export const trace: Run = async (args, options, output) => {
  const bus = chosenBus(options, output);
  const wait = numberOf(options, 'wait') ?? defaultWait;
  const types = new KnownTypes();
  await using observer = await look(bus, output, { payloadBytes });
  const servers = new Descriptions(bus, types, options['no-describe'] !== true);
  await servers.learnFrom(observer);
  const id = randomBytes(16).toString('hex');
  const tree = new CallTree(id);
  const watch = new Watch(observer, tree);
  const stop = traceCalls(id);
  let code: number;
  try {
    code = await performCall(args, options, output, new Quiet(options, output));
  } finally {
    stop();
  }
  await watch.settled(wait, output);
  tree.left(new Set(observer.peers.map((peer) => peer.id)));
  // Servers that came meanwhile.
  if ([...tree.types].some((type) => types.get(type) === undefined)) {
    await servers.learnFrom(observer);
  }
  await finish(tree, watch, types, options, output);
  return output.interrupted.aborted ? exitCode.interrupted : code;
};

async function finish(
  tree: CallTree,
  watch: Watch,
  types: KnownTypes,
  options: OptionValues,
  output: Output,
): Promise<void> {
  if (tree.size === 0) {
    if (output.interrupted.aborted) return;
    throw new Failure(
      exitCode.failed,
      'the call was not seen: this process was too slow, or the servers are not observable',
    );
  }
  const placed = tree.placed();
  drawTree(placed, types, options, output);
  const file = textOf(options, 'perfetto');
  if (file !== undefined) await writeFile(file, perfettoOf(placed, types));
  if (options.json === true && watch.lost > 0) {
    output.print(JSON.stringify({ kind: 'lost', count: watch.lost }));
  }
  const missing = watch.lost + tree.omitted;
  if (missing > 0) {
    output.complain(`busbar: ${missing} messages were lost, so calls may be missing`);
  }
}

/** Every call that this process makes belongs to the trace. Returns what ends that. */
function traceCalls(id: string): () => void {
  const start = (message: unknown) => {
    const call = message as CallDiagnostics;
    call.traceparent = `00-${id}-${randomBytes(8).toString('hex')}-01`;
  };
  const name = 'tracing:busbar:call:start';
  subscribe(name, start);
  return () => void unsubscribe(name, start);
}

/** Gives what an observer sees to a tree. */
class Watch {
  /** Observations that this process was too slow for. */
  lost = 0;
  readonly #tree: CallTree;
  #changed = () => {};

  constructor(observer: Observer, tree: CallTree) {
    this.#tree = tree;
    void this.#read(observer);
  }

  /** Resolves when every call has ended, or after so many milliseconds, or when interrupted. */
  async settled(wait: number, { interrupted }: Output): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#changed = () => {
        if (this.#tree.size > 0 && !this.#tree.isOpen) resolve();
      };
      timer = setTimeout(resolve, wait);
      interrupted.addEventListener('abort', () => resolve(), { once: true });
      if (interrupted.aborted) resolve();
      this.#changed();
    });
    clearTimeout(timer);
  }

  async #read(observer: Observer): Promise<void> {
    for await (const seen of observer) {
      if (seen.kind === 'lost') this.lost += seen.count;
      else this.#tree.see(seen);
      this.#changed();
    }
  }
}

/** The tree says what came of the call; only its failure is told besides. */
class Quiet extends Results {
  readonly #output: Output;

  constructor(options: OptionValues, output: Output) {
    super({ ...options, json: false }, output);
    this.#output = output;
  }

  override result(): void {}

  override item(): void {}

  override answer(...[{ error }]: Parameters<Results['answer']>): number {
    if (error === undefined) return exitCode.ok;
    this.#output.complain(`busbar: ${sentenceOf(error)}`);
    return exitCode.failed;
  }
}
