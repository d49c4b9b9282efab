// The table of all commands. It loads none of them: each is loaded when it is run.
import type { Command, OptionHelp, Run } from './usage.js';
import { webCommand } from './web/command.js';

const json: OptionHelp = {
  type: 'boolean',
  help: 'print JSON, one value a line (schemas/command.json)',
};
const bus: OptionHelp = {
  type: 'string',
  value: 'NAME',
  short: 'b',
  help: 'the bus; else BUSBAR_BUS, else the only one of this user',
  completes: 'bus',
};
const tokenFile: OptionHelp = {
  type: 'string',
  value: 'FILE',
  help: 'the file with the token of the bus; else BUSBAR_TOKEN',
  completes: 'file',
};
const onBus = { bus, 'token-file': tokenFile, json } as const;
const places = {
  from: { type: 'string', value: 'PLACE', help: 'begin at a position or a time' },
  to: { type: 'string', value: 'PLACE', help: 'end before a position or a time' },
} as const satisfies Readonly<Record<string, OptionHelp>>;
const timeout: OptionHelp = { type: 'string', value: 'MS', help: 'milliseconds to wait (5000)' };
// Of the commands that call.
const toServers = {
  to: { type: 'string', value: 'SELECTOR', help: 'which of the servers', completes: 'label' },
  all: { type: 'boolean', help: 'call every server that matches' },
  timeout,
} as const satisfies Readonly<Record<string, OptionHelp>>;
// Of the commands that see messages.
const type: OptionHelp = {
  type: 'string',
  value: 'TYPE',
  short: 't',
  multiple: true,
  help: 'only messages of this type: a name, its end or a UUID; several times',
  completes: 'type',
};
const bytes: OptionHelp = {
  type: 'string',
  value: 'N',
  help: 'of each payload, at most 49152 (4096)',
};
const count: OptionHelp = { type: 'string', value: 'N', short: 'n', help: 'end after N messages' };
const seconds: OptionHelp = { type: 'string', value: 'S', help: 'end after S seconds' };
const noDescribe: OptionHelp = { type: 'boolean', help: 'ask no server what it serves' };

/** A function of a module that is loaded when it is first called. */
function lazily(load: () => Promise<Run>): Run {
  return async (args, options, output) => (await load())(args, options, output);
}

const files = () => import('./interface-files.js');

const look = 'Look at a bus';
const talk = 'Talk to its members';
const interfaceFiles = 'Interface files';
const journals = 'Journals';
const tools = 'Tools';

/** The commands by name, in the order of the help. */
export const commands: Readonly<Record<string, Command>> = {
  ls: {
    usage: 'ls [SELECTOR]',
    help: 'Lists the members of a bus, or those that match.',
    group: look,
    details: ['If the user has several buses and none was named, it lists the buses.'],
    options: {
      ...onBus,
      wide: { type: 'boolean', short: 'w', help: 'with the command line of each process' },
      buses: { type: 'boolean', help: 'list the buses of this user instead' },
    },
    arity: [0, 1],
    completes: 'label',
    run: lazily(async () => (await import('./ls.js')).ls),
  },
  top: {
    usage: 'top [SELECTOR]',
    help: 'Shows the traffic and the load of each member, again and again.',
    group: look,
    options: {
      ...onBus,
      interval: { type: 'string', value: 'SECONDS', help: 'between two pictures (1)' },
      count: { type: 'string', value: 'N', short: 'n', help: 'end after N pictures' },
    },
    arity: [0, 1],
    completes: 'label',
    run: lazily(async () => (await import('./watch/top.js')).top),
  },
  tap: {
    usage: 'tap [SELECTOR]',
    help: 'Shows messages as they go by, of the members that match.',
    group: look,
    details: [
      'Payloads are decoded by the interfaces that servers describe, else as MessagePack, JSON or',
      "text. --where compares their fields, and with $ those of the message: 'x > 3 & $bytes < 100',",
      '\'mode == "heat"\', \'name ~ "lamp"\'. Messages that this process is too slow for are counted.',
    ],
    options: {
      ...onBus,
      type,
      where: { type: 'string', value: 'EXPR', help: 'only messages for which this is true' },
      bytes,
      redact: { type: 'boolean', help: 'show what kinds of values there are, not the values' },
      count,
      seconds,
      'no-describe': noDescribe,
    },
    arity: [0, 1],
    completes: 'label',
    run: lazily(async () => (await import('./watch/tap.js')).tap),
  },
  web: webCommand(onBus, toServers.to),
  trace: {
    usage: 'trace INTERFACE.MEMBER [NAME=VALUE…]',
    help: 'Calls, and draws the calls that were made for it, over all processes.',
    group: look,
    details: [
      'It is a call as busbar call makes it. What its method calls in turn is seen if it says so: by',
      'call.client(), in a process that is traced, or by a server in C++ or Python likewise.',
    ],
    options: {
      ...onBus,
      ...toServers,
      wait: {
        type: 'string',
        value: 'MS',
        help: 'milliseconds for calls that go on after the answer (300)',
      },
      perfetto: {
        type: 'string',
        value: 'FILE',
        help: 'write the calls as trace events, for ui.perfetto.dev',
        completes: 'file',
      },
      interface: {
        type: 'string',
        value: 'FILE',
        help: 'the description, if the server has none to give',
        completes: 'file',
      },
      'no-describe': noDescribe,
    },
    arity: [1, Number.POSITIVE_INFINITY],
    completes: 'member',
    run: lazily(async () => (await import('./trace/trace.js')).trace),
  },
  capture: {
    usage: 'capture [SELECTOR] -o FILE',
    help: 'Writes messages to a file for Wireshark (pcapng).',
    group: look,
    details: [
      'Wireshark and tshark need the dissector of this package: copy the file that --dissector names',
      'into the folder of personal Lua plugins, or give it with -X lua_script:FILE.',
    ],
    options: {
      ...onBus,
      output: { type: 'string', value: 'FILE', short: 'o', help: 'to write', completes: 'file' },
      type,
      bytes,
      count,
      seconds,
      'no-describe': noDescribe,
      dissector: { type: 'boolean', help: 'print the path of the dissector, and end' },
    },
    arity: [0, 1],
    completes: 'label',
    run: lazily(async () => (await import('./capture/capture.js')).capture),
  },
  call: {
    usage: 'call INTERFACE.MEMBER [NAME=VALUE…]',
    help: 'Calls a method, or reads or sets a property.',
    group: talk,
    details: [
      'INTERFACE may be the end of its name. Arguments are NAME=VALUE or a JSON object, and checked',
      'before anything is sent. Items that a method takes are read from standard input, JSON lines.',
    ],
    options: {
      ...onBus,
      ...toServers,
      watch: { type: 'boolean', help: 'go on with each new value of the property' },
      interface: {
        type: 'string',
        value: 'FILE',
        help: 'the description, if the server has none to give',
        completes: 'file',
      },
    },
    arity: [1, Number.POSITIVE_INFINITY],
    completes: 'member',
    run: lazily(async () => (await import('./talk/call.js')).call),
  },
  send: {
    usage: 'send SELECTOR [TYPE] [NAME=VALUE…|JSON|-]',
    help: 'Sends a message to one member that matches, or to all.',
    group: talk,
    details: [
      'Without TYPE, it is for endpoints that joined without a message box. A type that a member',
      'describes, INTERFACE/MAJOR.MEMBER, has its payload checked. - reads standard input.',
    ],
    options: {
      ...onBus,
      all: { type: 'boolean', help: 'send to every member that matches' },
      reply: { type: 'boolean', help: 'wait for the reply and print it' },
      codec: { type: 'string', value: 'CODEC', help: 'messagepack, json, text or bytes' },
      timeout,
    },
    arity: [1, Number.POSITIVE_INFINITY],
    completes: 'label',
    run: lazily(async () => (await import('./talk/send.js')).send),
  },
  wire: {
    usage: 'wire FILE|INTERFACE…',
    help: 'Lets the other side of a wire call interfaces of a bus, and nothing else.',
    group: talk,
    details: [
      'The wire is standard input and output, or what --listen names. With --json a shell can speak',
      'it; the guide of wires has the lines. The other side has to know the token of',
      'BUSBAR_WIRE_TOKEN or --wire-token-file, if there is one. Bytes are not encrypted.',
    ],
    options: {
      bus,
      'token-file': tokenFile,
      json: { type: 'boolean', help: 'speak lines of JSON instead of frames' },
      listen: {
        type: 'string',
        value: 'PLACE',
        help: 'tcp:PORT, tcp:HOST:PORT, ws:PORT or unix:PATH; port 0 for a free one',
      },
      to: toServers.to,
      'wire-token-file': {
        type: 'string',
        value: 'FILE',
        help: 'the file with the token of the wire',
        completes: 'file',
      },
    },
    arity: [1, Number.POSITIVE_INFINITY],
    completes: 'file',
    run: lazily(async () => (await import('./wire/wire.js')).wire),
  },
  describe: {
    usage: 'describe FILE|INTERFACE|SELECTOR',
    help: 'Prints an interface, of a file or of a service that runs: as YAML, a document, code.',
    group: interfaceFiles,
    details: [
      'INTERFACE may be the end of its name; the bus may stand before it. With --routes it is a',
      'selector of members whose tables of handlers are inspectable.',
    ],
    options: {
      yaml: { type: 'boolean', help: 'as an interface file; the default' },
      ts: { type: 'boolean', help: 'as TypeScript' },
      markdown: { type: 'boolean', help: 'as Markdown' },
      html: { type: 'boolean', help: 'as one HTML page' },
      asyncapi: { type: 'boolean', help: 'as an AsyncAPI document' },
      routes: { type: 'boolean', help: 'the routes of handlers with their counters instead' },
      ...onBus,
      to: {
        type: 'string',
        value: 'SELECTOR',
        help: 'which of the servers to ask',
        completes: 'label',
      },
    },
    arity: [1, 2],
    completes: 'file',
    run: lazily(async () => (await import('./describe.js')).describe),
  },
  validate: {
    usage: 'validate FILE…',
    help: 'Checks interface files (.yaml, .ts, .json).',
    group: interfaceFiles,
    options: { json },
    arity: [1, Number.POSITIVE_INFINITY],
    completes: 'file',
    run: lazily(async () => (await files()).validate),
  },
  format: {
    usage: 'format FILE…',
    help: 'Brings YAML files into the one form; ends with 1 if --check finds another.',
    group: interfaceFiles,
    options: {
      check: { type: 'boolean', help: 'change nothing, name the files that would change' },
      json,
    },
    arity: [1, Number.POSITIVE_INFINITY],
    completes: 'file',
    run: lazily(async () => (await files()).format),
  },
  diff: {
    usage: 'diff OLD NEW',
    help: 'Says what a change of an interface breaks; ends with 1 if NEW lacks the version for it.',
    group: interfaceFiles,
    options: { json },
    arity: [2, 2],
    completes: 'file',
    run: lazily(async () => (await files()).difference),
  },
  generate: {
    usage: 'generate FILE… --ts|--cpp|--python',
    help: 'Writes code for interfaces: to standard output, or into a folder.',
    group: interfaceFiles,
    options: {
      ts: { type: 'boolean', help: 'TypeScript' },
      cpp: { type: 'boolean', help: 'a header of C++17, for busbar_rpc.hpp' },
      python: { type: 'boolean', help: 'Python 3.11 or newer' },
      out: {
        type: 'string',
        value: 'FOLDER',
        help: 'the folder to write into: FILE.ts, FILE.hpp, FILE.py',
      },
      watch: { type: 'boolean', help: 'write again with each change, until interrupted' },
    },
    arity: [1, Number.POSITIVE_INFINITY],
    completes: 'file',
    run: lazily(async () => (await import('./generate.js')).generate),
  },
  import: {
    usage: 'import FILE.stinger.yaml',
    help: 'Prints a file of Stinger as an interface file; notes say what is not the same in it.',
    group: interfaceFiles,
    options: {
      name: { type: 'string', help: 'the name of the interface; else stinger and its own' },
      out: { type: 'string', value: 'FILE', help: 'the file to write', completes: 'file' },
    },
    arity: [1, 1],
    completes: 'file',
    run: lazily(async () => (await import('./import.js')).importFile),
  },
  doctor: {
    usage: 'doctor [SELECTOR]',
    help: 'Says what is wrong here and on a bus, and how to cure it.',
    group: tools,
    details: [
      'Without a bus named, it looks at all of this user. SELECTOR is one that should match: if',
      'nobody does, it looks for a misspelt label. Ends with 1 if anything is wrong.',
    ],
    options: onBus,
    arity: [0, 1],
    completes: 'label',
    run: lazily(async () => (await import('./doctor/doctor.js')).doctor),
  },
  record: {
    usage: 'record FOLDER [SELECTOR]',
    help: 'Records messages into a journal, of the members that match, until interrupted.',
    group: journals,
    details: ['Nobody waits for it; messages that this process is too slow for are counted.'],
    options: {
      ...onBus,
      type: { ...type, help: 'only messages of this type: a name or a UUID; several times' },
      durability: { type: 'string', value: 'LEVEL', help: 'os or disk (os)' },
      seconds,
    },
    arity: [1, 2],
    completes: 'file',
    run: lazily(async () => (await import('./journal/record.js')).record),
  },
  replay: {
    usage: 'replay FOLDER [SELECTOR]',
    help: 'Sends the entries of a journal to all members, or to those that match.',
    group: journals,
    options: {
      ...onBus,
      speed: { type: 'string', value: 'FACTOR', help: '1 for the pace of then, or max (1)' },
      loop: { type: 'string', value: 'N', help: 'how often (1)' },
      ...places,
      follow: { type: 'boolean', help: 'go on with entries that are written later' },
      one: { type: 'boolean', help: 'each to one of those that match' },
      step: { type: 'boolean', help: 'wait for a line of standard input before each message' },
    },
    arity: [1, 2],
    completes: 'file',
    run: lazily(async () => (await import('./journal/replay.js')).replay),
  },
  journal: {
    usage: 'journal ls|verify|export|tail FOLDER',
    help: 'Lists the files of a journal, checks them, or prints entries as JSON lines.',
    group: journals,
    details: [
      'tail shows the last entries and goes on with new ones. verify ends with 1 if something is',
      'damaged or missing. --mcap writes a file with payloads in JSON, for viewers.',
    ],
    options: {
      ...places,
      count: { type: 'string', value: 'N', short: 'n', help: 'end after N entries' },
      last: { type: 'string', value: 'N', help: 'tail: begin with the last N (10)' },
      'no-follow': { type: 'boolean', help: 'tail: end with the last entry' },
      mcap: { type: 'string', value: 'FILE', help: 'export: into this file', completes: 'file' },
      skip: { type: 'boolean', help: 'leave out what is damaged' },
      json,
    },
    arity: [2, 2],
    completes: 'file',
    run: lazily(async () => (await import('./journal/journal.js')).journal),
  },
  sql: {
    usage: 'sql LABEL [STATEMENT [VALUE]...]',
    help: 'Runs a statement of a database that is served, or a script from standard input.',
    group: talk,
    details: [
      'LABEL is the name by which the database is served. Each VALUE is that of a ?: a number, null,',
      'or a text. --watch shows the rows of these tables that change, until interrupted.',
    ],
    options: {
      ...onBus,
      timeout,
      'read-only': { type: 'boolean', help: 'refuse what changes the database' },
      watch: { type: 'string', value: 'TABLE', help: 'show changes of tables, split by commas' },
      count: { type: 'string', value: 'N', short: 'n', help: '--watch: end after N rows' },
    },
    arity: [1, 1000],
    completes: 'label',
    run: lazily(async () => (await import('./sql/sql.js')).sql),
  },
  bench: {
    usage: 'bench',
    help: 'Measures messages and calls between two processes, on a bus of its own.',
    group: tools,
    options: {
      json,
      seconds: { type: 'string', value: 'S', help: 'for each row (1)' },
      bytes: {
        type: 'string',
        value: 'N',
        multiple: true,
        help: 'size of payloads; several times (64, 65536)',
      },
    },
    arity: [0, 0],
    run: lazily(async () => (await import('./bench/bench.js')).bench),
  },
  completion: {
    usage: 'completion bash|zsh|fish',
    help: 'Prints the completion for a shell.',
    group: tools,
    details: ['For bash: eval "$(busbar completion bash)" in ~/.bashrc.'],
    options: {},
    arity: [1, 1],
    run: lazily(async () => (await import('./complete/completion.js')).completion),
  },
};
