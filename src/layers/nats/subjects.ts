// The subjects of a bridge. A token is a name of the bus in which every unsafe byte is '%' and two
// hexadecimal digits, so that names with dots, spaces or wildcards have subjects, one to one.
//
//   busbar.<domain>.m.<type>                                messages
//   busbar.<domain>.c.<interface>.<major>.<member>          calls in JSON, of any client of NATS
//   busbar.<domain>.here, .who                              which bridges serve what
//   busbar.<domain>.b.<bridge>.<line>                       calls between bridges
import { isUuid, nameUuid } from '../../base/uuid.js';
import { messageTypeNamespace } from '../../index.js';
import { nameCoding } from '../bridge/index.js';

const coding = nameCoding();

/** The types of subjects that are remembered: anybody may invent more. */
const mostKnown = 4096;

/** The most characters of a subject that is looked into. */
const mostCharacters = 1024;

/** The subjects of one domain. */
export class Subjects {
  readonly prefix: string;
  readonly #messages: string;
  readonly #types = new Map<string, string | undefined>();

  /** @throws InvalidArgumentError if the domain is no well-formed text. */
  constructor(domain: string) {
    this.prefix = `busbar.${coding.encode(domain)}`;
    this.#messages = `${this.prefix}.m.`;
  }

  /** The subject of messages of a type, given by its name if it has one, else by its UUID. */
  ofType(nameOrUuid: string): string {
    return this.#messages + coding.encode(nameOrUuid);
  }

  /** The UUID of the type whose messages have this subject; `undefined` if it is no such subject. */
  typeOf(subject: string): string | undefined {
    const known = this.#types.get(subject);
    if (known !== undefined || subject.length > mostCharacters) return known;
    const name = subject.startsWith(this.#messages)
      ? coding.decode(subject.slice(this.#messages.length))
      : undefined;
    if (name === undefined || name === '') return undefined;
    const type = isUuid(name) ? name.toLowerCase() : nameUuid(name, messageTypeNamespace);
    if (this.#types.size < mostKnown) this.#types.set(subject, type);
    return type;
  }

  /** The subject on which a member of an interface is called in JSON. */
  ofMember(name: string, major: string, member: string): string {
    return `${this.prefix}.c.${coding.encode(name)}.${coding.encode(major)}.${coding.encode(member)}`;
  }

  /** Where a bridge says that it is there. */
  get here(): string {
    return `${this.prefix}.here`;
  }

  /** Where a bridge asks who is there. */
  get who(): string {
    return `${this.prefix}.who`;
  }

  /** The address of a line of a bridge; `*` stands for all of them. */
  ofLine(bridge: string, line: string): string {
    return `${this.prefix}.b.${bridge}.${line}`;
  }
}

const token = /^[^\s.*>]+$/;

/** Whether messages can be published to a subject: tokens without blanks and wildcards. */
export function isSubject(text: string): boolean {
  return text !== '' && text.split('.').every((each) => token.test(each));
}

/** Whether a subject can be subscribed to: `*` for one token, `>` at the end for one or more. */
export function isPattern(text: string): boolean {
  const tokens = text.split('.');
  return tokens.every((each, index) => {
    return each === '*' || (each === '>' && index === tokens.length - 1) || token.test(each);
  });
}
