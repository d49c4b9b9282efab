// The list of all peers: their titles in tables and chart, and the modules that open their links.
// A peer of another build of busbar (`--against`) is named `<peer>@<its folder>`.

/**
 * @typedef {object} PeerEntry
 * @property {string} title the name in tables and chart
 * @property {string} module in ../peers
 * @property {string} [variant] passed to the module, which may have several
 * @property {boolean} [program] not Node on both sides, but a program of its own
 * @property {boolean} [own] it is busbar, and another build of it can be measured beside it
 */

/** @type {Record<string, PeerEntry>} */
export const PEERS = {
  busbar: { title: 'busbar', module: 'busbar', variant: 'handler', own: true },
  'busbar-iterator': {
    title: 'busbar, for await',
    module: 'busbar',
    variant: 'iterator',
    own: true,
  },
  'busbar-spin': { title: 'busbar, spin: 50', module: 'busbar', variant: 'spin', own: true },
  zeromq: { title: 'zeromq.js', module: 'zeromq' },
  net: { title: 'net socket', module: 'net', variant: 'single' },
  'net-batch': { title: 'net socket, 64 a write', module: 'net', variant: 'batch' },
  'process-send-json': { title: 'process.send json', module: 'process-send', variant: 'json' },
  'process-send-advanced': {
    title: 'process.send advanced',
    module: 'process-send',
    variant: 'advanced',
  },
  'message-port': { title: 'MessagePort (threads)', module: 'message-port' },
  ipmb: { title: 'ipmb (Rust)', module: 'ipmb', program: true },
  'bare-ring': {
    title: 'bare C++ ring',
    module: 'native-program',
    variant: 'bare_ring',
    program: true,
  },
  'busbar-core': {
    title: 'busbar core, C++',
    module: 'native-program',
    variant: 'core_rate',
    program: true,
    own: true,
  },
  'c-send': {
    title: 'busbar.h, send',
    module: 'native-program',
    variant: 'c_api:send',
    program: true,
    own: true,
  },
  'c-corked': {
    title: 'busbar.h, corked',
    module: 'native-program',
    variant: 'c_api:corked',
    program: true,
    own: true,
  },
  'c-reserve': {
    title: 'busbar.h, in place',
    module: 'native-program',
    variant: 'c_api:reserve',
    program: true,
    own: true,
  },
  'c-borrow': {
    title: 'busbar.h, borrowed',
    module: 'native-program',
    variant: 'c_api:borrow',
    program: true,
    own: true,
  },
  'c-seqpacket': {
    title: 'SEQPACKET socket',
    module: 'native-program',
    variant: 'c_api:seqpacket',
    program: true,
  },
  'iceoryx2-rate': { title: 'iceoryx2 (Rust)', module: 'iceoryx2', variant: 'rate', program: true },
  'iceoryx2-trip': {
    title: 'iceoryx2 (Rust), spinning',
    module: 'iceoryx2',
    variant: 'trip',
    program: true,
  },
  'c-regions': {
    title: 'busbar.h, regions',
    module: 'native-program',
    variant: 'c_api:regions',
    program: true,
    own: true,
  },
  'c-trip-spin': {
    title: 'busbar.h, spin',
    module: 'native-program',
    variant: 'c_api:trip-spin',
    program: true,
    own: true,
  },
  'c-trip-sleep': {
    title: 'busbar.h, sleeping',
    module: 'native-program',
    variant: 'c_api:trip-sleep',
    program: true,
    own: true,
  },
  'c-trip-eventfd': {
    title: 'bare eventfds',
    module: 'native-program',
    variant: 'c_api:trip-eventfd',
    program: true,
  },
  'bare-sendmsg': {
    title: 'bare sendmsg, C++',
    module: 'native-program',
    variant: 'bare_sendmsg',
    program: true,
  },
  'busbar-fresh': {
    title: 'busbar, a new one each time',
    module: 'busbar',
    variant: 'handler',
    own: true,
  },
  'busbar-batches': { title: 'busbar, batches', module: 'busbar', variant: 'handler', own: true },
  writev: {
    title: 'writev of the same bytes, in blocks that are ready',
    module: 'journal',
    variant: 'writev',
  },
  'writev-entries': {
    title: 'writev of the payloads, 1,024 in a call',
    module: 'journal',
    variant: 'writev-entries',
  },
  fdatasync: { title: 'write and fdatasync', module: 'journal', variant: 'fdatasync' },
  'better-sqlite3': {
    title: 'better-sqlite3, single inserts',
    module: 'journal',
    variant: 'better-sqlite3',
  },
  'sqlite-in-process': {
    title: 'better-sqlite3, in process',
    module: 'journal',
    variant: 'better-sqlite3',
  },
  jetstream: {
    title: 'JetStream, in files, asynchronous',
    module: 'journal',
    variant: 'jetstream',
  },
  nothing: { title: 'Node alone', module: 'nothing' },
  'busbar-rpc': { title: 'busbar/rpc', module: 'rpc/busbar', variant: 'bus', own: true },
  'cpp-rpc': {
    title: 'busbar::rpc, C++',
    module: 'native-program',
    variant: 'rpc_calls:many',
    program: true,
    own: true,
  },
  'cpp-rpc-one': {
    title: 'busbar::rpc, C++',
    module: 'native-program',
    variant: 'rpc_calls:one',
    program: true,
    own: true,
  },
  'busbar-rpc-batches': {
    title: 'busbar/rpc, batches',
    module: 'rpc/busbar',
    variant: 'bus-batches',
    own: true,
  },
  'busbar-rpc-port': {
    title: 'busbar/rpc over MessagePort',
    module: 'rpc/busbar',
    variant: 'port',
    own: true,
  },
  'busbar-rpc-port-batches': {
    title: 'busbar/rpc over MessagePort, batches',
    module: 'rpc/busbar',
    variant: 'port-batches',
    own: true,
  },
  'busbar-raw': {
    title: 'bare bus, message and reply',
    module: 'rpc/raw-bus',
    variant: 'callback',
    own: true,
  },
  'busbar-raw-promise': {
    title: 'bare bus, and a promise',
    module: 'rpc/raw-bus',
    variant: 'promise',
    own: true,
  },
  'busbar-wire': { title: 'busbar/wire', module: 'wire/busbar', variant: 'length', own: true },
  'busbar-wire-lines': {
    title: 'busbar/wire, text',
    module: 'wire/busbar',
    variant: 'lines',
    own: true,
  },
  'birpc-socket': { title: 'birpc, one JSON a line', module: 'wire/birpc' },
  'vscode-jsonrpc': { title: 'vscode-jsonrpc', module: 'wire/vscode-jsonrpc' },
  'raw-port': { title: 'bare MessagePort (threads)', module: 'rpc/raw-port' },
  'web-stream': { title: 'transferred Web Stream (threads)', module: 'rpc/raw-port' },
  'birpc-port': { title: 'birpc, MessagePort (threads)', module: 'rpc/birpc', variant: 'port' },
  'birpc-send': { title: 'birpc, process.send', module: 'rpc/birpc', variant: 'send' },
  comlink: { title: 'comlink (threads)', module: 'rpc/comlink' },
  'capnweb-port': {
    title: 'capnweb, MessagePort (threads)',
    module: 'rpc/capnweb',
    variant: 'port',
  },
  'capnweb-socket': { title: 'capnweb, WebSocket', module: 'rpc/capnweb', variant: 'socket' },
  grpc: { title: 'grpc-js, Unix socket', module: 'rpc/grpc' },
  orpc: { title: 'oRPC, WebSocket', module: 'rpc/orpc' },
  nats: { title: 'NATS request', module: 'rpc/nats' },
};

/**
 * @param {string} id a key of PEERS, or one of another build
 * @returns {PeerEntry}
 */
export function peerEntry(id) {
  const [key, build] = parts(id);
  const entry = PEERS[key];
  return build ? { ...entry, title: `${entry.title} (the other build)` } : entry;
}

/**
 * @param {string} id a key of PEERS
 * @param {string} build the folder of another build of busbar
 * @returns {string | undefined} the peer's name in that build; undefined if it is not busbar's own
 */
export function inBuild(id, build) {
  return PEERS[id].own ? `${id}@${build}` : undefined;
}

/**
 * @param {string} id a key of PEERS, or one of another build
 * @returns {Promise<any>} the peer: `{ lead, follow }`, or `{ run }` for a program; `missing`
 * returns why it cannot be measured here
 */
export async function loadPeer(id) {
  const [key, build] = parts(id);
  const entry = PEERS[key];
  const module = await import(new URL(`../peers/${entry.module}.mjs`, import.meta.url));
  return module.peer(entry.variant, build);
}

/** @param {string} id @returns {[string, string | undefined]} */
function parts(id) {
  const at = id.indexOf('@');
  return at < 0 ? [id, undefined] : [id.slice(0, at), id.slice(at + 1)];
}
