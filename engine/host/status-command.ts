/** `skerry status`: what a running host knows of itself and of its cluster, from its admin port. */
import type { ClusterReport, ClusterReportHost } from './cluster-report.ts';
import type { HostConfig } from './config.ts';
import type { Shell } from './shell.ts';

const ANSWER_MS_MAX = 5000;

/** Resolves to the exit code: 0 when the host serves, 1 when it does not, or does not answer. */
export async function statusCommand(config: HostConfig, asJson: boolean, shell: Shell): Promise<number> {
  const { adminAddress, adminPort } = config;
  const isEverywhere = adminAddress === '0.0.0.0' || adminAddress === '::';
  const name = isEverywhere ? '127.0.0.1' : adminAddress.includes(':') ? `[${adminAddress}]` : adminAddress;
  const base = `http://${name}:${adminPort}`;
  let ready: string;
  let cluster: ClusterReport | undefined;
  try {
    ready = await textOf(`${base}/readyz`);
    cluster = await reportOf(`${base}/api/cluster`);
  } catch {
    shell.stderr(`skerry: no host answers at ${base}: name its admin port with --admin-port=P\n`);
    return 1;
  }
  if (asJson) shell.stdout(`${JSON.stringify({ ready, cluster: cluster ?? null })}\n`);
  else
    shell.stdout(cluster === undefined ? `${ready}; a host alone, without --nats\n` : `${ready}\n${tableOf(cluster)}`);
  return ready === 'ready' ? 0 : 1;
}

async function textOf(url: string): Promise<string> {
  return (await (await ask(url)).text()).trim();
}

/** Undefined for a host alone. */
async function reportOf(url: string): Promise<ClusterReport | undefined> {
  const response = await ask(url);
  if (response.status === 404) return undefined;
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return (await response.json()) as ClusterReport;
}

function ask(url: string): Promise<Response> {
  return fetch(url, { signal: AbortSignal.timeout(ANSWER_MS_MAX) });
}

export function tableOf(report: ClusterReport): string {
  const { self, master, slots, nats } = report;
  const rtt = nats.rttMs === undefined ? 'does not answer' : `${nats.rttMs.toFixed(1)} ms`;
  const moving = [
    [slots.withoutOwner, 'without owner'],
    [slots.waiting, 'waiting'],
    [slots.wished, 'to be moved'],
    [slots.frozen, 'stopped for it'],
  ].flatMap(([count, what]) => (count === 0 ? [] : [`${count} ${what}`]));
  const facts = [
    ['cluster', `${report.cluster}, profile ${report.profile}, epoch ${report.epoch}`],
    ['host', `${self.host}, ${self.phase}, lease for ${Math.round(self.leaseMs)} ms`],
    ['master', master === undefined ? 'nobody' : `${master.host}, term ${master.term}`],
    ['slots', moving.length === 0 ? `${slots.total}` : `${slots.total}: ${moving.join(', ')}`],
    ['nats', `${nats.url}, ${rtt}, lost ${nats.reconnects} times`],
    ...(report.hold === undefined ? [] : [['HOLD', report.hold]]),
  ];
  const lines = facts.map(([name, value]) => `  ${name!.padEnd(9)}${value}`);
  return `${lines.join('\n')}\n\n${hostsOf(report.hosts, self.host)}`;
}

function hostsOf(hosts: readonly ClusterReportHost[], self: string): string {
  const head = ['host', 'state', 'nodes', 'replaced', 'slots', 'occupied', 'epoch', 'seen'];
  const rows = hosts.map(({ host, state, isMember, nodes, lives, slots, occupied, viewEpoch, lastSeenMs }) => [
    host === self ? `${host} *` : host,
    isMember || state === 'dead' || state === 'left' ? state : `${state}, not admitted`,
    nodes,
    lives.reduce((sum, life) => sum + life, 0),
    slots,
    occupied,
    viewEpoch,
    `${(lastSeenMs / 1000).toFixed(1)} s ago`,
  ]);
  const table = [head, ...rows.map((row) => row.map(String))];
  const widths = head.map((_, column) => Math.max(...table.map((row) => row[column]!.length)));
  return table
    .map(
      (row) =>
        `  ${row
          .map((text, at) => text.padEnd(widths[at]! + 2))
          .join('')
          .trimEnd()}\n`,
    )
    .join('');
}
