// The command `describe`: an interface from a file, or from a service that runs, in any of its forms.
import { type Interface, modelOf } from '../interface/entry-values.js';
import { isInterfaceFile } from './interface-names.js';
import { type OptionValues, type Output, type Run, textOf, UsageError } from './usage.js';

type Print = (given: Interface) => string;

const files = () => import('../interface/index.js');
const documents = () => import('../documents/index.js');

/** The forms by their options, each loaded when it is asked for; the first one is the default. */
const forms: Readonly<Record<string, () => Promise<Print>>> = {
  yaml: async () => (await files()).printYaml,
  ts: async () => (await files()).printTypeScript,
  markdown: async () => (await documents()).printMarkdown,
  html: async () => (await documents()).printHtml,
  asyncapi: async () => {
    const { printAsyncApi } = await documents();
    return (given) => printAsyncApi(given);
  },
  json: async () => (given) => `${JSON.stringify(modelOf(given))}\n`,
};

/** Prints an interface. */
export const describe: Run = async (args, options, output) => {
  if (options.routes === true) return describeRoutes(args, options, output);
  const form = formOf(options);
  const given = await interfaceOf(args, options, output);
  output.write((await form())(given));
  return 0;
};

/** The routes of members that handle messages; the bus may stand before their selector. */
async function describeRoutes(
  args: readonly string[],
  options: OptionValues,
  output: Output,
): Promise<number> {
  const other = Object.keys(forms).find((form) => form !== 'json' && options[form] === true);
  if (other !== undefined) throw new UsageError(`--routes and --${other}: say one of them`);
  const { chosenBus } = await import('./bus/which-bus.js');
  const { printRoutes } = await import('./routes.js');
  const [first = '', second] = args;
  const bus = chosenBus(second === undefined ? options : { ...options, bus: first }, output);
  return printRoutes(bus, second ?? first, options, output);
}

function formOf(options: OptionValues): () => Promise<Print> {
  const [name = 'yaml', second] = Object.keys(forms).filter((form) => options[form] === true);
  if (second !== undefined) throw new UsageError(`--${name} and --${second}: say one of them`);
  return forms[name] as () => Promise<Print>;
}

/** The interface of a file; or, of a service, by its name, with its bus before it if need be. */
async function interfaceOf(
  args: readonly string[],
  options: OptionValues,
  output: Output,
): Promise<Interface> {
  const [first = '', second] = args;
  if (second === undefined && isInterfaceFile(first)) {
    const { loadInterface } = await import('./load-interface.js');
    return loadInterface(first);
  }
  const name = second ?? first;
  // Only now: reading a file needs no bus.
  const { chosenBus } = await import('./bus/which-bus.js');
  const { servedInterface } = await import('./talk/target.js');
  if (second !== undefined && textOf(options, 'bus') !== undefined) {
    throw new UsageError(`the bus is '${first}' and that of --bus: say one of them`);
  }
  const bus = chosenBus(second === undefined ? options : { ...options, bus: first }, output);
  return servedInterface(bus, name, textOf(options, 'to'), output);
}
