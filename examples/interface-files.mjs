// An interface as a file: read it, write the TypeScript of it, and ask what a change breaks.
import { diff, parseYaml, printTypeScript } from 'busbar/interface';

const before = await parseYaml(`
interface: com.example.thermostat
version: '1.2'
types:
  Mode: { enum: [heat, cool] }
methods:
  setTarget:
    doc: Sets the temperature to reach.
    args: { celsius: f64, mode: Mode? }
    returns: bool
signals:
  overheated: { celsius: f64 }
`);
console.log(printTypeScript(before));

const after = await parseYaml(`
interface: com.example.thermostat
version: '1.3'
types:
  Mode: { enum: [heat, cool, dry] }
methods:
  setTarget:
    doc: Sets the temperature to reach.
    args: { kelvin: f64, mode: Mode? }
    returns: bool
signals:
  overheated: { celsius: f64, since: time? }
`);
const { changes, version, isVersioned } = diff(before, after);
for (const { path, effect, text } of changes) console.log(`${effect}: ${path}: ${text}`);
console.log(`needs version ${version}; ${isVersioned ? 'it has it' : 'it has 1.3'}`);

try {
  await parseYaml("interface: com.example.lamp\nversion: '1.0'\nsignals:\n  lit: { by: strin }\n", {
    file: 'lamp.busbar.yaml',
  });
} catch (error) {
  console.log(error.message);
}
