// The entry `busbar/documents`: interfaces as documents for people and for other tools.
export { type AsyncApiOptions, asyncApiOf, printAsyncApi } from './async-api.js';
export { printMarkdown } from './markdown.js';
export { printHtml } from './page.js';
