// The rows that the transaction in progress has changed, in watched tables. Triggers of the writer's
// connection fill it; a rollback cuts it back.

/** One row, or `*` for anything in the table. */
export interface Change {
  readonly table: string;
  readonly kind: 'i' | 'u' | 'd' | '*';
  readonly rowid: bigint;
}

/** More than this in one transaction are reported as changes of whole tables. */
const maxChanges = 100_000;

/** The log. */
export class ChangeLog {
  #changes: Change[] = [];
  /** Tables of which so much has changed that rows are not listed. */
  #whole = new Set<string>();

  add(table: string, kind: Change['kind'], rowid: bigint): void {
    if (kind === '*' || this.#changes.length >= maxChanges) this.#whole.add(table);
    else if (!this.#whole.has(table)) this.#changes.push({ table, kind, rowid });
  }

  /** Where it is now, for {@link truncate}. */
  mark(): number {
    return this.#changes.length;
  }

  /** Forgets what came after the mark. Whole tables stay: one notice too many does no harm. */
  truncate(mark: number): void {
    this.#changes.length = mark;
  }

  /** Forgets all. */
  clear(): void {
    this.#changes = [];
    this.#whole = new Set();
  }

  /** What was committed. */
  take(): readonly Change[] {
    if (this.#changes.length === 0 && this.#whole.size === 0) return [];
    const whole = this.#whole;
    const changes = [
      ...this.#changes.filter(({ table }) => !whole.has(table)),
      ...[...whole].map((table) => ({ table, kind: '*', rowid: 0n }) as const),
    ];
    this.clear();
    return changes;
  }
}
