// The members that an observer knows by their ids: observations name receivers by id only. Those
// that have left stay known for a while, since what was sent to them may be read later.
import type { Peer } from '../messages/index.js';
import type { Members } from './members.js';

/** As many as a bus can have. */
const maxDeparted = 4096;

const noLabel: readonly string[] = Object.freeze([]);

/** Finds peers by id. */
export class PeerBook {
  readonly #members: Members;
  readonly #departed = new Map<number, Peer>();

  constructor(members: Members) {
    this.#members = members;
  }

  /** These have left. */
  note(left: readonly Peer[]): void {
    for (const peer of left) this.#departed.set(peer.id, Object.freeze(peer));
    for (const id of this.#departed.keys()) {
      if (this.#departed.size <= maxDeparted) return;
      this.#departed.delete(id);
    }
  }

  /** The peer with this id; one without label if it is not known. */
  find(id: number): Peer {
    return (
      this.#members.withId(id) ??
      this.#departed.get(id) ??
      Object.freeze({ id, pid: 0, label: noLabel })
    );
  }
}
