// The sessions of wires that are open, by what they run over.
import type { WireSession } from './wire-session.js';

const sessions = new WeakMap<object, Promise<WireSession>>();

/** The session over a carrier, an address or a listener; `undefined` if there is none. */
export function sessionAt(key: object): Promise<WireSession> | undefined {
  return sessions.get(key);
}

/** Remembers a session, or that it is over. */
export function setSessionAt(key: object, session: Promise<WireSession> | undefined): void {
  if (session === undefined) sessions.delete(key);
  else sessions.set(key, session);
}
