// How a quick way is left; see packing.ts.

/** Thrown for a value that must go the other way. Not an Error, since it is no failure. */
export const slow: { readonly way: 'slow' } = Object.freeze({ way: 'slow' });
