// Answers that wait, over a port whose room the test controls: how many wait, what becomes of those
// beyond, and of those that cannot be sent when their turn comes.
import test from 'ava';
import { Backlogs, type Waiting } from '../../dist/layers/rpc/backlogs.js';
import { full, type Port } from '../../dist/layers/rpc/port.js';
import {
  answerKind,
  codecNumber,
  flag,
  formatOf,
  kindOf,
} from '../../dist/layers/rpc/wire/format.js';

const peer = 7;
/** As src/layers/rpc/backlogs.ts has them. */
const maxFrames = 1024;
const maxShortFrames = 131_072;

interface Posted {
  readonly call: number;
  readonly kind: number;
  readonly payload: unknown;
}

/** A port with one peer, which has no room until the test says so. */
class OnePeer {
  readonly posted: Posted[] = [];
  room = 0;
  /** Payloads that cannot be encoded. */
  readonly wrong = new Set<unknown>();
  #look: (() => void) | undefined;

  post(_peer: number, _type: string, format: number, call: number, payload: unknown): number {
    if (this.wrong.has(payload)) throw new RangeError('the payload is too large');
    if (this.room === 0) return full;
    this.room--;
    return this.posted.push({ call, kind: kindOf(format), payload });
  }

  whenRoom(): Promise<void> {
    return new Promise((resolve) => {
      this.#look = resolve;
    });
  }

  /** There is room for so many frames; resolves when they were sent. */
  async giveRoom(frames: number): Promise<void> {
    this.room = frames;
    this.#look?.();
    await new Promise(setImmediate);
  }
}

function make() {
  const port = new OnePeer();
  const ended: string[] = [];
  const backlogs = new Backlogs(port as unknown as Port, {
    overrun: (whose) => ended.push(`calls of ${whose}`),
    forgotten: (whose, own) => ended.push(`all of ${whose}${own ? ', and own' : ''}`),
    unsubscribed: (whose, call) => ended.push(`subscription ${call} of ${whose}`),
  });
  return { port, backlogs, ended };
}

function frame(call: number, payload: unknown, kind: number = answerKind.result): Waiting {
  const format = formatOf(kind, codecNumber.messagePack);
  return { call, format, payload, metadata: undefined, attachments: undefined };
}

test('as many answers wait as the limit says, and are sent in order', async (t) => {
  const { port, backlogs, ended } = make();
  for (let call = 1; call <= maxFrames; call++) backlogs.add(peer, frame(call, call));
  t.false(backlogs.isOverrun(peer));
  await port.giveRoom(1000);
  t.true(backlogs.has(peer));
  await port.giveRoom(1000);
  t.false(backlogs.has(peer));
  t.deepEqual(
    port.posted.map(({ call, payload }) => [call, payload]),
    Array.from({ length: maxFrames }, (_, n) => [n + 1, n + 1]),
  );
  t.deepEqual(ended, []);
});

test('one more makes each an error, but those without a value', async (t) => {
  const { port, backlogs, ended } = make();
  backlogs.add(peer, frame(1, undefined));
  backlogs.add(peer, frame(2, { value: 1, version: 1 }, answerKind.item));
  backlogs.add(peer, frame(3, { load: 1, leaving: false }, answerKind.busy));
  for (let call = 4; call <= maxFrames + 1; call++) backlogs.add(peer, frame(call, 'result'));
  t.true(backlogs.isOverrun(peer));
  t.is(backlogs.overruns, 1);
  t.deepEqual(ended, [`subscription 2 of ${peer}`, `calls of ${peer}`]);
  // One that comes now is made short, too.
  backlogs.add(peer, frame(maxFrames + 2, 'result'));
  await port.giveRoom(2000);
  t.false(backlogs.has(peer));
  const [empty, subscription, busy, ...results] = port.posted;
  t.like(empty, { call: 1, kind: answerKind.result, payload: undefined });
  t.like(subscription, { call: 2, kind: answerKind.error, payload: { code: 'OVERRUN' } });
  t.like(busy, { call: 3, kind: answerKind.busy });
  t.is(results.length, maxFrames - 1);
  for (const { kind, payload } of results) {
    t.is(kind, answerKind.error);
    t.like(payload, { code: 'OVERRUN' });
  }
  // It has caught up.
  backlogs.add(peer, frame(9999, 'result'));
  t.false(backlogs.isOverrun(peer));
});

test('a few answers of more than 16 MiB in all do so, too', (t) => {
  const { backlogs } = make();
  const mebibyte = new Uint8Array(1024 * 1024);
  for (let call = 1; call <= 15; call++) backlogs.add(peer, frame(call, mebibyte));
  t.false(backlogs.isOverrun(peer));
  backlogs.add(peer, frame(16, mebibyte));
  t.true(backlogs.isOverrun(peer));
});

/** Fills all places for short frames. */
function fill(backlogs: Backlogs): void {
  for (let call = 1; call <= maxShortFrames; call++) backlogs.add(peer, frame(call, 'result'));
}

test('one frame stands for the short ones when these are too many, too', async (t) => {
  const { port, backlogs, ended } = make();
  fill(backlogs);
  t.deepEqual(ended.splice(0), [`calls of ${peer}`]);
  let closed = 0;
  const attachments = { objects: [{ close: () => closed++ }], regions: [] };
  backlogs.add(peer, { ...frame(0, 'result'), attachments } as unknown as Waiting);
  t.is(closed, 1);
  t.deepEqual(ended, [`all of ${peer}`]);
  backlogs.add(peer, frame(200_000, 'result'));
  await port.giveRoom(maxShortFrames);
  t.like(port.posted[0], { call: 0, kind: answerKind.forgotten, payload: undefined });
  t.like(port.posted[1], { call: 200_000, kind: answerKind.error });
  t.is(port.posted.length, 2);
  t.false(backlogs.has(peer));
});

test('what a caller would have sent is missing then, so its calls end, too', (t) => {
  const { backlogs, ended } = make();
  const credit = { ...frame(1, undefined, answerKind.credit) };
  backlogs.add(peer, { ...credit, format: credit.format | flag.fromCaller });
  for (let call = 2; call <= maxShortFrames + 1; call++) backlogs.add(peer, frame(call, 'result'));
  t.deepEqual(ended, [`calls of ${peer}`, `all of ${peer}, and own`]);
});

test('an answer that cannot be encoded when its turn comes is an error', async (t) => {
  const { port, backlogs } = make();
  const wrong = { too: 'large' };
  port.wrong.add(wrong);
  backlogs.add(peer, frame(1, 'first'));
  let closed = 0;
  const attachments = { objects: [{ close: () => closed++ }], regions: [] };
  backlogs.add(peer, { ...frame(2, wrong), attachments } as unknown as Waiting);
  backlogs.add(peer, frame(3, 'last'));
  // The error itself has to wait for room.
  await port.giveRoom(1);
  t.is(closed, 1);
  await port.giveRoom(10);
  t.is(closed, 1);
  t.deepEqual(
    port.posted.map(({ call, kind }) => [call, kind]),
    [
      [1, answerKind.result],
      [2, answerKind.error],
      [3, answerKind.result],
    ],
  );
  t.like(port.posted[1]?.payload, {
    code: 'INVALID_RESULT',
    message: 'the result cannot be sent: the payload is too large',
  });
  t.false(backlogs.has(peer));
});
