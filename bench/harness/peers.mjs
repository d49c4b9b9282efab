// The list of all peers: their titles in tables and chart, and the modules that open their links.

/**
 * @typedef {object} PeerEntry
 * @property {string} title the name in tables and chart
 * @property {string} module in ../peers
 * @property {string} [variant] passed to the module, which may have several
 * @property {boolean} [program] not Node on both sides, but a program of its own
 */

/** @type {Record<string, PeerEntry>} */
export const PEERS = {
  busbar: { title: 'busbar', module: 'busbar', variant: 'handler' },
  'busbar-iterator': { title: 'busbar, for await', module: 'busbar', variant: 'iterator' },
  'busbar-spin': { title: 'busbar, spin: 50', module: 'busbar', variant: 'spin' },
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
  },
  'c-send': {
    title: 'busbar.h, send',
    module: 'native-program',
    variant: 'c_api:send',
    program: true,
  },
  'c-corked': {
    title: 'busbar.h, corked',
    module: 'native-program',
    variant: 'c_api:corked',
    program: true,
  },
  'c-reserve': {
    title: 'busbar.h, in place',
    module: 'native-program',
    variant: 'c_api:reserve',
    program: true,
  },
  'c-borrow': {
    title: 'busbar.h, borrowed',
    module: 'native-program',
    variant: 'c_api:borrow',
    program: true,
  },
  'c-seqpacket': {
    title: 'SEQPACKET socket',
    module: 'native-program',
    variant: 'c_api:seqpacket',
    program: true,
  },
  'c-regions': {
    title: 'busbar.h, regions',
    module: 'native-program',
    variant: 'c_api:regions',
    program: true,
  },
  'c-trip-spin': {
    title: 'busbar.h, spin',
    module: 'native-program',
    variant: 'c_api:trip-spin',
    program: true,
  },
  'c-trip-sleep': {
    title: 'busbar.h, sleeping',
    module: 'native-program',
    variant: 'c_api:trip-sleep',
    program: true,
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
  },
  nothing: { title: 'Node alone', module: 'nothing' },
};

/**
 * @param {string} id a key of PEERS
 * @returns {Promise<any>} the peer: `{ lead, follow }`, or `{ run }` for a program; `missing`
 * returns why it cannot be measured here
 */
export async function loadPeer(id) {
  const entry = PEERS[id];
  const module = await import(new URL(`../peers/${entry.module}.mjs`, import.meta.url));
  return module.peer(entry.variant);
}
