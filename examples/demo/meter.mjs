// Figures of one endpoint for the table: messages a second, and percentiles of round trips.

/** The percentile of sorted numbers; `undefined` if there are none. */
function percentile(sorted, share) {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

const byValue = (a, b) => a - b;

/** Round trips in microseconds: those since the last look, and all. */
export class RoundTrips {
  /** @type {number[]} */
  #all = [];
  #looked = 0;

  add(microseconds) {
    this.#all.push(microseconds);
  }

  /** Of the last second or so; with few, of all there are. */
  recent() {
    const fresh = this.#all.slice(this.#looked);
    if (fresh.length >= 50) this.#looked = this.#all.length - Math.ceil(fresh.length / 2);
    return summary(fresh);
  }

  overall() {
    return summary(this.#all);
  }
}

function summary(values) {
  const sorted = values.toSorted(byValue);
  return { count: values.length, p50: percentile(sorted, 0.5), p99: percentile(sorted, 0.99) };
}

/** Turns growing counters into rates over about the last second. */
export class Rates {
  /** @type {{ at: number, received: number, sent: number }[]} */
  #samples = [];

  /** @returns {{ received: number, sent: number }} a second */
  add(received, sent) {
    const at = performance.now();
    this.#samples.push({ at, received, sent });
    while (this.#samples.length > 2 && at - this.#samples[0].at > 1100) this.#samples.shift();
    const first = this.#samples[0];
    const seconds = (at - first.at) / 1000;
    if (seconds === 0) return { received: 0, sent: 0 };
    return { received: (received - first.received) / seconds, sent: (sent - first.sent) / seconds };
  }
}
