// A member's label, which it changes at random: now it is free, now it is not.
import { setTimeout as pause } from 'node:timers/promises';
import type { Endpoint, PlainBox } from 'busbar';
import { labelOf, Witness } from './labels.js';
import { now, type Payload, stampOf } from './payload.js';
import type { Random } from './random.js';

/** The most milliseconds between two labels. */
const mostPause = 200;
/** A label that takes longer, whatever dies meanwhile, is a fault. */
const mostTime = 60_000;

/** What a member changes its label with. */
export interface RelabellingParts {
  readonly endpoint: Endpoint<PlainBox>;
  readonly name: string;
  readonly history: string;
  readonly random: Random;
  readonly wrong: (what: string) => void;
}

/** The labels of one member. */
export class Relabelling {
  readonly #parts: RelabellingParts;
  readonly #witness: Witness;
  #shown = 0;
  #pending = 0;
  #ended = false;
  // Since when all know that it is not free; `undefined` if it may be.
  #busySince: number | undefined;

  constructor(parts: RelabellingParts) {
    this.#parts = parts;
    this.#witness = new Witness(parts.history);
  }

  /** The last revision that all see. */
  get shown(): number {
    return this.#shown;
  }

  /** Calls that have not resolved. */
  get pending(): number {
    return this.#pending;
  }

  /** Changes the label until {@link end} is called. */
  async run(): Promise<void> {
    while (!this.#ended) {
      await this.#relabel();
      await pause(this.#parts.random.below(mostPause));
    }
  }

  end(): void {
    this.#ended = true;
  }

  /** What is wrong about a message that came for a free member; `undefined` if nothing is. */
  faultOf(payload: Payload): string | undefined {
    if (payload.way !== 'free' || this.#busySince === undefined) return undefined;
    if (payload.sentAt <= this.#busySince) return undefined;
    return `${stampOf(payload)} was sent after all knew that ${this.#parts.name} is not free`;
  }

  async #relabel(): Promise<void> {
    const { endpoint, name, random, wrong } = this.#parts;
    const revision = this.#shown + 1;
    const free = random.chance(0.5);
    if (free) this.#busySince = undefined;
    this.#pending++;
    try {
      await endpoint.relabel(labelOf(name, revision, free), { timeout: mostTime });
    } catch (error) {
      // close() ends it; nothing else may.
      if (!endpoint.closed) wrong(`relabel to revision ${revision} failed: ${error}`);
      this.#ended = true;
      return;
    }
    this.#pending--;
    this.#shown = revision;
    this.#witness.note();
    if (!free) this.#busySince = now();
  }
}
