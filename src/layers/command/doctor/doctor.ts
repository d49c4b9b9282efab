// The command `doctor`: what is wrong here and on a bus, and how to cure it. It first looks at what
// needs no member to answer, so that it says something about a bus that cannot be joined, too.
import type { Observer, Peer } from '../../../index.js';
import { conditionOf } from '../bus/condition.js';
import { look } from '../bus/look.js';
import { misspelt } from '../bus/nobody.js';
import { holderOf, processesWith } from '../bus/sick-bus.js';
import { type ChosenBus, givenBus, liveBuses, tokenOf } from '../bus/which-bus.js';
import { exitCode, sentenceOf } from '../failure.js';
import { runtimeDirectory } from '../system/bus-names.js';
import { isStopped, processFacts } from '../system/processes.js';
import { formOf } from '../table.js';
import type { OptionValues, Output, Run } from '../usage.js';
import { type Finding, printFindings } from './finding.js';
import { members } from './members.js';
import { nameOf } from './name.js';
import { directories, limits, versions } from './place.js';
import { TrafficWatch } from './traffic.js';

/** A controller that takes longer than this, in milliseconds, is slow. */
const slowAnswer = 150;

/** Looks for what is wrong. */
export const doctor: Run = async ([selector], options, output) => {
  const condition = selector === undefined ? undefined : conditionOf(selector);
  const directory = runtimeDirectory(output.env);
  const findings: Finding[] = [versions(), ...limits(), ...directories(directory)];
  const buses = busesOf(options, output);
  let isNobody = false;
  for (const bus of buses) {
    const name = nameOf(bus.name, directory);
    isNobody ||= !name.isThere;
    const asked = name.isThere ? await busFindings(bus, condition, output) : [];
    // What a member's process is, is said once: where its labels are known.
    const stopped = new Set(asked.flatMap(({ check, pid }) => (check === 'stopped' ? pid : [])));
    const named = name.findings.filter(({ pid }) => pid === undefined || !stopped.has(pid));
    findings.push(...named, ...asked);
  }
  if (buses.length === 0) {
    findings.push({ level: 'note', check: 'name', text: 'this user has no bus now' });
  }
  printFindings(findings, formOf(options, output), output);
  if (output.interrupted.aborted) return exitCode.interrupted;
  if (isNobody) return exitCode.nobody;
  const isSick = findings.some(({ level }) => level === 'warning' || level === 'problem');
  return isSick ? exitCode.failed : exitCode.ok;
};

/** The bus that was named, else all that this user has and that can be named. */
function busesOf(options: OptionValues, output: Output): readonly ChosenBus[] {
  const token = tokenOf(options, output);
  const given = givenBus(options, output);
  if (given !== undefined) return [{ name: given, token }];
  return liveBuses(output).flatMap(({ name }) => (name === undefined ? [] : [{ name, token }]));
}

async function busFindings(
  bus: ChosenBus,
  condition: ReturnType<typeof conditionOf> | undefined,
  output: Output,
): Promise<readonly Finding[]> {
  const began = performance.now();
  let observer: Observer;
  try {
    observer = await look(bus, output, {});
  } catch (error) {
    return unreachable(bus, error, output);
  }
  const took = performance.now() - began;
  const traffic = new TrafficWatch();
  const since = performance.now();
  const watching = traffic.watch(observer);
  try {
    const found = await members(bus, observer, took);
    return [
      controllerOf(observer, bus.name, took),
      ...found,
      ...(condition === undefined ? [] : [selectorFinding(condition, observer.peers, bus.name)]),
      ...traffic.findings((performance.now() - since) / 1000),
    ];
  } finally {
    await observer.close();
    await watching;
  }
}

function controllerOf({ controller, generation }: Observer, bus: string, took: number): Finding {
  const who = controller === undefined ? 'nobody' : `process ${controller.pid}`;
  const facts = controller === undefined ? undefined : processFacts(controller.pid);
  const text =
    `${who}${facts === undefined ? '' : ` (${facts.name})`} is the controller of '${bus}', ` +
    `the ${ordinal(generation)}; it let this process in after ${Math.round(took)} ms`;
  if (took < slowAnswer) return { level: 'ok', check: 'controller', text };
  return {
    level: 'warning',
    check: 'controller',
    text,
    cure: 'a stopped controller was replaced, or the machine is busy: look again',
    ...(controller !== undefined && { pid: controller.pid }),
  };
}

function ordinal(number: number): string {
  const ends = ['th', 'st', 'nd', 'rd'];
  const last = number % 100;
  return `${number}${ends[(last - 20) % 10] ?? ends[last] ?? 'th'}`;
}

function selectorFinding(
  condition: ReturnType<typeof conditionOf>,
  peers: readonly Peer[],
  bus: string,
): Finding {
  const matching = peers.filter((peer) => condition.matches(peer)).length;
  if (matching > 0) {
    const text = `${condition.text} matches ${matching} members of '${bus}'`;
    return { level: 'ok', check: 'selector', text };
  }
  const guesses = misspelt(condition, peers);
  const near = guesses.map(({ name, near: other }) => `'${other}' for '${name}'`).join(', ');
  return {
    level: 'warning',
    check: 'selector',
    text: `nobody on '${bus}' matches ${condition.text}${near === '' ? '' : `, but nearly: ${near}`}`,
    cure: near === '' ? 'busbar ls shows the labels that there are' : 'correct the label',
  };
}

/** A bus that does not let this process in: what the system tells about its processes. */
function unreachable(bus: ChosenBus, error: unknown, output: Output): readonly Finding[] {
  const holder = holderOf(bus.name, output);
  // That it is stopped was found with the name.
  const found: Finding[] =
    holder?.stopped === true ? [] : [refusalOf(bus.name, error, holder?.pid)];
  for (const pid of holder === undefined ? [] : processesWith(holder.pid)) {
    const facts = processFacts(pid);
    // The controller has its finding, if it is stopped.
    if (pid === holder?.pid || facts === undefined || !isStopped(facts)) continue;
    found.push({
      level: 'problem',
      check: 'stopped',
      text: `process ${pid} (${facts.name}), a member, is stopped`,
      cure: `kill -CONT ${pid}, or kill -9 ${pid}`,
      pid,
    });
  }
  return found;
}

function refusalOf(bus: string, error: unknown, pid: number | undefined): Finding {
  const about = pid === undefined ? {} : { pid };
  const facts = pid === undefined ? undefined : processFacts(pid);
  const who = facts === undefined ? 'its controller' : `process ${facts.pid} (${facts.name})`;
  switch ((error as { code?: unknown }).code) {
    case 'ERR_BUSBAR_TOKEN_MISMATCH':
      return {
        level: 'problem',
        check: 'token',
        text: `'${bus}' has another token than this process`,
        cure: 'put its token into BUSBAR_TOKEN or a file for --token-file',
        ...about,
      };
    case 'ERR_BUSBAR_VERSION_MISMATCH':
      return {
        level: 'problem',
        check: 'protocol',
        text: `${who} of '${bus}' speaks another version of the protocol than this busbar`,
        cure: 'install the same version of busbar in all members, and use its command',
        ...about,
      };
    case 'ERR_BUSBAR_LIMIT_EXCEEDED':
      return {
        level: 'problem',
        check: 'observers',
        text: `'${bus}' lets no more observers in; 16 fit`,
        cure: 'end some of those that run: busbar tap, top, record',
        ...about,
      };
    default: {
      const [text, cure] = split(sentenceOf(error));
      return { level: 'problem', check: 'controller', text, ...(cure && { cure }), ...about };
    }
  }
}

/** What is wrong and what to do, which a sentence has on two sides of its last semicolon. */
function split(sentence: string): readonly [text: string, cure: string] {
  const at = sentence.lastIndexOf('; ');
  return at < 0 ? [sentence, ''] : [sentence.slice(0, at), sentence.slice(at + 2)];
}
