// Sends that wait for room: in the order of the calls, and with at most one failed attempt per
// notice.
import test from 'ava';
import { Fifo } from '../../dist/endpoint/fifo.js';
import { type WaitingSend, WaitingSends } from '../../dist/endpoint/waiting-sends.js';
import { type Selector, unicast } from '../../dist/selector/index.js';

/** Receivers with room for a number of messages, and the messages that they got. */
class Receivers {
  readonly room = new Map<number, number>();
  readonly sent: number[] = [];
  readonly rejected: number[] = [];
  readonly waiting = new WaitingSends();
  attempts = 0;

  /** Call `call` to all of `peers`. */
  send(call: number, selector: Selector, ...peers: number[]): WaitingSend {
    const attempt = () => {
      this.attempts++;
      const full = peers.find((peer) => (this.room.get(peer) ?? 0) === 0);
      if (full !== undefined) return full;
      for (const peer of peers) this.room.set(peer, (this.room.get(peer) ?? 0) - 1);
      this.sent.push(call);
      return undefined;
    };
    const send = { selector, attempt, reject: () => this.rejected.push(call), call: 0 };
    this.waiting.begin(send);
    return send;
  }

  has(peer: number, room: number): void {
    this.room.set(peer, room);
    this.waiting.hasRoom(peer);
  }
}

const upTo = (count: number) => Array.from({ length: count }, (_, i) => i);

test('a hundred thousand sends of one selector or of many cost one attempt each, and one for each notice', (t) => {
  for (const selectors of [1, 7]) {
    const receivers = new Receivers();
    const count = 100_000;
    for (let i = 0; i < count; i++) receivers.send(i, unicast(`a & x${i % selectors}`), 1);
    let notices = 0;
    for (; receivers.sent.length < count; notices++) receivers.has(1, 100);
    t.deepEqual(receivers.sent, upTo(count));
    t.true(receivers.attempts <= count + notices + selectors);
  }
});

test('those that wait for several receivers keep the order of their selector', (t) => {
  const receivers = new Receivers();
  const both = unicast('both');
  const one = unicast('one');
  for (let i = 0; i < 10; i++) {
    if (i % 2 === 0) receivers.send(i, both, 1, 2);
    else receivers.send(i, one, 1);
  }
  // Call 0 finds the other receiver full; calls that wait only for the first one continue.
  receivers.has(1, 5);
  t.deepEqual(receivers.sent, [1, 3, 5, 7, 9]);
  receivers.has(2, 2);
  t.deepEqual(receivers.sent, [1, 3, 5, 7, 9]);
  receivers.has(1, 9);
  receivers.has(2, 9);
  t.deepEqual(receivers.sent.slice(5), [0, 2, 4, 6, 8]);
});

test('who gives up is left out, and the rest goes on or is rejected', (t) => {
  const receivers = new Receivers();
  const sends = upTo(300).map((i) => receivers.send(i, unicast('a'), 1));
  for (const [i, send] of sends.entries()) if (i % 3 !== 0) receivers.waiting.cancel(send);
  receivers.has(1, 50);
  t.deepEqual(
    receivers.sent,
    upTo(50).map((i) => 3 * i),
  );
  receivers.waiting.rejectAll(new Error('closed'));
  t.deepEqual(
    receivers.rejected,
    upTo(50).map((i) => 3 * (i + 50)),
  );
  receivers.has(1, 50);
  t.is(receivers.sent.length, 50);
});

test('a queue that entries leave anywhere', (t) => {
  const queue = new Fifo<{ readonly i: number }>();
  const entries = upTo(1000).map((i) => ({ i }));
  for (const entry of entries) queue.push(entry);
  for (const entry of entries) if (entry.i % 2 === 0) t.true(queue.remove(entry));
  t.false(queue.remove({ i: 1 }));
  for (let i = 1; i < 501; i += 2) {
    t.is(queue.first?.i, i);
    queue.remove(entries[i] as { i: number });
  }
  queue.push({ i: 1000 });
  t.is(queue.size, 251);
  t.deepEqual(
    queue.clear().map(({ i }) => i),
    [...upTo(250).map((i) => 501 + 2 * i), 1000],
  );
  t.is(queue.first, undefined);
});
