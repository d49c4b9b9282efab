// `/<interface>/<major>/<member>` behind the first segment of a path.
import type { Exchange } from '../http/exchange.js';
import { Refusal } from '../http/refusal.js';
import type { Exposed, Exposures } from './exposed.js';

/** A member of an exposed interface. */
export interface NamedMember {
  readonly exposed: Exposed;
  readonly name: string;
}

/** The member that a path names; whether there is such a member is its reader's business. */
export function memberOf(
  exchange: Exchange,
  exposures: Exposures,
): NamedMember | Promise<NamedMember> {
  const { segments } = exchange.target;
  const [, name, major, member] = segments;
  if (segments.length !== 4 || name === undefined || major === undefined || member === undefined) {
    throw new Refusal('NOT_FOUND', 'expected a path of /<interface>/<major version>/<member>');
  }
  return named(exchange, exposures, name, major, member);
}

/** The same for text of a query: `com.example.thermostat/1/target`. */
export function memberOfText(
  exchange: Exchange,
  exposures: Exposures,
  text: string,
): NamedMember | Promise<NamedMember> {
  const [name, major, member, more] = text.split('/');
  if (more !== undefined || name === undefined || major === undefined || member === undefined) {
    throw new Refusal('NOT_FOUND', 'expected <interface>/<major version>/<member>');
  }
  return named(exchange, exposures, name, major, member);
}

function named(
  { grant }: Exchange,
  exposures: Exposures,
  interfaceName: string,
  major: string,
  name: string,
): NamedMember | Promise<NamedMember> {
  if (grant?.allows(interfaceName) === false) {
    throw new Refusal('FORBIDDEN', `the token does not allow ${interfaceName}`);
  }
  const exposed = exposures.of(interfaceName, major);
  if (exposed instanceof Promise) return exposed.then((each) => ({ exposed: each, name }));
  return { exposed, name };
}
