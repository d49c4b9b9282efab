// The bus as the gateway pictures it once a second, and who looks at it.
import { ask, linesOf } from './session.js';

/** A member. */
export interface Member {
  readonly id: number;
  readonly pid: number;
  readonly process: string;
  readonly state: string;
  readonly name: string;
  readonly interfaces: readonly string[];
  readonly controller: boolean;
}

/** Traffic from one member to another, per second. */
export interface Link {
  readonly from: number;
  readonly to: number;
  readonly messages: number;
  readonly bytes: number;
}

/** The bus at one time. */
export interface Picture {
  readonly bus: string;
  readonly members: readonly Member[];
  readonly links: readonly Link[];
  readonly sent: number;
  readonly bytes: number;
  readonly undelivered: number;
  readonly lost: number;
}

/** A text for a member. */
export function nameOf({ name, interfaces, process, pid, id }: Member): string {
  if (name !== '') return name;
  const [first] = interfaces;
  if (first !== undefined) return first.replace(/\/\d+$/, '');
  return process === '' ? `#${id}` : `${process} ${pid}`;
}

/** Calls `show` with each picture until the connection ends; rejects with the reason. */
export async function follow(show: (picture: Picture) => void): Promise<void> {
  for await (const each of linesOf(await ask('/look/live'))) show(each as Picture);
}
