// Names of interfaces, and of files that describe one.

/** Whether a name is that of a file that `loadInterface` reads, and not of an interface. */
export function isInterfaceFile(name: string): boolean {
  return /\.(?:ya?ml|ts|json)$/.test(name);
}
