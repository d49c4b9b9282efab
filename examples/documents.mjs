// An interface as documents: Markdown for people, AsyncAPI for tools. printHtml() makes a page.
import { asyncApiOf, printHtml, printMarkdown } from 'busbar/documents';
import { Thermostat } from './interfaces/thermostat.mjs';

const markdown = printMarkdown(Thermostat);
console.log(markdown.slice(markdown.indexOf('### setTarget'), markdown.indexOf('### hold')));

const { operations, components } = asyncApiOf(Thermostat);
for (const [name, { action }] of Object.entries(operations)) console.log(`${action} ${name}`);
console.log(Object.keys(components.schemas).join(', '));

console.log(`the page: ${printHtml(Thermostat).length > 10_000}`);
