// The reason why a value cannot be written as MessagePack, and its path in the payload.
import { InvalidArgumentError } from '../../errors/index.js';

/** Of a longer path only the beginning is shown. */
const shownSteps = 12;

/** Thrown at the value; each enclosing value adds its step with {@link within}. */
export class Refusal extends Error {
  /** From the value outwards: `.name`, `[3]`. */
  readonly #steps: string[] = [];

  /** `what` follows the path of the value, as in 'is a symbol'. */
  constructor(what: string) {
    super(what);
  }

  add(step: string): void {
    this.#steps.push(step);
  }

  /** The error for the user: `payload.items[3] is a symbol, which MessagePack cannot express`. */
  toError(): InvalidArgumentError {
    const steps = this.#steps.reverse();
    const more = steps.length > shownSteps ? '…' : '';
    const path = `payload${steps.slice(0, shownSteps).join('')}${more}`;
    return new InvalidArgumentError(`${path} ${this.message}, which MessagePack cannot express`);
  }
}

/**
 * Adds the step of member `key` to a Refusal and returns it. An error of user code is returned
 * unchanged.
 */
export function within(error: unknown, key: string | number): unknown {
  if (error instanceof Refusal) error.add(stepTo(key));
  return error;
}

function stepTo(key: string | number): string {
  if (typeof key === 'number') return `[${key}]`;
  if (/^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(key)) return `.${key}`;
  return `[${JSON.stringify(key.length > 40 ? `${key.slice(0, 40)}…` : key)}]`;
}
