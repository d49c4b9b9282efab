// The command `describe`: an interface from a file, or from a service that runs, in any of its forms.
import { printAsyncApi, printHtml, printMarkdown } from '../documents/index.js';
import { type Interface, modelOf, printTypeScript, printYaml } from '../interface/index.js';
import { isInterfaceFile, loadInterface } from './load-interface.js';
import { type OptionValues, type Output, type Run, textOf, UsageError } from './usage.js';

/** The forms by their options; the first one is the default. */
const forms: Readonly<Record<string, (given: Interface) => string>> = {
  yaml: printYaml,
  ts: printTypeScript,
  markdown: printMarkdown,
  html: printHtml,
  asyncapi: (given) => printAsyncApi(given),
  json: (given) => `${JSON.stringify(modelOf(given))}\n`,
};

/** Prints an interface. */
export const describe: Run = async (args, options, output) => {
  const print = formOf(options);
  output.write(print(await interfaceOf(args, options, output)));
  return 0;
};

function formOf(options: OptionValues): (given: Interface) => string {
  const [name = 'yaml', second] = Object.keys(forms).filter((form) => options[form] === true);
  if (second !== undefined) throw new UsageError(`--${name} and --${second}: say one of them`);
  return forms[name] ?? printYaml;
}

/** The interface of a file; or, of a service, by its name, with its bus before it if need be. */
async function interfaceOf(
  args: readonly string[],
  options: OptionValues,
  output: Output,
): Promise<Interface> {
  const [first = '', second] = args;
  if (second === undefined && isInterfaceFile(first)) return loadInterface(first);
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
