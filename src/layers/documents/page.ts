// An interface as one static HTML page: no script, nothing loaded from elsewhere, light and dark.
// The choice of a language is a group of radio buttons, and the style sheet shows what is chosen.
import { createHash } from 'node:crypto';
import type { Interface } from '../interface/index.js';
import { type Example, examplesOf } from './examples/index.js';
import { exampleLanguages } from './examples/languages.js';
import { highlighted } from './highlight.js';
import { cellHtml, escaped, proseHtml, summaryOf } from './html-text.js';
import {
  type FieldLine,
  type MemberOutline,
  type Outline,
  outlineOf,
  type PartOutline,
  type TypeOutline,
} from './outline.js';
import { pageStyle } from './page-style.js';
import type { TypeWords } from './type-words.js';

/**
 * An interface as an HTML page, whole in one file: every member with its arguments, result, stream
 * and errors, and beside each how it is used from TypeScript, C++, Python and the command line. The
 * page has no script and loads nothing; its content security policy allows its own style sheet only.
 * Documentation is taken for text, never for HTML. The same text for the same interface.
 * @throws InvalidInterfaceError if a schema of another library cannot describe itself.
 */
export function printHtml(given: Interface): string {
  const outline = outlineOf(given);
  const examples = examplesOf(given);
  const { name, version } = outline;
  const title = escaped(`${name} ${version}`);
  return [
    '<!doctype html>',
    '<html lang="en">',
    ...headOf(title, summaryOf(outline.doc)),
    '<body>',
    '<input type="checkbox" id="menu" class="hidden" aria-label="Contents">',
    ...barOf(outline),
    '<div class="page">',
    navigation(outline),
    '<main>',
    `<h1>${escaped(name).replaceAll('.', '.<wbr>')}</h1>`,
    `<div class="facts"><span>version <code>${escaped(version)}</code></span><span>hash <code title="${outline.hash}">${outline.hash.slice(0, 12)}</code></span></div>`,
    `<div class="intro">${proseHtml(outline.doc)}</div>`,
    connection(examples.connecting),
    section('Methods', 'methods', outline.methods, (member) =>
      entry(member, examples.of(member.name)),
    ),
    section('Properties', 'properties', outline.properties, (member) =>
      entry(member, examples.of(member.name)),
    ),
    section('Signals', 'signals', outline.signals, (member) =>
      entry(member, examples.of(member.name)),
    ),
    section('Types', 'types', outline.types, typeEntry),
    '</main>',
    '</div>',
    '</body>',
    '</html>',
    '',
  ]
    .filter((part, index, all) => part !== '' || index === all.length - 1)
    .join('\n');
}

function headOf(title: string, summary: string): string[] {
  const hash = createHash('sha256').update(pageStyle).digest('base64');
  const policy = `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`;
  return [
    '<head>',
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${policy}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="color-scheme" content="light dark">',
    '<meta name="referrer" content="no-referrer">',
    ...(summary === '' ? [] : [`<meta name="description" content="${escaped(summary)}">`]),
    `<title>${title}</title>`,
    `<style>${pageStyle}</style>`,
    '</head>',
  ];
}

function barOf({ name, version }: Outline): string[] {
  const choices = exampleLanguages.map(
    ({ id, title }, index) =>
      `<input type="radio" name="language" id="lang-${id}" class="hidden"${index === 0 ? ' checked' : ''}><label for="lang-${id}">${title}</label>`,
  );
  return [
    '<header class="bar">',
    `<a class="title" href="#">${escaped(name)}</a><span class="version">${escaped(version)}</span>`,
    '<label class="menu" for="menu">Contents</label>',
    `<div class="languages" role="radiogroup" aria-label="Language of the examples">${choices.join('')}</div>`,
    '</header>',
  ];
}

function navigation({ methods, properties, signals, types }: Outline): string {
  const list = (title: string, entries: readonly { readonly name: string }[], prefix = '') =>
    entries.length === 0
      ? ''
      : `<h2>${title}</h2><ul>${entries.map(({ name }) => `<li><a href="#${prefix}${name}">${name}</a></li>`).join('')}</ul>`;
  return [
    '<nav aria-label="Contents">',
    list('Methods', methods),
    list('Properties', properties),
    list('Signals', signals),
    list('Types', types, 'type-'),
    '</nav>',
  ].join('');
}

function section<T>(
  title: string,
  id: string,
  entries: readonly T[],
  write: (entry: T) => string,
): string {
  if (entries.length === 0) return '';
  return [
    `<section id="section-${id}">`,
    `<h2>${title}</h2>`,
    ...entries.map(write),
    '</section>',
  ].join('\n');
}

function connection(examples: readonly Example[]): string {
  return [
    '<section id="section-connecting">',
    '<h2>Connecting</h2>',
    '<article class="entry">',
    '<div><p>A program names the bus that the service is on. A call waits until a server is there, and ends when its server dies.</p></div>',
    panel(examples),
    '</article>',
    '</section>',
  ].join('\n');
}

function entry(member: MemberOutline, examples: readonly Example[]): string {
  const { kind, name, doc, messageType, messageTypeId, isIdempotent, isWritable } = member;
  const notes = [
    ...(isIdempotent ? [badge('note', 'idempotent')] : []),
    ...(isWritable ? [badge('note', 'read and write')] : []),
    ...(member.stream === undefined && member.input === undefined ? [] : [badge('note', 'stream')]),
  ];
  return [
    `<article class="entry" id="${name}">`,
    '<div>',
    `<h3><a href="#${name}">${name}</a>${badge(kind, kind)}${notes.join('')}</h3>`,
    signature(member),
    proseHtml(doc),
    ...partsOf(member),
    `<p class="wire">Message type <code>${escaped(messageType)}</code>, <code>${messageTypeId}</code></p>`,
    '</div>',
    panel(examples),
    '</article>',
  ]
    .filter((part) => part !== '')
    .join('\n');
}

function badge(style: string, text: string): string {
  return `<span class="badge ${style}">${text}</span>`;
}

/** A member in one line, as a declaration. */
function signature({ kind, args, returns, stream, input, errors }: MemberOutline): string {
  if (kind === 'property') return `<p class="signature">${shortType(returns)}</p>`;
  const data =
    kind === 'signal'
      ? shortArgs(args)
      : [shortArgs(args), streamed('…', input)].filter((part) => part !== '').join(', ');
  const result = [streamed('stream of ', stream), shortType(returns)]
    .filter((part) => part !== '')
    .join(', then ');
  const failures = errors.map(({ code }) => escaped(code)).join(', ');
  return `<p class="signature">(${data})${result === '' ? '' : ` → ${result}`}${failures === '' ? '' : ` or ${failures}`}</p>`;
}

function streamed(word: string, part: PartOutline | undefined): string {
  return part === undefined ? '' : `${word}${shortType(part)}`;
}

function shortArgs(part: PartOutline | undefined): string {
  if (part === undefined) return '';
  if (part.type !== undefined) return typeHtml(part.type);
  return part.fields
    .filter(({ name }) => !/[.[{]/.test(name))
    .map(({ name, isOptional }) => `${escaped(name)}${isOptional ? '?' : ''}`)
    .join(', ');
}

function shortType(part: PartOutline | undefined): string {
  if (part === undefined) return '';
  return part.type === undefined ? `{ ${shortArgs(part)} }` : typeHtml(part.type);
}

function partsOf({ kind, args, returns, stream, input, errors }: MemberOutline): string[] {
  return [
    part(kind === 'signal' ? 'Data' : 'Arguments', args),
    part('Input, item by item', input),
    part('Stream, item by item', stream),
    part(kind === 'property' ? 'Value' : 'Result', returns),
    ...errors.map((error) => part(`Error ${error.code}`, error, true)),
  ];
}

/** A part with its fields; one that is a type and nothing else is in the signature already. */
function part(title: string, given: PartOutline | undefined, isAlways = false): string {
  if (given === undefined) return '';
  const { type, fields, doc } = given;
  const isShown = isAlways || fields.length > 0 || doc !== undefined;
  if (!isShown) return '';
  const shown = type !== undefined ? typeHtml(type) : fields.length === 0 ? 'without data' : '';
  const named = shown === '' ? '' : ` <span class="type">${shown}</span>`;
  return [`<h4>${escaped(title)}${named}</h4>`, proseHtml(doc), fieldList(fields)]
    .filter((text) => text !== '')
    .join('\n');
}

function fieldList(fields: readonly FieldLine[]): string {
  if (fields.length === 0) return '';
  return `<ul class="fields">${fields.map(field).join('')}</ul>`;
}

function field({ name, type, isOptional, fallback, doc }: FieldLine): string {
  const note =
    fallback !== undefined
      ? ` <span class="note">default <code>${escaped(fallback)}</code></span>`
      : isOptional
        ? ' <span class="note">optional</span>'
        : '';
  const docs = doc === undefined ? '' : `<div class="doc">${cellHtml(doc)}</div>`;
  return `<li><code class="name">${escaped(name)}</code> <span class="type">${typeHtml(type)}</span>${note}${docs}</li>`;
}

function typeHtml(words: TypeWords): string {
  return words
    .map((word) =>
      typeof word === 'string' ? escaped(word) : `<a href="#type-${word.type}">${word.type}</a>`,
    )
    .join('');
}

function typeEntry({ name, kind, doc, fields, values }: TypeOutline): string {
  const list = values.map((value) => `<li>${escaped(value)}</li>`).join('');
  return [
    `<article class="entry plain" id="type-${name}">`,
    `<h3><a href="#type-${name}">${name}</a>${badge(kind, kind)}</h3>`,
    proseHtml(doc),
    kind === 'enum' ? `<ul class="values">${list}</ul>` : fieldList(fields),
    '</article>',
  ]
    .filter((text) => text !== '')
    .join('\n');
}

function panel(examples: readonly Example[]): string {
  const tabs = exampleLanguages.map(({ id, title }) => `<label for="lang-${id}">${title}</label>`);
  const codes = examples.map(
    ({ language, code }) =>
      `<pre class="${language}"><code>${highlighted(code, language)}</code></pre>`,
  );
  return `<div class="example"><div class="tabs" aria-hidden="true">${tabs.join('')}</div>${codes.join('')}</div>`;
}
