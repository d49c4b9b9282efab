// Documentation texts: the part of Markdown that is used in comments. Paragraphs, lists, headings,
// code, emphasis and links; everything else is plain text. A text may come from a peer, so nothing
// in it is taken for HTML, and its characters that a terminal would obey are dropped.

/** A piece of a line. */
export type Span =
  | { readonly kind: 'text' | 'code'; readonly text: string }
  | { readonly kind: 'strong' | 'emphasis'; readonly spans: readonly Span[] }
  | { readonly kind: 'link'; readonly spans: readonly Span[]; readonly target: string };

/** A block of lines. */
export type Block =
  | { readonly kind: 'paragraph' | 'heading'; readonly spans: readonly Span[] }
  | { readonly kind: 'code'; readonly text: string }
  | {
      readonly kind: 'list';
      readonly isOrdered: boolean;
      readonly items: readonly (readonly Span[])[];
    };

const fence = /^ {0,3}(`{3,}|~{3,})/;
const heading = /^#{1,6} +/;
const bullet = /^ {0,3}[-*+] +(?=\S)/;
const numbered = /^ {0,3}\d{1,9}[.)] +(?=\S)/;

/** A text without characters that change what a terminal or an editor shows. */
export function harmless(text: string): string {
  return text
    .replace(/\r\n?/g, '\n')
    .replace(/[^\P{Cc}\n\t]|[\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu, '');
}

/** The blocks of a text. */
export function blocksOf(text: string): Block[] {
  const lines = harmless(text).split('\n');
  const blocks: Block[] = [];
  for (let at = 0; at < lines.length; ) {
    const line = lines[at] ?? '';
    const marker = bullet.test(line) ? bullet : numbered.test(line) ? numbered : undefined;
    const start = at;
    if (line.trim() === '') {
      at += 1;
    } else if (fence.test(line)) {
      const close = endOfCode(lines, at);
      const inner = lines.slice(start + 1, close);
      at = close + 1;
      blocks.push({ kind: 'code', text: inner.join('\n') });
    } else if (heading.test(line)) {
      at += 1;
      blocks.push({ kind: 'heading', spans: spansOf(line.replace(heading, '')) });
    } else if (marker !== undefined) {
      at = endOfText(lines, at, marker);
      const items = itemsOf(lines.slice(start, at), marker);
      blocks.push({ kind: 'list', isOrdered: marker === numbered, items: items.map(spansOf) });
    } else {
      at = endOfText(lines, at, undefined);
      blocks.push({ kind: 'paragraph', spans: spansOf(joined(lines.slice(start, at))) });
    }
  }
  return blocks;
}

/** The characters that open a block of code; `undefined` if the line opens none. */
export function fenceOf(line: string): string | undefined {
  return fence.exec(line)?.[1];
}

/** Whether a line closes a block of code that these characters have opened. */
export function closes(line: string, opening: string): boolean {
  const mark = line.trim();
  return (
    fence.test(line) && mark.startsWith(opening) && mark === opening.charAt(0).repeat(mark.length)
  );
}

/** Where the closing fence is, or the end of the text. */
function endOfCode(lines: readonly string[], start: number): number {
  const opening = fenceOf(lines[start] ?? '') ?? '';
  const close = lines.findIndex((line, index) => index > start && closes(line, opening));
  return close < 0 ? lines.length : close;
}

/** Behind the last line of a paragraph, or of a list with this marker. */
function endOfText(lines: readonly string[], start: number, marker: RegExp | undefined): number {
  const others = [fence, heading, bullet, numbered].filter((each) => each !== marker);
  let at = start + 1;
  while (at < lines.length) {
    const line = lines[at] ?? '';
    if (line.trim() === '' || others.some((each) => each.test(line))) break;
    at += 1;
  }
  return at;
}

function itemsOf(lines: readonly string[], marker: RegExp): string[] {
  const items: string[][] = [];
  for (const line of lines) {
    if (marker.test(line)) items.push([line.replace(marker, '')]);
    else items.at(-1)?.push(line);
  }
  return items.map(joined);
}

function joined(lines: readonly string[]): string {
  return lines.map((line) => line.trim()).join(' ');
}

// Each alternative begins with its own character and cannot overlap itself, so that a hostile text
// costs no more than its length.
const inline =
  /`([^`]+)`|\*\*([^*]+)\*\*|\*([^*\s][^*]*)\*|(?<![A-Za-z0-9])_([^_\s][^_]*)_(?![A-Za-z0-9])|\[([^\][]+)\]\((https?:\/\/[^\s()<>]+)\)|<?(https?:\/\/[^\s<>()[\]`*]+[^\s<>()[\]`*.,:;!?'"])>?/g;

/** The pieces of a line. */
export function spansOf(line: string): Span[] {
  const spans: Span[] = [];
  let end = 0;
  for (const found of line.matchAll(inline)) {
    if (found.index > end) spans.push({ kind: 'text', text: line.slice(end, found.index) });
    spans.push(spanOf(found));
    end = found.index + found[0].length;
  }
  if (end < line.length) spans.push({ kind: 'text', text: line.slice(end) });
  return spans;
}

function spanOf(found: RegExpMatchArray): Span {
  const [, code, strong, starred, underlined, label, target, bare = ''] = found;
  if (code !== undefined) return { kind: 'code', text: code };
  if (strong !== undefined) return { kind: 'strong', spans: spansOf(strong) };
  const emphasis = starred ?? underlined;
  if (emphasis !== undefined) return { kind: 'emphasis', spans: spansOf(emphasis) };
  if (label !== undefined && target !== undefined) {
    return { kind: 'link', spans: [{ kind: 'text', text: label }], target };
  }
  return { kind: 'link', spans: [{ kind: 'text', text: bare }], target: bare };
}
