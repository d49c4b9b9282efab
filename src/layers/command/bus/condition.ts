// Evaluates a label expression on a label, by its public program. src/selector/label-program.ts has
// the instructions.
import { type LabelExpression, type Peer, parseLabelExpression } from '../../../index.js';
import { UsageError } from '../usage.js';

/** A condition that can be asked about any member. */
export interface Condition {
  readonly text: string;
  /** The label names in it. */
  readonly names: readonly string[];
  matches(peer: Pick<Peer, 'id' | 'label'>): boolean;
}

/**
 * The condition of a text. Commas and the words `and`, `or` and `not` may stand for the signs that a
 * shell would take: `planet,not test`.
 */
export function conditionOf(text: string): Condition {
  let expression: LabelExpression;
  try {
    expression = parseLabelExpression(spelled(text));
  } catch (error) {
    throw new UsageError(`'${text}' is no label expression: ${(error as Error).message}`);
  }
  const { program } = expression;
  const instructions = [...read(program)];
  return {
    text: String(expression),
    names: instructions.flatMap(({ leaf }) => (leaf === undefined ? [] : [leaf])),
    matches: (peer) => evaluate(instructions, peer),
  };
}

/** A label expression with its signs. Names in quotes stay as they are. */
export function spelled(text: string): string {
  return text
    .split(/("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')/)
    .map((part, index) =>
      index % 2 === 1
        ? part
        : part
            .replace(/(^|[\s(!&|,])not(?=[\s(])/gi, '$1!')
            .replace(/(?<=[\s)])and(?=[\s(!])/gi, '&')
            .replace(/(?<=[\s)])or(?=[\s(!])/gi, '|')
            .replaceAll(',', ' & '),
    )
    .join('');
}

interface Instruction {
  readonly op: number;
  readonly leaf: string | undefined;
  readonly id: number | undefined;
}

function* read(program: Uint8Array): Generator<Instruction> {
  const view = new DataView(program.buffer, program.byteOffset, program.length);
  for (let at = 0; at < program.length; ) {
    const op = program[at++] ?? 0;
    let leaf: string | undefined;
    let id: number | undefined;
    if (op === 2) {
      const length = program[at++] ?? 0;
      leaf = Buffer.from(program.subarray(at, at + length)).toString();
      at += length;
    } else if (op === 6) {
      id = Number(view.getBigUint64(at, true));
      at += 8;
    }
    yield { op, leaf, id };
  }
}

function evaluate(
  instructions: readonly Instruction[],
  { id: peer, label }: Pick<Peer, 'id' | 'label'>,
): boolean {
  const stack: boolean[] = [];
  const pop = () => stack.pop() === true;
  for (const { op, leaf, id } of instructions) {
    switch (op) {
      case 2:
        stack.push(label.includes(leaf ?? ''));
        break;
      case 3: {
        const b = pop();
        stack.push(pop() && b);
        break;
      }
      case 4: {
        const b = pop();
        stack.push(pop() || b);
        break;
      }
      case 5:
        stack.push(!pop());
        break;
      case 6:
        stack.push(peer === id);
        break;
      default:
        stack.push(op === 1);
    }
  }
  return pop();
}
