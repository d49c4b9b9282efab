// A server of Node's http with the limits of a gateway, and where it listens.
import { chmod, unlink } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { GatewayError } from '../errors.js';
import type { Limits } from '../limits.js';

/** Where to listen. */
export type Place = { readonly path: string } | { readonly port: number; readonly host: string };

/** Milliseconds between looks at connections that are too slow. */
const lookEvery = 500;

/** A server that does not listen yet. */
export function makeServer(limits: Limits, listener: RequestListener): Server {
  const server = createServer(
    {
      maxHeaderSize: limits.headerBytes,
      headersTimeout: limits.headerTime,
      // Bodies have a time of their own: some of them are streams.
      requestTimeout: 0,
      keepAliveTimeout: limits.idleTime,
      connectionsCheckingInterval: Math.min(lookEvery, limits.headerTime),
      requireHostHeader: true,
      noDelay: true,
    },
    listener,
  );
  server.maxConnections = limits.connections;
  // Bounded by their bytes, and refused instead of left out: see admission.ts.
  server.maxHeadersCount = 0;
  // Whoever expects to be told to go on is told once the request was looked at.
  server.on('checkContinue', listener);
  return server;
}

/**
 * Listens.
 * @throws GatewayError `CANNOT_LISTEN`.
 */
export async function listenAt(server: Server, place: Place): Promise<void> {
  try {
    await begin(server, place);
    if ('path' in place && process.platform !== 'win32') await chmod(place.path, 0o600);
  } catch (cause) {
    server.close();
    const where = 'path' in place ? place.path : `${place.host}:${place.port}`;
    const text = cause instanceof Error ? cause.message : String(cause);
    throw new GatewayError('CANNOT_LISTEN', `cannot listen at ${where}: ${text}`, cause);
  }
}

async function begin(server: Server, place: Place): Promise<void> {
  try {
    await listening(server, place);
  } catch (error) {
    const isTaken = (error as { readonly code?: unknown }).code === 'EADDRINUSE';
    if (!isTaken || !('path' in place) || (await isAlive(place.path))) throw error;
    // The file of a process that was killed.
    await unlink(place.path);
    await listening(server, place);
  }
}

function listening(server: Server, place: Place): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ ...place }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function isAlive(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    const end = (alive: boolean) => {
      socket.destroy();
      resolve(alive);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
  });
}

/** The port of a server that listens at one. */
export function portOf(server: Server): number | undefined {
  const address = server.address() as AddressInfo | string | null;
  return typeof address === 'object' ? address?.port : undefined;
}
