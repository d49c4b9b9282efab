// Tests that are not run in some place: a pattern of titles and the reason for each.

/** The arguments with which ava leaves them out. */
export function withoutTests(notRun) {
  const titles = Object.keys(notRun);
  return titles.length === 0 ? [] : ['--match=*', ...titles.map((title) => `--match=!${title}`)];
}

/** Prints what is left out, and why. */
export function tellLeftOut(where, notRun) {
  console.log(`Not run ${where}:`);
  for (const [tests, reason] of Object.entries(notRun)) console.log(`  ${tests}: ${reason}`);
}
