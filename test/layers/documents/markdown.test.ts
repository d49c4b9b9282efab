// Interfaces as Markdown: links lead somewhere, tables are whole, documentation adds no HTML and
// closes what it opens.
import test from 'ava';
import { printMarkdown } from 'busbar/documents';
import { defineInterface, t as types } from 'busbar/interface';
import fc from 'fast-check';
import { anchors, localLinks } from '../../support/markdown.js';
import { interfaceFrom } from '../interface/support/interfaces.js';
import { thermostat } from './support/thermostat.js';

test('an interface with something of everything', (t) => {
  const text = printMarkdown(thermostat);
  t.is(printMarkdown(thermostat), text);
  for (const expected of [
    '# com.example.thermostat\n\nVersion 1.2, hash `',
    '\n\nKeeps a room warm.\n\n## Methods\n\n### setTarget\n\nSets the temperature to reach.\n\n',
    '| `mode` | [`Mode`](#mode-enum) | Default: `"heat"`. |\n| `until` | `time` | Optional. |\n',
    '\n**Returns**: `bool`\n\n**Error** `OutOfRange`\n\nNot here.\n\n| field | type | |\n',
    '\n**Error** `Locked`: nothing\n\n**Idempotent**: ',
    '\n**Stream, item by item**: [`Sample`](#sample-struct)\n',
    '\n| `week[].hours` | `list<f64>` | 24 of them. |\n',
    '\n### target\n\nThe temperature to reach.\n\n**Value, read and write**: `f64`\n',
    '\n### overheated\n\nToo warm.\n\n**Data**\n\n| field | type | |\n',
    '\n### Mode (enum)\n\nWhat it does.\n\n`heat`, `cool`, `off`\n',
  ]) {
    t.true(text.includes(expected), `${expected}\n---\n${text}`);
  }
});

/** The text without code, which is taken for nothing else. */
const withoutCode = (text: string) =>
  text.replace(/^ {0,3}(```|~~~)[\s\S]*?^ {0,3}\1.*$/gm, '').replace(/(`+)[^`].*?\1/g, '');

test('generated interfaces give whole tables and links', (t) => {
  fc.assert(
    fc.property(fc.gen(), (g) => {
      const given = interfaceFrom(g);
      const text = printMarkdown(given);
      const known = anchors(text);
      for (const link of localLinks(text)) {
        if (!known.includes(link.slice(1))) throw new Error(`${link}\n${text}`);
      }
      for (const [row] of text.matchAll(/^\| `.*$/gm)) {
        // Bars within cells are escaped.
        const bars = row.replace(/\\\|/g, '').match(/\|/g)?.length;
        if (bars !== 4) throw new Error(row);
      }
      for (const name of Object.keys({ ...given.methods, ...given.properties, ...given.signals })) {
        if (!text.includes(`\n### ${name}\n`)) throw new Error(name);
      }
    }),
    { numRuns: 200, endOnFailure: true },
  );
  t.pass();
});

test('documentation adds no HTML, no heading above its own, and closes its code', (t) => {
  for (const doc of [
    '<script>alert(1)</script>',
    'a <b onclick="x"> | c',
    '```\nopen',
    '~~~js\nopen',
    'fine `<code>` and <https://example.com>',
    '# Heading\n## Second',
  ]) {
    const given = defineInterface('com.example.a', '1.0', {
      doc,
      methods: { go: { doc, args: { a: types.u8.doc(doc) } } },
    });
    const text = printMarkdown(given);
    const rest = withoutCode(text).replace(/<https?:\/\/[^<>\s]*>/g, '');
    t.notRegex(rest, /</, text);
    t.is([...withoutCode(text).matchAll(/^# /gm)].length, 1, text);
    t.true(withoutCode(text).includes('\n### go\n'), text);
  }
});
