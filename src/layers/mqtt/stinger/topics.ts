// Topics of Stinger's programs: templates of levels, of which some are names.
import { show } from '../../../base/show.js';
import { InvalidArgumentError } from '../../../index.js';

/** The templates, as in the section `[topics]` of Stinger's configuration. */
export interface StingerTopics {
  /** Default: `{interface_name}/{service_id}/signal/{signal_name}`. */
  readonly signals?: string | undefined;
  /** Default: `{interface_name}/{service_id}/property/{property_name}/value`. */
  readonly propertyValues?: string | undefined;
  /** Default: `{interface_name}/{service_id}/property/{property_name}/update`. */
  readonly propertyUpdates?: string | undefined;
  /**
   * Where clients want the answer to an update. A request with another response topic is refused.
   * Default: `client/{client_id}/{interface_name}/property/{property_name}/update/response`.
   */
  readonly propertyUpdateResponses?: string | undefined;
  /** Default: `{interface_name}/{service_id}/method/{method_name}/request`. */
  readonly methodRequests?: string | undefined;
  /**
   * Where clients want results. A request with another response topic is refused. Default:
   * `client/{client_id}/{interface_name}/method/{method_name}/response`.
   */
  readonly methodResponses?: string | undefined;
  /** Default: `{interface_name}/{service_id}/interface`. */
  readonly interfaceDiscovery?: string | undefined;
  /** The presence of a client. Default: `client/{client_id}/online`. */
  readonly lwt?: string | undefined;
  /** Values of further names in the templates. */
  readonly params?: Readonly<Record<string, string>> | undefined;
}

const client = 'client/{client_id}/{interface_name}';
const service = '{interface_name}/{service_id}';

const defaults = {
  signals: `${service}/signal/{signal_name}`,
  propertyValues: `${service}/property/{property_name}/value`,
  propertyUpdates: `${service}/property/{property_name}/update`,
  propertyUpdateResponses: `${client}/property/{property_name}/update/response`,
  methodRequests: `${service}/method/{method_name}/request`,
  methodResponses: `${client}/method/{method_name}/response`,
  interfaceDiscovery: `${service}/interface`,
  lwt: 'client/{client_id}/online',
} as const;

/** The names that a template may have, and those that it must have. */
const parts: Readonly<
  Record<Kind, readonly [known: readonly string[], needed: readonly string[]]>
> = {
  signals: [
    ['interface_name', 'service_id', 'signal_name'],
    ['signal_name', 'service_id'],
  ],
  propertyValues: [
    ['interface_name', 'service_id', 'property_name'],
    ['property_name', 'service_id'],
  ],
  propertyUpdates: [
    ['interface_name', 'service_id', 'property_name'],
    ['property_name', 'service_id'],
  ],
  propertyUpdateResponses: [['interface_name', 'client_id', 'property_name'], ['client_id']],
  methodRequests: [
    ['interface_name', 'service_id', 'method_name'],
    ['method_name', 'service_id'],
  ],
  methodResponses: [['interface_name', 'client_id', 'method_name'], ['client_id']],
  interfaceDiscovery: [['interface_name', 'service_id'], ['service_id']],
  lwt: [['client_id'], ['client_id']],
};

/** What a template is for. */
type Kind = keyof typeof defaults;

/** Names and their values. */
export type TopicNames = Readonly<Record<string, string>>;

/** A template. */
export class Template {
  /** A level, or the name that stands in its place. */
  readonly #levels: readonly (string | { readonly name: string })[];

  constructor(levels: readonly (string | { readonly name: string })[]) {
    this.#levels = levels;
  }

  /** A topic, or with names left out a filter. */
  fill(names: TopicNames): string {
    return this.#levels
      .map((level) => (typeof level === 'string' ? level : (names[level.name] ?? '+')))
      .join('/');
  }

  /** The names in a topic; `undefined` if it is none of this template. */
  match(topic: string): TopicNames | undefined {
    const found = topic.split('/');
    if (found.length !== this.#levels.length) return undefined;
    const names: Record<string, string> = {};
    for (const [index, level] of this.#levels.entries()) {
      const text = found[index] as string;
      if (typeof level === 'string') {
        if (text !== level) return undefined;
      } else {
        if (!isLevel(text)) return undefined;
        names[level.name] = text;
      }
    }
    return names;
  }
}

/** All templates. */
export type Templates = { readonly [K in Kind]: Template };

/**
 * The templates, with `params` filled in.
 * @throws InvalidArgumentError if one is none.
 */
export function templatesOf(given: StingerTopics = {}): Templates {
  if (typeof given !== 'object' || given === null) {
    throw refused(`topics is ${show(given)}; expected templates`);
  }
  const { params = {}, ...texts } = given;
  for (const key of Object.keys(texts)) {
    if (!Object.hasOwn(defaults, key)) {
      const known = [...Object.keys(defaults), 'params'].join(', ');
      throw refused(`topics has '${key}'; known: ${known}`);
    }
  }
  for (const [name, value] of Object.entries(params)) checkLevel(`topics.params.${name}`, value);
  const made = Object.keys(defaults).map((key) => {
    const kind = key as Kind;
    return [kind, templateOf(kind, texts[kind] ?? defaults[kind], params)] as const;
  });
  const templates = Object.fromEntries(made) as Templates;
  const { propertyUpdateResponses = defaults.propertyUpdateResponses } = texts;
  if (propertyUpdateResponses === (texts.methodResponses ?? defaults.methodResponses)) {
    throw refused('topics.propertyUpdateResponses and topics.methodResponses are the same');
  }
  return templates;
}

/**
 * Checks a text that becomes one level of a topic.
 * @throws InvalidArgumentError if it is empty, or has a character that a level cannot have.
 */
export function checkLevel(option: string, text: unknown): string {
  if (typeof text === 'string' && isLevel(text)) return text;
  throw refused(`${option} is ${show(text)}; expected one level of a topic`);
}

/** Whether a text can be one level of a topic. */
export function isLevel(text: string): boolean {
  return text !== '' && text.length <= 255 && !/[/+#\0\p{Surrogate}]/u.test(text);
}

function templateOf(kind: Kind, text: unknown, params: TopicNames): Template {
  if (typeof text !== 'string' || text === '' || text.length > 1024) {
    throw refused(`topics.${kind} is ${show(text)}; expected a template`);
  }
  const [known, needed] = parts[kind];
  const names: string[] = [];
  const levels = text.split('/').map((level) => {
    const name = /^\{(\w+)\}$/.exec(level)?.[1];
    if (name === undefined) {
      if (/[{}]/.test(level)) {
        throw refused(`topics.${kind} has '${level}'; a name takes a whole level`);
      }
      return checkLevel(`topics.${kind}`, level);
    }
    if (Object.hasOwn(params, name)) return params[name] as string;
    if (!known.includes(name)) {
      throw refused(`topics.${kind} has '{${name}}'; known: ${known.join(', ')}, and params`);
    }
    names.push(name);
    return { name };
  });
  const missing = needed.find((name) => !names.includes(name));
  if (missing !== undefined) throw refused(`topics.${kind} has no '{${missing}}'`);
  if (new Set(names).size < names.length) throw refused(`topics.${kind} has a name twice`);
  return new Template(levels);
}

function refused(text: string): InvalidArgumentError {
  return new InvalidArgumentError(text, { option: 'topics' });
}
