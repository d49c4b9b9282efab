// The command `import`: an interface of another form as an interface file.
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseStinger, printYaml } from '../interface/index.js';
import { exitCode } from './failure.js';
import { type Run, textOf } from './usage.js';

/** Prints the YAML of an interface that a file of Stinger describes, and notes on what is not in it. */
export const importFile: Run = async ([file = ''], options, output) => {
  const name = textOf(options, 'name');
  const { source, notes } = await parseStinger(await readFile(file, 'utf8'), {
    file,
    name,
    read: (other) => readFile(join(dirname(file), other), 'utf8'),
  });
  const out = textOf(options, 'out');
  const yaml = printYaml(source);
  if (out === undefined) {
    output.write(yaml);
  } else {
    await writeFile(out, yaml);
    output.print(out);
  }
  for (const { line, column, text } of notes) {
    output.complain(`${file}:${line}:${column}: note: ${text}`);
  }
  return exitCode.ok;
};
