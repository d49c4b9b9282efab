// Compiled schemas of other libraries, through Standard Schema. Their values are JSON values on the
// wire, since a foreign schema cannot say how anything else is written.
import { any } from './any-value.js';
import type { Issue, PathStep } from './errors.js';
import { type Node, outwards, Refused } from './node.js';
import type { AnySchema } from './schema.js';

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { readonly then?: unknown } | null)?.then === 'function';
}

/** Whether a schema answers a first question with a promise. */
export function isAsync(schema: AnySchema): boolean {
  try {
    const answer: unknown = schema['~standard'].validate(undefined);
    if (!isThenable(answer)) return false;
    answer.then(
      () => undefined,
      () => undefined,
    );
    return true;
  } catch {
    // A schema that throws at undefined may well accept what it is meant for.
    return false;
  }
}

type Steps = NonNullable<
  Extract<
    Awaited<ReturnType<AnySchema['~standard']['validate']>>,
    { readonly issues: readonly unknown[] }
  >['issues'][number]['path']
>;

const maxIssues = 16;

function pathOf(steps: Steps = []): PathStep[] {
  return steps
    .map((step) => (typeof step === 'object' ? step.key : step))
    .map((key) => (typeof key === 'symbol' ? String(key) : key));
}

function validated(schema: AnySchema, value: unknown): unknown {
  const answer = schema['~standard'].validate(value);
  if (isThenable(answer)) {
    answer.then(
      () => undefined,
      () => undefined,
    );
    throw new Refused('has a schema that validates asynchronously, which is not supported');
  }
  if (answer.issues === undefined) return answer.value;
  const issues: Issue[] = [];
  for (const { message, path } of answer.issues) {
    if (issues.length === maxIssues) break;
    issues.push({ path: pathOf(path), message: `is wrong: ${message}` });
  }
  throw new Refused('does not fit its schema', issues.length > 0 ? issues : undefined);
}

/** A schema of another library, which validates on both sides and transforms where received. */
export function foreign(schema: AnySchema): Node {
  return {
    // Only the schema knows whether a field may be missing.
    whenMissing: 'ask',
    encode(value) {
      validated(schema, value);
      if (value === undefined) return undefined;
      try {
        return any.encode(value, undefined as never);
      } catch (thrown) {
        if (thrown instanceof Refused) {
          const { vendor } = schema['~standard'];
          throw explained(thrown, `a value of a ${vendor} schema must be JSON on the wire`);
        }
        throw thrown;
      }
    },
    decode: (wire, walk) =>
      validated(schema, wire === undefined ? undefined : any.decode(wire, walk)),
  };
}

function explained(thrown: Refused, why: string): unknown {
  const refusal = new Refused(`${thrown.message}; ${why}`);
  for (const step of thrown.path) outwards(refusal, step);
  return refusal;
}
