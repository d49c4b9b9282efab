// Percentiles and medians. Nearest rank, no interpolation: every figure reported was measured.

/**
 * The value below which `part` of the samples lie.
 * @param {ArrayLike<number>} sorted ascending, not empty
 * @param {number} part 0 to 1
 * @returns {number}
 */
export function percentile(sorted, part) {
  const rank = Math.min(sorted.length, Math.max(1, Math.ceil(part * sorted.length)));
  return sorted[rank - 1];
}

/**
 * @param {readonly number[]} values not empty
 * @returns {number}
 */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * The figures that a latency trial reports; their unit is that of the samples.
 * @param {Float64Array | number[]} samples not empty; sorted in place
 * @returns {{ p50: number, p99: number, p999: number, max: number, count: number }}
 */
export function summarise(samples) {
  const sorted = Float64Array.from(samples).sort();
  return {
    p50: percentile(sorted, 0.5),
    p99: percentile(sorted, 0.99),
    p999: percentile(sorted, 0.999),
    max: sorted[sorted.length - 1],
    count: sorted.length,
  };
}

/**
 * Combines the rounds of one cell: for each figure the median of the rounds.
 * @param {readonly Record<string, number>[]} rounds not empty, all with the same keys
 * @returns {Record<string, number>}
 */
export function medianOfRounds(rounds) {
  return Object.fromEntries(
    Object.keys(rounds[0]).map((key) => [key, median(rounds.map((round) => round[key]))]),
  );
}
