// Calls of the trial `rpc`: many at a time, or one after the other. No function and no promise of
// its own for each call: what is measured is the peer.

/** @typedef {(i: number, done: (answer: any) => void) => void} Begin makes the i-th call */

/**
 * How a link begins a call: some peers return a promise, the bus alone calls back.
 * @param {any} link with `call(i)` or `request(i, done)`
 * @param {(error: Error) => void} fail
 * @returns {Begin}
 */
export function beginner(link, fail) {
  if (link.request) return (i, done) => link.request(i, done);
  return (i, done) => void link.call(i).then(done, fail);
}

/**
 * Makes `count` calls, so many of them at a time; resolves when the last one has its answer.
 * @param {number} count
 * @param {number} width
 * @param {any} link
 * @param {(answer: any) => void} check throws if the answer is wrong
 * @returns {Promise<void>}
 */
export function inFlight(count, width, link, check) {
  return new Promise((resolve, reject) => {
    const begin = beginner(link, reject);
    let begun = 0;
    let ended = 0;
    const answered = (answer) => {
      check(answer);
      ended += 1;
      if (begun < count) begin(begun++, answered);
      else if (ended === count) resolve();
    };
    while (begun < Math.min(width, count)) begin(begun++, answered);
  });
}

/**
 * Makes calls one after the other for so long.
 * @param {number} milliseconds
 * @param {any} link
 * @param {(answer: any) => void} check
 * @returns {Promise<number[]>} microseconds of each
 */
export function oneByOne(milliseconds, link, check) {
  return new Promise((resolve, reject) => {
    const begin = beginner(link, reject);
    const samples = [];
    const until = performance.now() + milliseconds;
    let begun = 0;
    let start;
    const answered = (answer) => {
      const now = performance.now();
      samples.push((now - start) * 1000);
      check(answer);
      if (now >= until) return resolve(samples);
      start = performance.now();
      begin(begun++, answered);
    };
    start = performance.now();
    begin(begun++, answered);
  });
}
