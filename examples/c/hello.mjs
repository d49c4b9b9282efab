// Answers hello.c from Node: node examples/c/hello.mjs [bus]. Runs until it is interrupted.
import { join, messageBox, text } from 'busbar';

const box = messageBox({ Text: text });
const endpoint = await join(process.argv[2] ?? 'com.example.hello', {
  label: 'node',
  messages: box,
});
process.once('SIGINT', () => endpoint.close());
process.once('SIGTERM', () => endpoint.close());
console.log('waiting for hellos');
for await (const message of endpoint) {
  console.log(`${message.from.label[0]}: ${message.payload}`);
  message.reply(box.Text(`hello ${message.from.label[0]}, this is Node ${process.version}`));
}
