// An endpoint above a native side that the test plays: the test chooses what arrives, in which turn
// and order.
import { Endpoint } from '../../dist/endpoint/endpoint.js';
import { NoticeBoard } from '../../dist/endpoint/notice-board.js';
import { messageBox, text } from '../../dist/messages/index.js';
import {
  type NativeEndpoint,
  type NativeMember,
  type Notice,
  receipt,
} from '../../dist/native/addon.js';
import { column, keptWord, none, rowWords, wantsHandled } from '../../dist/native/receive-table.js';

/** Text messages only: their payload is easy to write and easy to break. */
export const box = messageBox({ Text: text });

/** A row of a batch: a text, or a row that is not one. */
export type Row = string | 'unknown type' | 'no text';

/** Records the calls to the native side, and plays its callbacks. */
export class FakeEndpoint {
  readonly board = new NoticeBoard();
  readonly endpoint: Endpoint<typeof box>;
  members: NativeMember[] = [];
  credit = 0;
  watching = false;
  reporting = false;
  holding = false;
  /** The error number that sends are refused with; 0: none. */
  refusal = 0;
  /** The revision of the last label. */
  relabels = 0;
  readonly handled: number[] = [];
  readonly sent: string[] = [];
  readonly routes = new Set<number>();
  readonly #block = new ArrayBuffer(256 * 1024);
  readonly #table = new Uint32Array(keptWord + 1);
  readonly #receipt = new Float64Array(Object.keys(receipt).length);
  #position = 0;
  #route = 0;
  #delivery = 0;

  constructor() {
    this.endpoint = new Endpoint<typeof box>(this.#native(), this.board, {
      identifier: 'fake',
      label: [],
      box,
      prefetch: 256,
      linger: 0,
      maxMessageBytes: 1024,
    });
    this.endpoint.joined(1);
  }

  /** The notices of one turn. */
  tell(...notices: Notice[]): void {
    this.board.receiveNotices(notices);
  }

  /** A batch, at most as large as the endpoint's credit. */
  receive(...rows: Row[]): void {
    if (rows.length > this.credit) throw new Error(`${rows.length} rows for ${this.credit}`);
    let offset = 0;
    for (const [index, row] of rows.entries()) {
      const bytes = row === 'no text' ? Buffer.of(0xff) : Buffer.from(row);
      new Uint8Array(this.#block).set(bytes, offset);
      this.#position += 64;
      const words = this.#table.subarray(index * rowWords, (index + 1) * rowWords).fill(0);
      words[column.offset] = offset;
      words[column.bytes] = bytes.length;
      words[column.type] = row === 'unknown type' ? none : 0;
      words[column.formatAndFlags] = wantsHandled << 16;
      words[column.originOffset] = none;
      words[column.position] = this.#position;
      offset += (bytes.length + 7) & ~7;
    }
    this.board.receiveMessages(rows.length, undefined, this.#block);
  }

  #native(): NativeEndpoint {
    return {
      table: this.#table,
      receipt: this.#receipt,
      start: () => 0,
      observers: () => [],
      clock: () => performance.now(),
      close: () => {
        setImmediate(() => this.tell({ kind: 'closed', abandoned: 0 }));
      },
      beginClose: () => undefined,
      closeNow: () => undefined,
      detach: () => undefined,
      ref: () => {
        this.holding = true;
      },
      unref: () => {
        this.holding = false;
      },
      setTypes: () => undefined,
      rest: () => undefined,
      addRoute: () => {
        this.routes.add(++this.#route);
        return this.#route;
      },
      releaseRoute: (route) => {
        this.routes.delete(route);
      },
      send: (_route, _type, source, start = 0, end = source.length) => {
        this.sent.push(Buffer.from(source.subarray(start, end)).toString());
        this.#delivery++;
        if (this.refusal === 0) this.#receipt.set([this.#delivery, 0, this.#delivery]);
        return this.refusal === 0 ? 1 : -this.refusal;
      },
      flush: () => undefined,
      lastSendFailure: () => ({
        peerId: this.refusal === 0 ? 0 : 2,
        osCode: 0,
      }),
      forgetDelivery: () => undefined,
      askDrained: () => undefined,
      matches: (route) => (this.routes.has(route) ? this.members : []),
      reportUndelivered: (wanted) => {
        this.reporting = wanted;
      },
      setCredit: (messages) => {
        this.credit = messages;
      },
      takeObjects: () => [],
      takeRegions: () => [],
      taken: () => undefined,
      handBack: () => undefined,
      settle: (_slot, position, status) => {
        if (status === 0) this.handled.push(position);
      },
      peer: () => ({ id: 2, pid: 2, label: [] }),
      forgetPeer: () => undefined,
      openSeenWord: () => undefined,
      markSeen: () => undefined,
      changedMembers: () => [...this.members],
      relabel: () => ++this.relabels,
      reportMembers: (wanted) => {
        this.watching = wanted;
      },
      isController: () => false,
      controllerId: () => 2,
      generation: () => 1,
      counters: () => ({}) as ReturnType<NativeEndpoint['counters']>,
    };
  }
}
