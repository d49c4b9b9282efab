// Errors, for other folders and the package's users.
export { BusError, type BusErrorFacts, type DeliveryFailure } from './bus-error.js';
export { abortedError, errorFromStatus, type StatusFacts } from './error-from-status.js';
export { type BusErrorCode, type ErrorListEntry, type ErrorName, errorList } from './error-list.js';
export { codeOf, okStatus, statusOf, statusOfCode } from './error-lookup.js';
export * from './errors.js';
