// Colours for the examples of the page: each token in a span with its class.
import { escaped } from './html-text.js';

/** The languages of examples. */
export type ExampleLanguage = 'ts' | 'cpp' | 'python' | 'shell';

const words = {
  ts: 'import|from|const|await|for|of|try|catch|if|new|async|true|false|null',
  cpp: 'auto|const|for|if|return|using|namespace|true|false|int|bool|double|void|try|catch|struct',
  python: 'import|from|async|await|for|in|with|as|try|except|if|def|return|True|False|None|print',
  shell: 'busbar|npx',
} as const satisfies Readonly<Record<ExampleLanguage, string>>;

const comments = { ts: '//.*', cpp: '//.*|#include', python: '#.*', shell: '#.*' } as const;

const patterns = new Map<ExampleLanguage, RegExp>();

function patternOf(language: ExampleLanguage): RegExp {
  const known = patterns.get(language);
  if (known !== undefined) return known;
  const parts = [
    `(?<c>${comments[language]})`,
    `(?<s>'(?:\\\\.|[^'\\\\\\n])*'|"(?:\\\\.|[^"\\\\\\n])*")`,
    `(?<k>\\b(?:${words[language]})\\b)`,
    '(?<n>\\b\\d[\\w.]*)',
    '(?<t>\\b[A-Z]\\w*)',
    '(?<o>(?<=\\s)--?[a-z][\\w-]*)',
  ];
  const pattern = new RegExp(parts.join('|'), 'g');
  patterns.set(language, pattern);
  return pattern;
}

/** Code as HTML. */
export function highlighted(code: string, language: ExampleLanguage): string {
  let html = '';
  let end = 0;
  for (const found of code.matchAll(patternOf(language))) {
    const [token] = found;
    const [name] = Object.entries(found.groups ?? {}).find(([, text]) => text !== undefined) ?? [];
    html += escaped(code.slice(end, found.index));
    html += `<i class="${name}">${escaped(token)}</i>`;
    end = found.index + token.length;
  }
  return html + escaped(code.slice(end));
}
