// What every server answers, whatever it serves: `busbar.describe`, `busbar.ping`, `busbar.stats`.
import { modelOf } from '../../interface/entry-values.js';
import type { IncomingFrame } from '../port.js';
import { answerCodecOf, answerKind, formatOf } from '../wire/format.js';
import { describeType, pingType, statsType } from '../wire/types.js';
import type { Answers } from './replies.js';
import type { ServiceCore } from './service-core.js';

/** The built-in methods of one server. */
export class BuiltIns {
  readonly #answers: Answers;
  readonly #services: ReadonlySet<ServiceCore>;

  constructor(answers: Answers, services: ReadonlySet<ServiceCore>) {
    this.#answers = answers;
    this.#services = services;
  }

  /** Answers a frame if it is for one of them. */
  answer(frame: IncomingFrame): boolean {
    const payload = this.#payload(frame.type);
    if (payload === undefined) return false;
    const format = formatOf(answerKind.result, answerCodecOf(frame.format));
    this.#answers.answer(frame.from.id, frame.id, format, payload);
    return true;
  }

  #payload(type: string): unknown {
    switch (type) {
      case describeType.id:
        return { interfaces: [...this.#services].map(({ members }) => modelOf(members.source)) };
      case pingType.id:
        return {};
      case statsType.id:
        return {
          services: [...this.#services].map((each) => statsOf(each, this.#answers.overruns)),
        };
      default:
        return undefined;
    }
  }
}

function statsOf(service: ServiceCore, overruns: number) {
  const members = [...service.handlers.values()].map(({ member, counts, subscribers }) => ({
    name: member.name,
    calls: counts.calls,
    failures: counts.failures,
    busyMs: Math.round(counts.busyMs),
    subscribers: subscribers.size,
  }));
  return {
    interface: service.members.name,
    version: service.members.source.version,
    running: service.running,
    queued: service.queued.length,
    leaving: service.leaving,
    overruns,
    uptimeMs: Math.round(performance.now() - service.startedAt),
    members,
  };
}
