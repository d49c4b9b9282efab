// Books on numbered messages: what is missing, came twice or in the wrong order. One ledger for each receiver; it
// believes nothing but the numbers.

/**
 * @typedef {object} Account
 * @property {string} stream
 * @property {string} from the sender's name
 * @property {number} received
 * @property {number} missing numbers that were jumped over and never came
 * @property {number} repeated
 * @property {number} disordered came after a higher number
 * @property {number | undefined} announced how many the sender says it sent; known after its last message
 */

export class Ledger {
  /** @type {Map<string, Account & { next: number, open: Set<number>, seen: Set<number> }>} */
  #accounts = new Map();

  /** Books message `number` of a stream of which this receiver gets everything. */
  takeNext(stream, from, number) {
    const account = this.#account(stream, from);
    account.received++;
    if (number === account.next) {
      account.next++;
    } else if (number > account.next) {
      for (let gap = account.next; gap < number; gap++) account.open.add(gap);
      account.next = number + 1;
    } else if (account.open.delete(number)) {
      account.disordered++;
    } else {
      account.repeated++;
    }
  }

  /** Books message `number` of a stream that is shared out among several receivers: gaps are to be expected. */
  takeShare(stream, from, number) {
    const account = this.#account(stream, from);
    account.received++;
    if (account.seen.has(number)) account.repeated++;
    else if (number < account.next) account.disordered++;
    account.seen.add(number);
    account.next = Math.max(account.next, number + 1);
  }

  /** The sender says that it sent `count`. Those between the last one received and `count` are missing. */
  announce(stream, from, count) {
    const account = this.#account(stream, from);
    account.announced = count;
    for (let gap = account.next; gap < count; gap++) account.open.add(gap);
    account.next = Math.max(account.next, count);
  }

  /** Whether every stream of `streams` has been announced. */
  allAnnounced(streams) {
    const announced = [...this.#accounts.values()].filter(
      (account) => account.announced !== undefined,
    );
    return streams.every((stream) => announced.some((account) => account.stream === stream));
  }

  /** @returns {Account[]} */
  accounts() {
    return [...this.#accounts.values()].map(({ next, open, seen, ...account }) => ({
      ...account,
      missing: open.size,
    }));
  }

  #account(stream, from) {
    const key = `${stream} ${from}`;
    let account = this.#accounts.get(key);
    if (account === undefined) {
      account = {
        stream,
        from,
        received: 0,
        missing: 0,
        repeated: 0,
        disordered: 0,
        announced: undefined,
        next: 0,
        open: new Set(),
        seen: new Set(),
      };
      this.#accounts.set(key, account);
    }
    return account;
  }
}
