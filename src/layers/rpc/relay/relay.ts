// A relay: serves interfaces in one session by calling their servers in another one. What its callers
// send is decoded and checked by the relay's own interfaces before it goes on, and so is what comes
// back; of members that it does not know nothing gets through.
import type { Interface } from '../../interface/entry-values.js';
import type { ParentCall } from '../client/client-core.js';
import { ClientCore } from '../client/client-core.js';
import type { Member, Members } from '../members.js';
import { membersOf } from '../members.js';
import type { PeerSet } from '../port.js';
import type { Limits } from '../server/limits.js';
import type { RunningCall } from '../server/running-call.js';
import { ServiceCore } from '../server/service-core.js';
import { PassedOn } from '../server/write-error.js';
import { closeService, refuseTwice } from '../serving.js';
import type { Session } from '../session.js';
import { codecNumber } from '../wire/format.js';
import type { Trace } from '../wire/metadata.js';
import { needsAttachments } from './attaching.js';
import { PassingStream, rethrow } from './passing.js';
import { type Behind, RelayedState } from './relayed-state.js';

/** How a relay is set up. */
export interface RelaySetup {
  /** Whom its calls go to, beside the label of the interface; as the `to` of a client. */
  readonly to: unknown;
  readonly limits: Limits;
  /** Whether callers get the text of errors that interfaces do not declare. */
  readonly tellMessages: boolean;
}

/** One interface that is passed on. */
class Passage implements Behind {
  readonly members: Members;
  readonly core: ClientCore;
  readonly service: ServiceCore;
  readonly #back: Session;

  constructor(front: Session, back: Session, source: Interface, setup: RelaySetup) {
    this.#back = back;
    this.members = membersOf(source);
    this.core = new ClientCore(back, this.members, {
      to: setup.to,
      timeout: undefined,
      codec: codecNumber.messagePack,
      affinity: undefined,
      parent: undefined,
    });
    this.service = new ServiceCore(front.port, this.members, {
      implementation: this.#methods(),
      limits: setup.limits,
      properties: {},
      onSet: {},
      tellMessages: setup.tellMessages,
      onError: undefined,
      remote: (member: Member, subscribers: PeerSet) =>
        new RelayedState(front, this, member, subscribers),
    });
  }

  /** Whether a server is there. */
  get isServed(): boolean {
    return this.#back.caller.candidates(this.core.target).length > 0;
  }

  coreFor(call: RunningCall): ClientCore {
    // Nobody waits here: the callers wait themselves, until the interface is offered to them.
    if (!this.isServed) {
      const { name } = this.members;
      throw new PassedOn('NO_RECIPIENT', `nobody serves ${name} behind the relay`);
    }
    return this.core.with({ parent: parentOf(call) });
  }

  #methods(): object {
    const methods: Record<string, unknown> = {};
    for (const member of this.members.byName.values()) {
      if (member.kind !== 'method') continue;
      methods[member.name] = needsAttachments(this.members.source, member.name)
        ? refuseAttachments(member)
        : (args: unknown, call: RunningCall) => this.#call(member, args, call);
    }
    return methods;
  }

  #call(member: Member, args: unknown, call: RunningCall): unknown {
    const core = this.coreFor(call);
    if (member.item !== undefined) {
      const input = member.input === undefined ? undefined : call.input;
      const stream = core.stream(member, args, input, undefined);
      // The relay waits for items and is not in want of them: its caller's window is what counts.
      stream.keepWindow();
      return new PassingStream(stream);
    }
    const result =
      member.input === undefined
        ? core.call(member, args, undefined)
        : core.callWithInput(member, args, call.input, undefined);
    return result.catch(rethrow);
  }
}

function refuseAttachments({ name }: Member): () => never {
  return () => {
    throw new PassedOn(
      'UNSUPPORTED_ATTACHMENT',
      `${name} needs kernel objects or memory regions, which cannot be passed on`,
    );
  };
}

/** What the call of a relay takes over from the call that it is made for. */
function parentOf(call: RunningCall): ParentCall {
  return {
    deadline: call.deadline,
    signal: call.signal,
    tracing: call.tracing,
    nested: withoutCause(call.nested),
  };
}

// The message that a call was made for has its number in the other session.
function withoutCause(trace: Trace | undefined): Trace | undefined {
  return trace === undefined ? undefined : { ...trace, cause: undefined };
}

/** Interfaces that are passed on from the callers of one session to the servers of another. */
export class Relay {
  readonly #front: Session;
  readonly #back: Session;
  readonly #passages: readonly Passage[];
  readonly #look: () => void;

  /**
   * Begins; `back` stays its owner's. `changed` is called when one of the interfaces has got its first server, or has lost its
   * last one.
   * @throws InvalidArgumentError if one of them is served in `front` already.
   */
  constructor(
    front: Session,
    back: Session,
    sources: readonly Interface[],
    setup: RelaySetup,
    changed: () => void,
  ) {
    this.#front = front;
    this.#back = back;
    this.#passages = sources.map((source) => new Passage(front, back, source, setup));
    for (const { service } of this.#passages) refuseTwice(front, service);
    for (const { service } of this.#passages) {
      front.use();
      front.server.add(service);
    }
    this.#look = changed;
    back.caller.follow(this.#look);
  }

  /** The interfaces that have a server now. */
  get served(): readonly Interface[] {
    return this.#passages.filter(({ isServed }) => isServed).map(({ members }) => members.source);
  }

  /** Passes nothing on any more; calls under way get `linger` milliseconds. */
  async close(linger: number): Promise<void> {
    this.#back.caller.unfollow(this.#look);
    const ends = this.#passages.map(({ service }) => closeService(this.#front, service, linger));
    await Promise.all(ends);
    for (const { core } of this.#passages) this.#back.caller.cancelOf(core);
  }
}
