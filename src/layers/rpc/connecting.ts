// connect(): clients of interfaces, over a session that somebody opens.
import type { Interface } from '../interface/entry-values.js';
import { coreOf, makeClient } from './client/client.js';
import type { ClientSettings } from './client/client-core.js';
import { membersOf } from './members.js';
import { type ConnectOptions, checkNames, checkTimeout, isList, refusal } from './options.js';
import type { RunningCall } from './server/running-call.js';
import type { Session } from './session.js';
import { codecNumber } from './wire/format.js';

/** Milliseconds that frames still waiting get when the last client is closed. */
const linger = 1000;

/** A client of an interface, or a list of clients. `open` gives the session that they share. */
export async function connectOneOrMore(
  open: () => Promise<Session> | Session,
  sources: Interface | readonly Interface[],
  options: ConnectOptions | undefined,
): Promise<unknown> {
  if (isList(sources)) return connectWith(open, sources, options);
  const [client] = await connectWith(open, [sources], options);
  return client;
}

async function connectWith(
  open: () => Promise<Session> | Session,
  sources: readonly Interface[],
  options: ConnectOptions = {},
): Promise<readonly object[]> {
  const settings = settingsOf(options);
  const members = sources.map(membersOf);
  if (members.length === 0) throw refusal('connect() of no interface');
  const session = await open();
  return members.map((each) => {
    session.use();
    const client: object = makeClient(session, each, settings, () => {
      // Its calls under way end with it; those of other clients on this session do not.
      session.caller.cancelOf(coreOf(client));
      return session.release(linger);
    });
    return client;
  });
}

/** The client of `call.client()`: part of its server's session, and of its call. */
export function nestedClient(
  session: Session,
  call: RunningCall,
  source: Interface,
  options: unknown,
): object {
  const given = (options ?? {}) as ConnectOptions;
  const settings = { ...settingsOf(given), parent: call };
  return makeClient(session, membersOf(source), settings, () => Promise.resolve());
}

function settingsOf(options: ConnectOptions): ClientSettings {
  checkNames('connect()', options, ['to', 'timeout', 'codec']);
  const { to, timeout, codec = 'messagepack' } = options;
  checkTimeout(timeout);
  if (codec !== 'messagepack' && codec !== 'json') {
    throw refusal(`codec is ${String(codec)}; expected 'messagepack' or 'json'`);
  }
  return {
    to,
    timeout,
    codec: codec === 'json' ? codecNumber.json : codecNumber.messagePack,
    affinity: undefined,
    parent: undefined,
  };
}
