import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { NatsConnection } from '../../transport/nats/connection.ts';
import type { ControlKey } from '../cluster/control-record.ts';
import { decodeControlValue } from '../cluster/control-values.ts';
import type { Lease } from '../cluster/lease.ts';
import type { ClusterProcess } from './cluster-process.fixture.ts';
import type { JournalLine } from './games/tallies/game.fixture.ts';
import { check, type Violation } from './history/checker.ts';
import { CommitEvents } from './history/commit-events.ts';
import type { HistoryEvent } from './history/history-event.ts';
import { invariants } from './history/invariants.ts';
import type { CallListener } from './tally-caller.fixture.ts';

const CALL_MS_MAX = 20_000;
const OUTCOMES: Readonly<Record<string, string>> = {
  done: 'ok',
  timeout: 'unknown:timeout',
  'node-lost': 'unknown:node-lost',
  'no-owner': 'notExecuted:no-owner',
  fenced: 'notExecuted:no-owner',
};

/** On the clock that all processes of a machine share. */
const now = (): number => Number(process.hrtime.bigint()) / 1e6;

/** A line of a control thread's log. */
interface LeaseLine extends Lease {
  readonly host: string;
  readonly inc: number;
}

/**
 * What happened to a cluster of real processes, as the checker of histories wants it: what was written in the control store, what each host did to its lease, every
 * note that a tally took and every call of a client, in the order of the machine's monotonic clock.
 */
export class ClusterHistory implements CallListener {
  /** A flag for the games of all hosts. */
  readonly journalFlag: string;
  private readonly journal: string;
  private readonly events: HistoryEvent[] = [];
  private readonly hosts: ClusterProcess[] = [];
  private readonly commits = new CommitEvents();
  /** Host and run of each process. */
  private readonly runs = new Map<number, { readonly host: string; readonly inc: number }>();

  constructor(t: ExecutionContext) {
    this.journal = join(tmpdir(), `skerry-journal-${process.pid}-${Math.trunc(now())}`);
    this.journalFlag = `--journal=${this.journal}`;
    writeFileSync(this.journal, '');
    t.teardown(() => rmSync(this.journal, { force: true }));
  }

  /** From now on, and directly: what is between hosts and NATS may be spoilt. */
  async watch(t: ExecutionContext, url: string): Promise<void> {
    const connection = await NatsConnection.open({ url, name: 'history', warn: () => {} });
    t.teardown(() => connection.close());
    connection.subscribe('eng.skerry.ctl.>', ({ bytes, header }) => {
      const key = header('Nats-Subject').slice('$KV.CTL_skerry.'.length);
      if (key === 'cfg') return;
      const value = decodeControlValue(key as ControlKey, bytes);
      const event = this.commits.of({ key: key as ControlKey, revision: 0, value });
      if (event !== undefined) this.add(event, now());
    });
  }

  /** Call it for every process that is started. */
  async follow(host: ClusterProcess): Promise<void> {
    this.hosts.push(host);
    const { self } = await host.report();
    this.runs.set(host.pid, { host: self.host, inc: self.inc });
  }

  /** It is over with this process; it is known why. */
  stopped(host: ClusterProcess, reason: string): void {
    this.add({ kind: 'stopped', ...this.runs.get(host.pid)!, reason }, now());
  }

  /** It was stopped from `from` until now. */
  stoodStill(host: ClusterProcess, from: number): void {
    this.add({ kind: 'stood-still', ...this.runs.get(host.pid)!, from, node: undefined }, now());
  }

  now(): number {
    return now();
  }

  called(id: number, mark: number): void {
    const at = now();
    const of = { call: `${id}#${mark}`, source: `caller ${id}`, target: String(id), index: mark };
    this.add({ kind: 'called', host: 'test', inc: 0, ...of, deadline: at + CALL_MS_MAX }, at);
  }

  ended(id: number, mark: number, end: string): void {
    this.add({ kind: 'ended', call: `${id}#${mark}`, outcome: OUTCOMES[end] ?? end }, now());
  }

  /** Everything until now, checked; `without` invariants that the fault takes the ground from. */
  verdict(execMs: number, ...without: string[]): { readonly violations: readonly Violation[]; readonly notes: number } {
    const notes = this.notes();
    const all = [...this.events, ...notes, ...this.leases(execMs)].sort((a, b) => a.at - b.at);
    const wanted = Object.entries(invariants(execMs)).filter(([name]) => !without.includes(name));
    const violations = check(all, Object.fromEntries(wanted));
    if (violations.length > 0)
      writeFileSync(`${this.journal}-history.jsonl`, all.map((one) => JSON.stringify(one)).join('\n'));
    return { violations: violations.slice(0, 5), notes: notes.length / 3 };
  }

  private add(event: object, at: number): void {
    this.events.push({ ...event, at } as HistoryEvent);
  }

  private notes(): HistoryEvent[] {
    const lines = readFileSync(this.journal, 'utf8')
      .split('\n')
      .filter((line) => line !== '');
    return lines.flatMap((text, turn): HistoryEvent[] => {
      const { pid, node, slot, epoch, id, mark, from, to, wall } = JSON.parse(text) as JournalLine;
      const run = this.runs.get(pid)!;
      const about = { ...run, node, slot, epoch, turn };
      return [
        { at: from, kind: 'turn-start', ...about, mono: from, wall },
        { at: from, kind: 'executed', ...run, call: `${id}#${mark}` },
        { at: to, kind: 'turn-end', ...about },
      ];
    });
  }

  /** What each host took itself to have a right to: a renewal counts from the moment at which it was sent. */
  private leases(execMs: number): HistoryEvent[] {
    return this.hosts.flatMap(({ stderr }) =>
      stderr.split('\n').flatMap((line): HistoryEvent[] => {
        if (!line.includes('"msg":"lease"')) return [];
        const { host, inc, fromMono: mono, untilWall } = JSON.parse(line) as LeaseLine;
        if (untilWall === 0) return [];
        const about = { at: mono, host, inc, nonce: `${inc}@${mono}` };
        return [
          { kind: 'lease-sent', ...about, mono, wall: untilWall - execMs },
          { kind: 'record', ...about, state: 'up' },
        ];
      }),
    );
  }
}
