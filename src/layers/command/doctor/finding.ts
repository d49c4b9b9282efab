// What `doctor` finds. A type, and the forms in which it is written.
import type { Form } from '../table.js';
import { clean } from '../text.js';
import type { Output } from '../usage.js';

/** Something that was looked at. */
export interface Finding {
  readonly level: 'ok' | 'note' | 'warning' | 'problem';
  /** A word for what was looked at; it never changes. */
  readonly check: string;
  readonly text: string;
  /** What to do about it. */
  readonly cure?: string;
  /** The process that it is about. */
  readonly pid?: number;
}

const colours = { ok: '32', note: '36', warning: '33', problem: '31' } as const;

/** Writes findings. */
export function printFindings(findings: readonly Finding[], form: Form, output: Output): void {
  for (const finding of findings) {
    const { level, check, text, cure } = finding;
    if (form === 'json') {
      output.print(JSON.stringify(finding));
    } else if (form === 'tabs') {
      output.print([level, check, text, cure ?? ''].map(clean).join('\t'));
    } else {
      const shown = level.padEnd(8);
      const head = output.colour ? `\u001b[${colours[level]}m${shown}\u001b[39m` : shown;
      output.print(`${head} ${check.padEnd(12)} ${clean(text)}`);
      if (cure !== undefined) output.print(`${' '.repeat(22)}→ ${clean(cure)}`);
    }
  }
}
