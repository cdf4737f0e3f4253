import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';
import type { ClusterReport, ClusterReportHost } from '../host/cluster-report.ts';
import { HostProcess } from './host-process.fixture.ts';

/** This file runs as build/engine/testing/cluster-process.fixture.js. */
const GAME = fileURLToPath(new URL('../../../games/deep-ping/game.ts', import.meta.url));

/** Between two looks at a report. */
const ASK_MS = 20;

/** A host in a cluster, in a process of its own. */
export class ClusterProcess extends HostProcess {
  readonly id: string;

  constructor(t: ExecutionContext, nats: string, id: string, ...more: string[]) {
    const own = [`--nats=${nats}`, `--host-id=${id}`, '--workers=2'];
    super(t, [`--game=${GAME}`, '--port=0', '--admin-port=0', '--log-format=json', ...own, ...more]);
    this.id = id;
  }

  /** On a machine that is busy the control thread may not answer in time; then it is asked again. */
  async report(): Promise<ClusterReport> {
    for (;;) {
      const report = await this.ask('api/cluster').catch((error: Error) => {
        if (!error.message.includes(': 503 ')) throw error;
      });
      if (report !== undefined) return report as ClusterReport;
    }
  }

  /** The first report that is as it should be. */
  async sees(wanted: (report: ClusterReport) => boolean): Promise<ClusterReport> {
    for (;;) {
      const report = await this.report();
      if (wanted(report)) return report;
      // Asked without a pause, the question would be most of what the host has to do.
      await new Promise((resolve) => setTimeout(resolve, ASK_MS));
    }
  }

  /** What `/readyz` answers. */
  async readiness(): Promise<{ readonly status: number; readonly text: string }> {
    const response = await fetch(`${await this.address('admin')}readyz`);
    return { status: response.status, text: await response.text() };
  }
}

export function hostIn({ hosts }: ClusterReport, id: string): ClusterReportHost | undefined {
  return hosts.find(({ host }) => host === id);
}

/** Everything has an owner, and these hosts have it all. */
export function isOwnedBy(report: ClusterReport, ...ids: string[]): boolean {
  const { total, withoutOwner, waiting } = report.slots;
  const owned = report.hosts.reduce((sum, { host, slots }) => sum + (ids.includes(host) ? slots : 0), 0);
  return total > 0 && withoutOwner === 0 && waiting === 0 && owned === total;
}
