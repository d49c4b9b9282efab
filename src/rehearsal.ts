// A rehearsal of join(): its JavaScript, on an endpoint that is made of nothing. It opens nothing,
// tells nobody and belongs to no bus.
import { isMainThread } from 'node:worker_threads';
import { Endpoint } from './endpoint/endpoint.js';
import { NoticeBoard } from './endpoint/notice-board.js';
import { admit, hasBegun } from './join.js';
import { checkJoin } from './join-options.js';
import { plainBox } from './messages/index.js';
import type { NativeEndpoint } from './native/addon.js';

const bus = 'rehearsal';

/**
 * Rehearses once the event loop has nothing else to do, unless the program joins before. V8
 * compiles a function when it is called first, which takes longer than all the rest of a process's
 * first join. Only on the main thread: a worker may be terminated meanwhile.
 */
export function rehearseWhenIdle(): void {
  if (!isMainThread) return;
  setImmediate(() => {
    if (!hasBegun()) void rehearse();
  }).unref();
}

/** Resolves with the number that the endpoint got. */
export async function rehearse(): Promise<number> {
  const board = new NoticeBoard();
  const native = standIn(board);
  const { options, config } = checkJoin(bus, { label: 'nobody' });
  const { label, prefetch, linger, maxMessageBytes } = config;
  const parts = { identifier: bus, label, box: plainBox, prefetch, linger, maxMessageBytes };
  const endpoint = new Endpoint(native, board, parts);
  let id = endpoint.id;
  const joined = (given: number) => {
    id = given;
  };
  await admit({ joined }, native, board, { ...options, what: 'join()', bus, lonely: '' });
  return id;
}

/** What joining calls, and nothing behind it. */
function standIn(board: NoticeBoard): NativeEndpoint {
  const nothing = () => undefined;
  const used: Partial<NativeEndpoint> = {
    table: new Uint32Array(1),
    receipt: new Float64Array(3),
    setTypes: nothing,
    setCredit: nothing,
    reportUndelivered: nothing,
    reportMembers: nothing,
    ref: nothing,
    unref: nothing,
    start() {
      board.receiveNotices([{ kind: 'joined', id: 1 }]);
      return 0;
    },
  };
  return used as NativeEndpoint;
}
