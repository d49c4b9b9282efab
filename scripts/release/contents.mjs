// What the published package has in it, as a list.

/** One file of each of these at least. */
export const required = [
  'LICENSE',
  'README.md',
  'CHANGELOG.md',
  'UPGRADING.md',
  'package.json',
  'prebuilds/linux-x64/busbar.glibc.node',
  'prebuilds/linux-x64/busbar.musl.node',
  'prebuilds/linux-arm64/busbar.glibc.node',
  'prebuilds/darwin-x64+arm64/busbar.node',
  'prebuilds/win32-x64/busbar.node',
];

/** What each file's path has to look like; nothing else is published. */
export const allowed = [
  /^(?:LICENSE|README\.md|CHANGELOG\.md|UPGRADING\.md|package\.json)$/,
  /^prebuilds\/[a-z0-9+-]+\/busbar(?:\.glibc|\.musl)?\.node$/,
  /^dist\/[a-z0-9/-]+\.(?:js|d\.ts|cjs)$/,
  // Of the page: what a browser loads.
  /^dist\/[a-z0-9/-]+\.(?:html|css|svg)$/,
  /^schemas\/[a-z0-9.-]+\.json$/,
  /^wireshark\/[a-z0-9.-]+\.lua$/,
];

/** Bytes of the packed package, at most. */
export const mostPackedBytes = 6_000_000;
