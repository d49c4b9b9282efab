// The options of a bridge to NATS. All of them are checked before anything connects.
import { show } from '../../base/show.js';
import {
  type CheckedInRule,
  type CheckedOutRule,
  checkInRules,
  checkInterfaces,
  checkKeys,
  checkOutRules,
  checkWhole,
  type InRule,
  type OutRule,
  refused,
} from '../bridge/index.js';
import type { Interface } from '../interface/entry-values.js';
import { callLimitsOf, type LimitOptions, limitNames } from '../rpc/entry-port.js';
import type { Listening } from './in-flow.js';
import { isPattern, isSubject } from './subjects.js';

/** Messages that leave the bus for NATS. */
export interface NatsOutRule extends OutRule {
  /**
   * One subject for all messages of this rule. Default: each type has its own,
   * `busbar.<domain>.m.<type>`.
   */
  readonly subject?: string | undefined;
}

/** Messages that come from NATS onto the bus. */
export interface NatsInRule extends InRule {
  /**
   * The subjects to listen to, with `*` and `>`. A message on another subject than its type's says
   * its type in the header `Busbar-Type`, or the rule lists one type only. Default: the subjects of
   * the listed types.
   */
  readonly subjects?: readonly string[] | undefined;
  /** A queue group: each message goes to one of its members only. Default: none, to all. */
  readonly queue?: string | undefined;
}

/** What crosses a bridge, and how. */
export interface NatsBridgeOptions extends LimitOptions {
  /**
   * What subjects begin with: `busbar.<domain>`. Bridges of one domain find each other. Default: the
   * name of the bus.
   */
  readonly domain?: string | undefined;
  /** Messages that leave the bus. Default: none. */
  readonly out?: readonly NatsOutRule[] | undefined;
  /** Messages that come onto the bus. Default: none. */
  readonly in?: readonly NatsInRule[] | undefined;
  /** Interfaces of servers on this bus that can be called from NATS. Default: none. */
  readonly serve?: readonly Interface[] | undefined;
  /** Interfaces of servers behind other bridges that can be called on this bus. Default: none. */
  readonly connect?: readonly Interface[] | undefined;
  /**
   * What other bridges have to know to call what is in `serve`, and what this bridge says to them.
   * NATS sees it; use its accounts to keep others away. Default: none.
   */
  readonly token?: string | undefined;
  /**
   * Whether interfaces in `serve` are services of NATS, too, which any client calls in JSON and
   * finds by `$SRV`. Needs no `token`. Default: true without a token, else false.
   */
  readonly services?: boolean | undefined;
  /**
   * Whether callers get the text of errors that an interface does not declare. Default: `'tell'`.
   */
  readonly errorMessages?: 'tell' | 'hide' | undefined;
  /**
   * Milliseconds of silence after which another bridge is asked whether it is there, 100 to
   * 3,600,000. Default: 5,000.
   */
  readonly keepAlive?: number | undefined;
  /** Milliseconds that messages and calls under way get when the bridge closes. Default: 5,000. */
  readonly linger?: number | undefined;
}

/** The options with all values. */
export interface Settings {
  readonly domain: string;
  readonly out: readonly { readonly rule: CheckedOutRule; readonly subject: string | undefined }[];
  readonly in: readonly { readonly rule: CheckedInRule; readonly listening: Listening }[];
  readonly serve: readonly Interface[];
  readonly connect: readonly Interface[];
  readonly token: string | undefined;
  readonly services: boolean;
  readonly tellMessages: boolean;
  readonly limits: ReturnType<typeof callLimitsOf>;
  readonly keepAlive: number;
  readonly linger: number;
}

const names = [
  'domain',
  'out',
  'in',
  'serve',
  'connect',
  'token',
  'services',
  'errorMessages',
  'keepAlive',
  'linger',
  ...limitNames,
];

const mostSubjects = 256;

/** Checks the options. @throws InvalidArgumentError with the path of what is wrong. */
export function settingsOf(bus: string, given: NatsBridgeOptions | undefined): Settings {
  const options = checkKeys('bridgeNats()', given, names);
  const { domain = bus, token, errorMessages = 'tell' } = options;
  if (typeof domain !== 'string' || domain === '') {
    throw refused(`domain is ${show(domain)}; expected a text`, 'domain');
  }
  if (token !== undefined && (typeof token !== 'string' || token === '' || token.length > 4096)) {
    throw refused('token is no text of 1 to 4,096 characters', 'token');
  }
  const { services = token === undefined, keepAlive = 5000, linger = 5000 } = options;
  if (typeof services !== 'boolean') {
    throw refused(`services is ${show(services)}; expected true or false`, 'services');
  }
  if (errorMessages !== 'tell' && errorMessages !== 'hide') {
    throw refused(
      `errorMessages is ${show(errorMessages)}; expected 'tell' or 'hide'`,
      'errorMessages',
    );
  }
  return {
    domain,
    out: checkOutRules(options.out, ['subject']).map(({ rule, given: { subject } }, index) => {
      if (subject !== undefined) checkSubject(`out[${index}].subject`, subject);
      return { rule, subject };
    }),
    in: checkInRules(options.in, ['subjects', 'queue']).map(({ rule, given: each }, index) => ({
      rule,
      listening: listeningOf(`in[${index}]`, each),
    })),
    serve: checkInterfaces('serve', options.serve),
    connect: checkInterfaces('connect', options.connect),
    token,
    services,
    tellMessages: errorMessages === 'tell',
    limits: callLimitsOf(options),
    keepAlive: checkWhole('keepAlive', keepAlive, 100, 3_600_000),
    linger: checkWhole('linger', linger, 0, 0x7fff_ffff),
  };
}

function listeningOf(where: string, { subjects, queue }: NatsInRule): Listening {
  if (queue !== undefined && (typeof queue !== 'string' || !isSubject(queue))) {
    throw refused(`${where}.queue is ${show(queue)}; expected a name without blanks`, 'queue');
  }
  if (subjects === undefined) return { subjects, queue };
  if (!Array.isArray(subjects) || subjects.length === 0 || subjects.length > mostSubjects) {
    const text = `${where}.subjects is ${show(subjects)}; expected 1 to ${mostSubjects} subjects`;
    throw refused(text, 'subjects');
  }
  for (const each of subjects as readonly unknown[]) {
    if (typeof each === 'string' && isPattern(each)) continue;
    throw refused(`${where}.subjects has ${show(each)}; expected tokens, '*' or '>'`, 'subjects');
  }
  return { subjects: [...subjects], queue };
}

function checkSubject(where: string, subject: unknown): void {
  if (typeof subject === 'string' && isSubject(subject)) return;
  throw refused(`${where} is ${show(subject)}; expected a subject without wildcards`, 'subject');
}
