// Reads the HTML of a page strictly: every tag, every attribute in quotes, everything closed.

/** An element as it begins. */
export interface Element {
  readonly tag: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** The text up to the next tag. */
  readonly text: string;
}

const empty = new Set(['meta', 'input', 'wbr']);
const part =
  /<!doctype html>|<(\/?)([a-z][a-z0-9]*)((?: [a-z-]+(?:="[^"<>]*")?)*)>|([^<]+)|([\s\S])/g;

/** The elements of a page in order. @throws Error at anything that is not well formed. */
export function elementsOf(html: string): Element[] {
  const elements: { tag: string; attributes: Record<string, string>; text: string }[] = [];
  const open: string[] = [];
  for (const [whole, slash, tag, attributes = '', text, stray] of html.matchAll(part)) {
    if (stray !== undefined) throw new Error(`stray ${stray} behind ${open.join(' > ')}`);
    if (text !== undefined) {
      // A style sheet has no entities.
      if (open.at(-1) !== 'style' && /&(?!(?:amp|lt|gt|quot|#39);)/.test(text)) {
        throw new Error(`bare & in ${text}`);
      }
      const last = elements.at(-1);
      if (last !== undefined) last.text += text;
    } else if (tag === undefined) {
      if (whole !== '<!doctype html>') throw new Error(whole);
    } else if (slash === '/') {
      const closed = open.pop();
      if (closed !== tag) throw new Error(`</${tag}> closes <${closed}>`);
    } else {
      const pairs = [...attributes.matchAll(/ ([a-z-]+)(?:="([^"]*)")?/g)];
      elements.push({
        tag,
        attributes: Object.fromEntries(pairs.map(([, name = '', value = '']) => [name, value])),
        text: '',
      });
      if (!empty.has(tag)) open.push(tag);
    }
  }
  if (open.length > 0) throw new Error(`open at the end: ${open.join(' > ')}`);
  return elements;
}

/** A text of HTML as a reader sees it. */
export function unescaped(html: string): string {
  return html
    .replace(/<[^>]*>/g, '')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&');
}

/** The examples of one language, as a reader sees them. */
export function examplesIn(html: string, language: string): string[] {
  const pattern = new RegExp(`<pre class="${language}"><code>(.*?)</code></pre>`, 'gs');
  return [...html.matchAll(pattern)].map(([, code = '']) => unescaped(code));
}
