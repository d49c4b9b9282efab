// A map with the numbers of frames as keys, for calls under way. A `Map` in which entries come and go
// makes a new table now and then, and the engine lets the old one refer to the new one: once the old
// one is in the old generation, all calls of both stay until the next full collection.

const leastSlots = 64;

/**
 * 2 ** 32 divided by the golden ratio: the upper bits of its multiples lie far apart for numbers that
 * follow each other, as those of frames do. Side by side they would be one long run of slots, which
 * each deletion has to look through.
 */
const spread = 0x9e3779b1;

/** Values by integers from 0 on. Holds nothing that was deleted. */
export class IdMap<V> {
  #size = 0;
  // Open addressing: a key is the number and 1, or 0 for none. At most half of the slots are used.
  // A key's home is the upper bits of its product with `spread`.
  #keys = new Float64Array(leastSlots);
  #values: (V | undefined)[] = new Array<V | undefined>(leastSlots).fill(undefined);
  #shift = Math.clz32(leastSlots - 1);

  get size(): number {
    return this.#size;
  }

  get(id: number): V | undefined {
    return this.#values[this.#slotOf(id + 1)];
  }

  set(id: number, value: V): void {
    if (2 * this.#size >= this.#keys.length) this.#resize(2 * this.#keys.length);
    const key = id + 1;
    const slot = this.#slotOf(key);
    if (this.#keys[slot] === 0) this.#size++;
    this.#keys[slot] = key;
    this.#values[slot] = value;
  }

  delete(id: number): boolean {
    const slot = this.#slotOf(id + 1);
    if (this.#keys[slot] === 0) return false;
    this.#size--;
    this.#empty(slot);
    const slots = this.#keys.length;
    if (slots > leastSlots && 16 * this.#size < slots) this.#resize(slots / 2);
    return true;
  }

  /** The values as they are now, in the order of their numbers; the map may change meanwhile. */
  values(): V[] {
    const slots = [...this.#keys.keys()].filter((slot) => this.#keys[slot] !== 0);
    slots.sort((a, b) => (this.#keys[a] as number) - (this.#keys[b] as number));
    return slots.map((slot) => this.#values[slot] as V);
  }

  // The slot of a key, or the empty one where it would be put.
  #slotOf(wanted: number): number {
    const keys = this.#keys;
    const mask = keys.length - 1;
    let slot = Math.imul(wanted >>> 0, spread) >>> this.#shift;
    for (;;) {
      const key = keys[slot];
      if (key === wanted || key === 0) return slot;
      slot = (slot + 1) & mask;
    }
  }

  // Moves up those behind the slot that would not be found any more.
  #empty(slot: number): void {
    const keys = this.#keys;
    const values = this.#values;
    const mask = keys.length - 1;
    let hole = slot;
    for (let next = (hole + 1) & mask; keys[next] !== 0; next = (next + 1) & mask) {
      const home = Math.imul((keys[next] as number) >>> 0, spread) >>> this.#shift;
      if (((next - home) & mask) < ((next - hole) & mask)) continue;
      keys[hole] = keys[next] as number;
      values[hole] = values[next];
      hole = next;
    }
    keys[hole] = 0;
    values[hole] = undefined;
  }

  #resize(slots: number): void {
    const keys = this.#keys;
    const values = this.#values;
    this.#keys = new Float64Array(slots);
    this.#values = new Array<V | undefined>(slots).fill(undefined);
    this.#shift = Math.clz32(slots - 1);
    this.#size = 0;
    for (let slot = 0; slot < keys.length; slot++) {
      const key = keys[slot] as number;
      if (key !== 0) this.set(key - 1, values[slot] as V);
    }
    values.fill(undefined);
  }
}
