// Reads interfaces from files.
import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { type Interface, interfaceOf, parseTypeScript, parseYaml } from '../interface/index.js';
import { UsageError } from './usage.js';

/** Reads an interface from YAML, our TypeScript, or the JSON of a model. */
export async function loadInterface(file: string): Promise<Interface> {
  const text = await readFile(file, 'utf8');
  switch (extname(file)) {
    case '.yaml':
    case '.yml':
      return parseYaml(text, { file });
    case '.ts':
      return parseTypeScript(text, { file });
    case '.json':
      return interfaceOf(JSON.parse(text));
    default:
      throw new UsageError(`${file} is neither .yaml nor .ts nor .json`);
  }
}
