// Every refusal is a BusError with a stable code, and with its facts as fields.
import { BusError, join, NoRecipientError } from 'busbar';

const endpoint = await join(`errors-${process.pid}`, { label: 'me', maxMessageBytes: 1000 });

function attempt(what, action) {
  try {
    action();
  } catch (error) {
    if (!(error instanceof BusError)) throw error;
    console.log(`${what}: ${error.code}`);
    return error;
  }
}

const nobody = attempt('nobody has this label', () => endpoint.send('you', 1));
console.log(nobody instanceof NoRecipientError);

const tooLarge = attempt('too large', () => endpoint.send('me', 'x'.repeat(2000)));
console.log(tooLarge.message);

const misspelt = attempt('misspelt', () => endpoint.send('me', 1, { tll: 1000 }));
console.log(misspelt.message);

// Calls that return a promise reject, even for wrong arguments.
await endpoint.recv({ timeout: 0 }).catch((error) => console.log(`too late: ${error.code}`));
const waiting = endpoint.recv().catch((error) => console.log(`meanwhile: ${error.code}`));
await endpoint.close();
await waiting;
