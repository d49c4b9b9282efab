// HTML from texts that nobody has checked.
import { type Block, blocksOf, harmless, type Span } from './prose.js';

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** A text as it stands in HTML, also within an attribute. */
export function escaped(text: string): string {
  return harmless(text).replace(/[&<>"']/g, (character) => entities[character] ?? '');
}

/** A documentation as blocks of HTML; nothing for none. */
export function proseHtml(doc: string | undefined): string {
  return doc === undefined ? '' : blocksOf(doc).map(blockHtml).join('\n');
}

/** A documentation within a cell of a table: its blocks one behind the other. */
export function cellHtml(doc: string | undefined): string {
  if (doc === undefined) return '';
  const blocks = blocksOf(doc);
  const [only] = blocks;
  if (blocks.length === 1 && only?.kind === 'paragraph') return spansHtml(only.spans);
  return blocks.map(blockHtml).join('');
}

function blockHtml(block: Block): string {
  switch (block.kind) {
    case 'code':
      return `<pre class="quoted"><code>${escaped(block.text)}</code></pre>`;
    case 'list': {
      const tag = block.isOrdered ? 'ol' : 'ul';
      const items = block.items.map((spans) => `<li>${spansHtml(spans)}</li>`);
      return `<${tag}>${items.join('')}</${tag}>`;
    }
    case 'heading':
      return `<p><strong>${spansHtml(block.spans)}</strong></p>`;
    default:
      return `<p>${spansHtml(block.spans)}</p>`;
  }
}

function spansHtml(spans: readonly Span[]): string {
  return spans.map(spanHtml).join('');
}

function spanHtml(span: Span): string {
  switch (span.kind) {
    case 'code':
      return `<code>${escaped(span.text)}</code>`;
    case 'strong':
      return `<strong>${spansHtml(span.spans)}</strong>`;
    case 'emphasis':
      return `<em>${spansHtml(span.spans)}</em>`;
    case 'link':
      return `<a href="${escaped(span.target)}" rel="noreferrer">${spansHtml(span.spans)}</a>`;
    default:
      return escaped(span.text);
  }
}

/** The first sentence of a documentation, as plain text. */
export function summaryOf(doc: string | undefined): string {
  const [first] = doc === undefined ? [] : blocksOf(doc);
  if (first === undefined || !('spans' in first)) return '';
  const text = plain(first.spans);
  return /^.*?[.!?](?=\s|$)/.exec(text)?.[0] ?? text;
}

function plain(spans: readonly Span[]): string {
  return spans.map((span) => ('spans' in span ? plain(span.spans) : span.text)).join('');
}
