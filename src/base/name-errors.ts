// Names of error classes, as the bus and the layers give them.

/**
 * Sets the `name` that the errors of a class show. It is given, not read from the class, which a
 * bundler may rename.
 */
export function nameErrors(errors: { readonly prototype: Error }, name: string): void {
  // On the prototype, as for built-in errors: logs print all own properties.
  Object.defineProperty(errors.prototype, 'name', {
    value: name,
    writable: true,
    configurable: true,
  });
}
