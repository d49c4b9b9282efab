// An interface that has something of everything, for tests of documents.
import { type Interface, parseYaml } from 'busbar/interface';

/** As a file. */
export const thermostatYaml = `
interface: com.example.thermostat
version: '1.2'
doc: Keeps a room warm.
types:
  Mode: { doc: What it does., enum: [heat, cool, 'off'] }
  Sample: { doc: One measurement., struct: { at: time, celsius: { doc: A mean., type: f64 } } }
  Room: { struct: { name: string, neighbours: list<Room> } }
methods:
  setTarget:
    doc: Sets the temperature to reach.
    args: { celsius: f64, mode: { type: Mode, default: heat }, until: time? }
    returns: bool
    errors: { OutOfRange: { doc: Not here., struct: { min: f64, max: f64 } }, Locked: {} }
    idempotent: true
  history: { args: { since: time? }, stream: Sample }
  import: { input: Sample, returns: u64 }
  plan:
    args: { week: { list: { struct: { day: u8, hours: { doc: 24 of them., type: list<f64> } } } } }
    returns: { accepted: bool }
  snapshot: { returns: { frame: region, lock: object } }
  rooms: { returns: list<Room> }
  reset: {}
properties:
  target: { doc: The temperature to reach., type: f64, access: read-write }
  mode: { type: { doc: The present one., type: Mode } }
signals:
  overheated: { doc: Too warm., struct: { celsius: f64, sample: Sample } }
  restarted: {}
`;

/** As a value. */
export const thermostat: Interface = await parseYaml(thermostatYaml);
