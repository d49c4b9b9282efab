// Tests that are not run somewhere, each pattern of titles with its reason.

/** What tells ava to leave them out. */
export function withoutTests(notRun) {
  const titles = Object.keys(notRun);
  return titles.length === 0 ? [] : ['--match=*', ...titles.map((title) => `--match=!${title}`)];
}

/** Says what is left out, and why. */
export function tellLeftOut(where, notRun) {
  console.log(`Not run ${where}:`);
  for (const [tests, reason] of Object.entries(notRun)) console.log(`  ${tests}: ${reason}`);
}
