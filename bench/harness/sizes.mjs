// The notation of sizes and rates in tables and chart.

/** @param {number} bytes @returns {string} '64 B', '4 KiB', '1 MiB' */
export function sizeText(bytes) {
  if (bytes >= 1 << 20) return `${bytes >> 20} MiB`;
  return bytes >= 1024 ? `${bytes >> 10} KiB` : `${bytes} B`;
}

/** @param {number | undefined} bytes @returns {string} '63.1 MB'; '-' for what was not measured */
export function bytesText(bytes) {
  return bytes === undefined ? '-' : `${three(bytes / 1e6)} MB`;
}

/** @param {number} perSecond @returns {string} '5.31 M/s', '84.2 k/s' */
export function rateText(perSecond) {
  if (perSecond >= 1e6) return `${three(perSecond / 1e6)} M/s`;
  if (perSecond >= 1e3) return `${three(perSecond / 1e3)} k/s`;
  return `${three(perSecond)}/s`;
}

/** @param {number} microseconds @returns {string} '9.61 µs', '3.97 ms' */
export function timeText(microseconds) {
  return microseconds >= 1000 ? `${three(microseconds / 1000)} ms` : `${three(microseconds)} µs`;
}

/** @param {number} factor @returns {string} '20.4x', '0.36x' */
export function factorText(factor) {
  return `${three(factor)}x`;
}

/** Three significant digits, without an exponent. */
function three(value) {
  if (value >= 100) return value.toFixed(0);
  if (value >= 10) return value.toFixed(1);
  return value.toFixed(2);
}
