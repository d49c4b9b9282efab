// The style of the page. It is within the page, which loads nothing; its hash is in the page's
// content security policy.

/** The style sheet, as it stands in the page. */
export const pageStyle = `
:root {
  color-scheme: light dark;
  --paper: #ffffff;
  --panel: #f6f7f9;
  --line: #e3e6ea;
  --ink: #1d2127;
  --soft: #5b6470;
  --accent: #0a5fc2;
  --method: #0a5fc2;
  --property: #0d7a4f;
  --signal: #b4500b;
  --struct: #6d3fc0;
  --comment: #6a737d;
  --string: #0b6b57;
  --number: #a3410a;
  --keyword: #8b2fa8;
  --type: #0a5fc2;
  --mono: ui-monospace, SFMono-Regular, "SF Mono", Menlo, Consolas, "Liberation Mono", monospace;
  --sans: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  --bar: 3.5rem;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14171b;
    --panel: #1c2026;
    --line: #2c323a;
    --ink: #e4e7eb;
    --soft: #98a2ae;
    --accent: #6cb2ff;
    --method: #6cb2ff;
    --property: #5fce9c;
    --signal: #f0a05c;
    --struct: #b79bff;
    --comment: #7d8894;
    --string: #7fd6bd;
    --number: #f0a878;
    --keyword: #d99af0;
    --type: #86c1ff;
  }
}
* { box-sizing: border-box; }
html { scroll-padding-top: calc(var(--bar) + 1.5rem); -webkit-text-size-adjust: 100%; }
body {
  margin: 0;
  background: var(--paper);
  color: var(--ink);
  font: 16px/1.6 var(--sans);
  overflow-wrap: break-word;
}
a { color: var(--accent); text-decoration: none; }
a:hover { text-decoration: underline; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 4px; }
code, pre { font-family: var(--mono); font-size: .875em; }
p, ul, ol { margin: .6rem 0; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }

.bar {
  position: sticky; top: 0; z-index: 2;
  display: flex; align-items: center; gap: .75rem;
  min-height: var(--bar); padding: .4rem 1.5rem;
  background: var(--paper); border-bottom: 1px solid var(--line);
}
.bar .title { font-weight: 600; color: var(--ink); white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.version {
  padding: .05rem .5rem; border: 1px solid var(--line); border-radius: 1rem;
  color: var(--soft); font-size: .8rem; white-space: nowrap;
}
.languages { display: none; margin: 0 0 0 auto; padding: 2px; border: 1px solid var(--line); border-radius: .6rem; background: var(--panel); }
.languages label, .tabs label { cursor: pointer; color: var(--soft); font-size: .8rem; white-space: nowrap; }
.languages label { padding: .2rem .7rem; border-radius: .45rem; }
.menu { display: none; }

.page { display: grid; grid-template-columns: 15rem minmax(0, 1fr); max-width: 92rem; margin: 0 auto; }
nav {
  position: sticky; top: var(--bar); align-self: start;
  max-height: calc(100vh - var(--bar)); overflow-y: auto;
  padding: 1.5rem .5rem 3rem 1.5rem;
}
nav h2 { margin: 1.4rem 0 .3rem; font-size: .72rem; letter-spacing: .08em; text-transform: uppercase; color: var(--soft); }
nav h2:first-child { margin-top: 0; }
nav ul { list-style: none; margin: 0; padding: 0; }
nav a { display: block; padding: .15rem .5rem .15rem 0; color: var(--ink); font: .84rem/1.5 var(--mono); overflow: hidden; text-overflow: ellipsis; }
nav a:hover { color: var(--accent); text-decoration: none; }

main { padding: 2rem 2.5rem 6rem; min-width: 0; border-left: 1px solid var(--line); }
h1 { margin: 0; font-size: 1.9rem; line-height: 1.25; letter-spacing: -.015em; }
main > section > h2 {
  margin: 3.5rem 0 0; padding-bottom: .5rem; border-bottom: 1px solid var(--line);
  font-size: 1.25rem; letter-spacing: -.01em;
}
.facts { display: flex; flex-wrap: wrap; gap: .2rem 1.4rem; margin: .5rem 0 1.2rem; color: var(--soft); font-size: .85rem; }
.facts code { color: var(--ink); }
.intro { max-width: 46rem; font-size: 1.05rem; }

.entry { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 30rem); gap: 1rem 2.5rem; padding: 2rem 0; border-bottom: 1px solid var(--line); content-visibility: auto; contain-intrinsic-size: auto 22rem; }
.entry.plain { display: block; }
.entry:last-child { border-bottom: 0; }
.entry h3 { display: flex; align-items: baseline; gap: .6rem; flex-wrap: wrap; margin: 0; font: 600 1.05rem/1.5 var(--mono); }
.entry h3 a { color: var(--ink); }
.entry:target h3 a { color: var(--accent); }
.badge { font: 600 .68rem/1.6 var(--sans); letter-spacing: .04em; padding: 0 .45rem; border-radius: .3rem; border: 1px solid currentColor; }
.badge.method { color: var(--method); }
.badge.property { color: var(--property); }
.badge.signal { color: var(--signal); }
.badge.struct, .badge.enum { color: var(--struct); }
.badge.note { color: var(--soft); font-weight: 500; }
.signature { margin: .4rem 0 .2rem; color: var(--soft); font: .85rem/1.6 var(--mono); }
.entry h4 { margin: 1.3rem 0 .2rem; font-size: .8rem; font-weight: 600; color: var(--soft); }
.fields { list-style: none; margin: 0; padding: 0; }
.fields > li { padding: .55rem 0; border-top: 1px solid var(--line); }
.fields > li:first-child { border-top: 0; }
.fields .name { font-weight: 600; }
.fields .type, .type { color: var(--soft); font-family: var(--mono); font-size: .84em; }
.type a, .signature a { color: var(--struct); }
.fields .note { color: var(--soft); font-size: .8rem; }
.fields .doc { margin: .15rem 0 0; font-size: .93rem; }
.fields .doc p { margin: .2rem 0; }
.values { display: flex; flex-wrap: wrap; gap: .4rem; list-style: none; margin: .8rem 0 0; padding: 0; }
.values li { padding: .1rem .5rem; border: 1px solid var(--line); border-radius: .4rem; background: var(--panel); font: .84rem/1.5 var(--mono); }
.wire { margin-top: 1.2rem; color: var(--soft); font-size: .8rem; }
.wire code { font-size: .95em; }

.example { align-self: start; position: sticky; top: calc(var(--bar) + 1rem); min-width: 0; border: 1px solid var(--line); border-radius: .7rem; background: var(--panel); overflow: hidden; }
.tabs { display: none; gap: .2rem; padding: .35rem .5rem 0; border-bottom: 1px solid var(--line); }
.tabs label { padding: .2rem .55rem .4rem; border-bottom: 2px solid transparent; }
.tabs label:hover { color: var(--ink); }
pre { margin: 0; padding: .9rem 1rem; overflow-x: auto; font-size: .82rem; line-height: 1.6; tab-size: 2; }
pre + pre { border-top: 1px solid var(--line); }
pre.quoted { border: 1px solid var(--line); border-radius: .5rem; background: var(--panel); }
pre i { font-style: normal; }
pre .c { color: var(--comment); }
pre .s { color: var(--string); }
pre .n, pre .o { color: var(--number); }
pre .k { color: var(--keyword); }
pre .t { color: var(--type); }
footer { color: var(--soft); font-size: .8rem; padding: 2rem 2.5rem; border-top: 1px solid var(--line); }

@supports selector(:has(*)) {
  .languages, .tabs { display: flex; }
  .example pre { display: none; }
  pre + pre { border-top: 0; }
  :root:has(#lang-ts:checked) pre.ts,
  :root:has(#lang-cpp:checked) pre.cpp,
  :root:has(#lang-python:checked) pre.python,
  :root:has(#lang-shell:checked) pre.shell { display: block; }
  :root:has(#lang-ts:checked) [for="lang-ts"],
  :root:has(#lang-cpp:checked) [for="lang-cpp"],
  :root:has(#lang-python:checked) [for="lang-python"],
  :root:has(#lang-shell:checked) [for="lang-shell"] { color: var(--ink); }
  .languages label:has(:checked), .languages :checked + label { background: var(--paper); box-shadow: 0 0 0 1px var(--line); }
  :root:has(#lang-ts:checked) .tabs [for="lang-ts"],
  :root:has(#lang-cpp:checked) .tabs [for="lang-cpp"],
  :root:has(#lang-python:checked) .tabs [for="lang-python"],
  :root:has(#lang-shell:checked) .tabs [for="lang-shell"] { border-bottom-color: var(--accent); }
  .languages :focus-visible + label { outline: 2px solid var(--accent); }
}

@media (max-width: 80rem) {
  .entry { grid-template-columns: minmax(0, 1fr); }
  .example { position: static; }
}
@media (max-width: 52rem) {
  body { font-size: 15px; }
  .bar { flex-wrap: wrap; padding: .5rem 1rem; gap: .4rem .6rem; }
  .languages { margin-left: 0; width: 100%; justify-content: space-between; order: 3; }
  .languages label { flex: 1; padding: .2rem .3rem; text-align: center; }
  html { scroll-padding-top: 7rem; }
  .page { display: block; }
  .menu { display: block; margin-left: auto; padding: .1rem .6rem; border: 1px solid var(--line); border-radius: .45rem; color: var(--soft); font-size: .8rem; cursor: pointer; }
  nav { display: none; position: static; max-height: none; border: 0; border-bottom: 1px solid var(--line); padding: 1rem 1rem 1.5rem; background: var(--panel); }
  #menu:checked ~ .page nav { display: block; }
  #menu:focus-visible ~ .bar .menu { outline: 2px solid var(--accent); }
  main { padding: 1.5rem 1rem 4rem; border: 0; }
  h1 { font-size: 1.45rem; }
  footer { padding: 1.5rem 1rem; }
}
@media print {
  .bar, nav, .tabs { display: none; }
  .page, .entry { display: block; }
  .entry { break-inside: avoid; }
}
`;
