// Sessions over message ports: one for each port, for all that is served and called over it.
import { nestedClient } from './connecting.js';
import { isPortLike, type PortLike } from './ports/message-channel.js';
import { MessagePortPort } from './ports/message-port.js';
import { Session } from './session.js';

const sessions = new WeakMap<PortLike, Session>();

/** The session of a port. */
export function sessionOf(port: PortLike): Session {
  const known = sessions.get(port);
  if (known !== undefined && !known.over) return known;
  const session = new Session(new MessagePortPort(port), nestedClient, () => {
    if (sessions.get(port) === session) sessions.delete(port);
  });
  sessions.set(port, session);
  return session;
}

export { isPortLike, type PortLike };
