// A table as a Mermaid graph: senders on the left, routes in the middle, receivers on the right.
import type { RouteRow } from './types.js';

/** The text of a Mermaid flow chart. */
export function mermaidOf(rows: readonly RouteRow[], label: readonly string[]): string {
  const lines = ['flowchart LR'];
  const ids = new Map<string, string>();
  const node = (kind: string, text: string, open: string, close: string) => {
    const known = ids.get(`${kind} ${text}`);
    if (known !== undefined) return known;
    const id = `n${ids.size + 1}`;
    ids.set(`${kind} ${text}`, id);
    lines.push(`  ${id}${open}"${escaped(text)}"${close}`);
    return id;
  };
  const own = label.length === 0 ? 'this table' : label.join(', ');
  const receivers = (to: string) => node('peers', to, '([', '])');
  for (const { name, type, from, mode, to } of rows) {
    if (mode === 'emit') {
      if (to === undefined) continue;
      lines.push(`  ${node('table', own, '[[', ']]')} -->|"${escaped(type)}"| ${receivers(to)}`);
      continue;
    }
    const route = node('route', name, '[', ']');
    const sender = receivers(from ?? (mode === 'call' ? 'callers' : 'anyone'));
    lines.push(`  ${sender} -->|"${escaped(type)}"| ${route}`);
    if (to !== undefined) lines.push(`  ${route} -->|"${escaped(type)}"| ${receivers(to)}`);
  }
  return `${lines.join('\n')}\n`;
}

// Mermaid takes entities within quotes.
function escaped(text: string): string {
  return text.replace(/[#"<>&|]/g, (character) => `#${character.charCodeAt(0)};`);
}
