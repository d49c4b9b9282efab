// The topics of a bridge. A level is a name of the bus in which every unsafe byte is '%' and two
// hexadecimal digits, so that names with slashes, spaces or wildcards have topics, one to one.
//
//   busbar/<domain>/m/<type>      messages of a type
import { isUuid, nameUuid } from '../../../base/uuid.js';
import { messageTypeNamespace } from '../../../index.js';
import { nameCoding } from '../../bridge/index.js';

const coding = nameCoding();

/** The most characters of a topic that is looked into. */
const mostCharacters = 1024;

/** The topics of one domain. */
export class MessageTopics {
  readonly #prefix: string;

  /** @throws InvalidArgumentError if the domain is no well-formed text. */
  constructor(domain: string) {
    this.#prefix = `busbar/${coding.encode(domain)}/m/`;
  }

  /** The topic of messages of a type, given by its name if it has one, else by its UUID. */
  ofType(nameOrUuid: string): string {
    return this.#prefix + coding.encode(nameOrUuid);
  }

  /** The UUID of the type whose messages have this topic; `undefined` if it is no such topic. */
  typeOf(topic: string): string | undefined {
    if (topic.length > mostCharacters || !topic.startsWith(this.#prefix)) return undefined;
    const name = coding.decode(topic.slice(this.#prefix.length));
    if (name === undefined || name === '') return undefined;
    return isUuid(name) ? name.toLowerCase() : nameUuid(name, messageTypeNamespace);
  }
}

/** Whether a text is a topic that can be published to. */
export function isTopic(text: string): boolean {
  return isFilter(text) && !/[+#]/.test(text) && !text.startsWith('$');
}

/** Whether a text is a filter of topics that is not shared. */
export function isFilter(text: string): boolean {
  if (text === '' || Buffer.byteLength(text) > 65_535 || /[\0\p{Surrogate}]/u.test(text)) {
    return false;
  }
  const levels = text.split('/');
  const areLevels = levels.every(
    (level, index) =>
      !/[+#]/.test(level) || level === '+' || (level === '#' && index === levels.length - 1),
  );
  return areLevels && levels[0] !== '$share';
}
