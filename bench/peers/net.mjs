// A Unix socket of node:net. A frame is its length (4 bytes, little endian) and the payload.
// Variants: `single` writes each message separately, `batch` 64 frames at once.

import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { startProcess } from '../harness/follower.mjs';

const HEADER = 4;
const BATCH = 64;
/**
 * Above this size, copying the payload after its header costs more than a second buffer in the
 * write.
 */
const COPY_LIMIT = 16 << 10;
const LARGEST_BATCHED = 4096;

/** @param {'single' | 'batch'} variant */
export function peer(variant) {
  return {
    missing({ params }) {
      const pointless = variant === 'batch' && params.size > LARGEST_BATCHED;
      return pointless ? `batches only up to ${LARGEST_BATCHED} bytes` : undefined;
    },

    async lead(job, started) {
      const server = createServer().listen(socketPath(job));
      await once(server, 'listening');
      const connected = once(server, 'connection');
      started(await startProcess(job));
      const [socket] = await connected;
      return link(socket, variant);
    },

    async follow(job) {
      const socket = connect(socketPath(job));
      await once(socket, 'connect');
      return link(socket, variant);
    },
  };
}

function socketPath(job) {
  return `${job.folder}/net.sock`;
}

function link(socket, variant) {
  return {
    pump: variant === 'batch' ? pumpBatches : pumpSingly,
    send: (bytes) => void write(socket, bytes),
    onMessage: (handler) => readFrames(socket, handler),
    close: () => void socket.destroy(),
  };

  async function pumpSingly(count, make) {
    for (let i = 0; i < count; i++) {
      if (!write(socket, make(i))) await once(socket, 'drain');
    }
  }

  async function pumpBatches(count, make) {
    for (let i = 0; i < count; i += BATCH) {
      const frames = frameAll(make, i, Math.min(count, i + BATCH));
      if (!socket.write(frames)) await once(socket, 'drain');
    }
  }
}

/** Writes one frame in one write; returns false if the caller has to wait for `drain`. */
function write(socket, bytes) {
  if (bytes.length <= COPY_LIMIT) {
    const frame = Buffer.allocUnsafe(HEADER + bytes.length);
    putFrame(frame, 0, bytes);
    return socket.write(frame);
  }
  const header = Buffer.allocUnsafe(HEADER);
  header.writeUInt32LE(bytes.length);
  socket.cork();
  socket.write(header);
  const more = socket.write(bytes);
  socket.uncork();
  return more;
}

function frameAll(make, from, to) {
  const messages = [];
  let size = 0;
  for (let i = from; i < to; i++) {
    const bytes = make(i);
    messages.push(bytes);
    size += HEADER + bytes.length;
  }
  const frames = Buffer.allocUnsafe(size);
  let at = 0;
  for (const bytes of messages) at = putFrame(frames, at, bytes);
  return frames;
}

function putFrame(buffer, at, bytes) {
  buffer.writeUInt32LE(bytes.length, at);
  buffer.set(bytes, at + HEADER);
  return at + HEADER + bytes.length;
}

/** Splits the stream into frames. A frame that spans chunks is assembled once it is complete. */
function readFrames(socket, handler) {
  let pieces = [];
  let have = 0;
  let need = HEADER;
  socket.on('data', (chunk) => {
    pieces.push(chunk);
    have += chunk.length;
    if (have < need) return;
    const buffer = pieces.length === 1 ? chunk : Buffer.concat(pieces, have);
    let at = 0;
    need = HEADER;
    while (buffer.length - at >= HEADER) {
      const end = at + HEADER + buffer.readUInt32LE(at);
      if (end > buffer.length) {
        need = end - at;
        break;
      }
      handler(buffer.subarray(at + HEADER, end));
      at = end;
    }
    have = buffer.length - at;
    pieces = have > 0 ? [buffer.subarray(at)] : [];
  });
}
