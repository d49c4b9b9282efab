// What `describe --routes` prints: the tables of handlers that members let others see.
import type { Peer } from '../../index.js';
import { HandlersService, type RouteRow } from '../handlers/index.js';
import { connect } from '../rpc/index.js';
import { conditionOf } from './bus/condition.js';
import { look } from './bus/look.js';
import { shownPeer } from './bus/member-rows.js';
import { nobodyMatches } from './bus/nobody.js';
import { servedNames } from './bus/served-names.js';
import type { ChosenBus } from './bus/which-bus.js';
import { exitCode, Failure, sentenceOf } from './failure.js';
import { type Column, formOf, printRows } from './table.js';
import { describeTime } from './talk/target.js';
import type { OptionValues, Output } from './usage.js';

interface MemberRoute {
  readonly member: Peer;
  readonly route: RouteRow;
}

const count = (title: string, of: (route: RouteRow) => number): Column<MemberRoute> => ({
  title,
  text: ({ route }) => String(of(route)),
  right: true,
});

const columns: readonly Column<MemberRoute>[] = [
  { title: 'MEMBER', text: ({ member }) => shownPeer(member), elastic: true },
  { title: 'ID', text: ({ member }) => String(member.id), right: true },
  { title: 'ROUTE', text: ({ route }) => route.name, elastic: true },
  { title: 'TYPE', text: ({ route }) => route.type, elastic: true },
  { title: 'FROM', text: ({ route }) => route.from ?? '', elastic: true },
  { title: 'MODE', text: ({ route: { mode, concurrency } }) => modeOf(mode, concurrency) },
  { title: 'TO', text: ({ route }) => route.to ?? '', elastic: true },
  count('HANDLED', ({ handled }) => handled),
  count('RETRIED', ({ retried }) => retried),
  count('FAILED', ({ failed }) => failed),
  count('RUN', ({ running }) => running),
  count('WAIT', ({ waiting }) => waiting),
  {
    title: 'MEAN µs',
    text: ({ route: { meanMicroseconds } }) =>
      meanMicroseconds === 0 ? '' : meanMicroseconds.toFixed(1),
    right: true,
  },
];

/** Prints the routes of the members that match, and returns how it ended. */
export async function printRoutes(
  bus: ChosenBus,
  selector: string,
  options: OptionValues,
  output: Output,
): Promise<number> {
  const condition = conditionOf(selector);
  await using observer = await look(bus, output);
  const { peers } = observer;
  const matching = peers.filter((peer) => condition.matches(peer));
  if (matching.length === 0) throw nobodyMatches(condition, peers, bus.name);
  const shown = matching.filter(({ label }) =>
    servedNames(label).some(({ name }) => name === HandlersService.name),
  );
  if (shown.length === 0) {
    throw new Failure(
      exitCode.nobody,
      `nobody of ${selector} shows a table of handlers; start it with inspectable: true`,
    );
  }
  const { name, token } = bus;
  const from = { name, token, controllerAffinity: false, observable: false };
  await using client = await connect(from, HandlersService);
  const answers = await Promise.allSettled(
    shown.map(async (member) => {
      const routes = await client.routes({ to: member, timeout: describeTime });
      return routes.map((route) => ({ member, route: route as RouteRow }));
    }),
  );
  const form = formOf(options, output);
  const rows = answers.flatMap((each) => (each.status === 'fulfilled' ? each.value : []));
  if (form === 'json') for (const each of rows) output.print(JSON.stringify(lineOf(each)));
  else printRows(output, form, columns, rows);
  let code: number = exitCode.ok;
  for (const [index, each] of answers.entries()) {
    if (each.status === 'fulfilled') continue;
    const member = shown[index] as Peer;
    output.complain(`busbar: ${shownPeer(member)} (${member.id}): ${sentenceOf(each.reason)}`);
    code = exitCode.failed;
  }
  return code;
}

function modeOf(mode: RouteRow['mode'], concurrency: number): string {
  return mode === 'concurrent' || mode === 'ordered' ? `${mode} ${concurrency}` : mode;
}

function lineOf({ member: { id, pid, label }, route }: MemberRoute): object {
  const { from = null, to = null } = route;
  return { kind: 'route', member: { id, pid, label }, ...route, from, to };
}
