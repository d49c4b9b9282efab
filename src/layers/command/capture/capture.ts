// The command `capture`: what members send to each other, as a file for Wireshark and tshark.

import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import type { Observation, Observer } from '../../../index.js';
import { shownPeer } from '../bus/member-rows.js';
import { chosenBus } from '../bus/which-bus.js';
import { exitCode, Failure } from '../failure.js';
import { formOf } from '../table.js';
import {
  numberOf,
  type OptionValues,
  type Output,
  type Run,
  textOf,
  UsageError,
} from '../usage.js';
import { version } from '../version.js';
import type { Descriptions } from '../watch/descriptions.js';
import { endOn } from '../watch/end-on.js';
import type { KnownTypes } from '../watch/known-types.js';
import { watching } from '../watch/watching.js';
import { fileHead, packetBlock, statisticsBlock } from './pcapng.js';
import { recordOf } from './record.js';

/** Captures until it is interrupted, or has as many messages as asked for. */
export const capture: Run = async ([selector], options, output) => {
  if (options.dissector === true) {
    output.print(dissectorFile());
    return exitCode.ok;
  }
  const path = textOf(options, 'output');
  if (path === undefined) throw new UsageError('say which file to write, with -o FILE');
  const bus = chosenBus(options, output);
  const { types, servers, ...watch } = await watching(bus, selector, options, output);
  await using observer = watch.observer;
  const file = await opened(path);
  const stop = endOn(observer, numberOf(options, 'seconds', 0), output);
  await servers.learnFrom(observer);
  if (formOf(options, output) === 'table') {
    output.complain(`busbar: capturing '${bus.name}' into ${path}; end with ctrl-c`);
  }
  file.write(fileHead(`busbar ${version()}`, bus.name));
  const writer = new Writer(file, types);
  const most = numberOf(options, 'count', 1) ?? Number.POSITIVE_INFINITY;
  try {
    await writer.writeAll(observer, most, servers);
  } finally {
    stop();
    file.end(statisticsBlock(writer.last, writer.count + writer.lost, writer.lost));
    await finished(file);
  }
  report(path, writer, options, output);
  // A capture is ended by interrupting it: only one without a message is none.
  return exitCode.ok;
};

function dissectorFile(): string {
  return fileURLToPath(new URL('../../../../wireshark/busbar.lua', import.meta.url));
}

async function opened(path: string): Promise<WriteStream> {
  const file = createWriteStream(path);
  try {
    await once(file, 'open');
    return file;
  } catch (error) {
    throw new Failure(
      exitCode.failed,
      `${path} cannot be written (${(error as NodeJS.ErrnoException).code}); choose another file`,
      error,
    );
  }
}

function report(
  path: string,
  { count, lost }: Writer,
  options: OptionValues,
  output: Output,
): void {
  const form = formOf(options, output);
  if (form === 'json') output.print(JSON.stringify({ kind: 'captured', file: path, count, lost }));
  else if (form === 'tabs') output.print(`${path}\t${count}\t${lost}`);
  else output.print(`${count} messages in ${path}, ${lost} lost`);
}

/** Writes packets. */
class Writer {
  count = 0;
  lost = 0;
  /** Microseconds since 1970 of the last packet. */
  last = 0n;
  readonly #file: WriteStream;
  readonly #types: KnownTypes;
  #unreported = 0;

  constructor(file: WriteStream, types: KnownTypes) {
    this.#file = file;
    this.#types = types;
  }

  async writeAll(observer: Observer, most: number, servers: Descriptions): Promise<void> {
    for await (const seen of observer) {
      if (seen.kind !== 'lost') {
        servers.learnLater(observer, this.#types.get(seen.typeId) === undefined);
      }
      // A full disk is slow, and what is lost meanwhile is counted: nobody else waits for it.
      if (!this.#write(seen)) await once(this.#file, 'drain');
      if (this.count >= most) return;
    }
  }

  #write(seen: Observation): boolean {
    if (seen.kind === 'lost') {
      this.lost += seen.count;
      this.#unreported += seen.count;
    } else {
      this.count++;
      this.last = BigInt(Math.round(seen.time * 1000));
    }
    const name = seen.kind === 'lost' ? '' : (this.#types.get(seen.typeId)?.name ?? '');
    const bytes = recordOf(seen, name);
    const cut = seen.kind === 'lost' ? 0 : seen.bytes - seen.payload.length;
    const dropped = seen.kind === 'lost' ? 0 : this.#unreported;
    if (seen.kind !== 'lost') this.#unreported = 0;
    return this.#file.write(
      packetBlock({
        time: this.last,
        bytes,
        length: bytes.length + cut,
        comment: commentOf(seen),
        dropped,
      }),
    );
  }
}

/** `sun -> moon`: what a user reads in the list of packets. */
function commentOf(seen: Observation): string {
  const from = shownPeer(seen.from);
  if (seen.kind === 'lost') return `${seen.count} messages of ${from} were lost`;
  const to = seen.kind === 'sent' ? seen.to : seen.to === undefined ? [] : [seen.to];
  const shown = to.slice(0, 8).map(shownPeer).join(' ');
  return `${from} -> ${shown === '' ? 'nobody' : shown}${to.length > 8 ? ' …' : ''}`;
}
