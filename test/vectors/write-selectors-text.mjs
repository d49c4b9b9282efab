// Makes selectors.txt, which the C++ tests read, from selectors.json, which is the source of both.
// Run it after a change there: node test/vectors/write-selectors-text.mjs
// test/unit/selector-vectors.test.ts fails while the two differ.
import { readFileSync, writeFileSync } from 'node:fs';

const vectors = JSON.parse(readFileSync(new URL('selectors.json', import.meta.url), 'utf8'));
const hexOf = (text) => Buffer.from(text).toString('hex');

const lines = [
  '# Made from selectors.json by write-selectors-text.mjs. One record a line, its words parted by one space:',
  '#   program <hex of the program>            the program that the following cases are about',
  '#   text <hex of a text>                    a text that means this program',
  '#   case <0|1> <endpoint id> <hex of a label string> ...   does the program match this endpoint?',
  '#   invalid <hex of the program, or -> <why, to the end of the line>   must be refused; - is no byte',
];
for (const { text, program, cases } of vectors.valid) {
  lines.push(`program ${program}`, `text ${hexOf(text)}`);
  for (const { label, id, matches } of cases) {
    lines.push(['case', matches ? 1 : 0, id, ...label.map(hexOf)].join(' '));
  }
}
for (const { program, why } of vectors.invalid) lines.push(`invalid ${program || '-'} ${why}`);
writeFileSync(new URL('selectors.txt', import.meta.url), `${lines.join('\n')}\n`);
