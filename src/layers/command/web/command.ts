// What `web` may be given. It loads nothing: the command is loaded when it is run.
import type { Command, OptionHelp } from '../usage.js';

/** The command, with the options that it shares with others. */
export function webCommand(shared: Readonly<Record<string, OptionHelp>>, to: OptionHelp): Command {
  return {
    usage: 'web [FILE|INTERFACE…]',
    help: 'Serves a page that shows the bus, and HTTP for programs, on this machine.',
    group: 'Look at a bus',
    details: [
      'It prints an address with a token, once. Whoever has the token can call what is exposed: the',
      'interfaces named, or all. The token is made anew, or that of BUSBAR_HTTP_TOKEN or',
      '--http-token-file, which is not printed. --no-page leaves the interfaces alone reachable.',
    ],
    options: {
      ...shared,
      port: { type: 'string', value: 'PORT', help: 'the port (a free one)' },
      unix: { type: 'string', value: 'PATH', help: 'a Unix socket instead', completes: 'file' },
      to,
      'read-only': { type: 'boolean', help: 'only idempotent calls, and no property is set' },
      wire: { type: 'boolean', help: 'take wires at /wire, for the interfaces named' },
      database: {
        type: 'string',
        value: 'LABEL',
        multiple: true,
        help: 'a served database, for clients of Hrana at /sql/LABEL/; several times',
      },
      journal: {
        type: 'string',
        value: 'FOLDER',
        help: 'the journal that the page plays',
        completes: 'file',
      },
      'no-page': { type: 'boolean', help: 'without the page' },
      'http-token-file': {
        type: 'string',
        value: 'FILE',
        help: 'the file with the token of the gateway',
        completes: 'file',
      },
    },
    arity: [0, Number.POSITIVE_INFINITY],
    completes: 'file',
    run: async (args, options, output) => (await import('./web.js')).web(args, options, output),
  };
}
