import { NatsConnection } from '../../transport/nats/connection.ts';
import { type Entry, type HostRecord, hostKey, isGone } from '../cluster/control-record.ts';
import { deathOf } from '../cluster/lease-observer.ts';
import type { StoreEvent } from '../cluster/machine.ts';
import { type ClusterSettings, NatsControlStore } from '../cluster/nats-control-store.ts';

/** The run of a host that its launcher watches over, and where its record stands. */
export interface WatchedRun {
  readonly nats: string;
  readonly cluster: string;
  readonly host: string;
  readonly inc: number;
  readonly settings: ClusterSettings;
  /** After so long the outcome of a request is unknown. */
  readonly timeoutMs: number;
}

const ATTEMPTS = 10;

/** By request. */
type Answers = Map<number, (event: StoreEvent) => void>;

/**
 * Writes a death that is certain: whoever has reaped a process need not wait until its lease has run out. Over a connection of its own, opened while
 * the host lives, because it is in a hurry afterwards.
 */
export class DeathWitness {
  private readonly run: WatchedRun;
  private readonly connection: NatsConnection;
  private readonly store: NatsControlStore;
  private readonly answers: Answers;
  private requests = 0;

  private constructor(run: WatchedRun, connection: NatsConnection, store: NatsControlStore, answers: Answers) {
    this.run = run;
    this.connection = connection;
    this.store = store;
    this.answers = answers;
  }

  /** Rejects as the connection and the control store do. */
  static async open(run: WatchedRun, warn: (line: string) => void): Promise<DeathWitness> {
    const { nats: url, cluster, timeoutMs, settings } = run;
    const connection = await NatsConnection.open({ url, name: `skerry ${run.host} launcher`, warn });
    const answers: Answers = new Map();
    try {
      const store = await NatsControlStore.open({ connection, cluster, timeoutMs, settings, warn }, (event) => {
        if ('request' in event) answers.get(event.request)?.(event);
      });
      return new DeathWitness(run, connection, store, answers);
    } catch (error) {
      await connection.close();
      throw error;
    }
  }

  /** The process has ended. Whether that stands in its record now, or an end that somebody else has written. */
  async declare(): Promise<boolean> {
    const { host, inc } = this.run;
    const key = hostKey(host);
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const read = await this.ask((request) => ({ kind: 'read', request, key }));
      if (read.kind !== 'read-done') continue;
      const entry = read.entry as Entry<HostRecord> | undefined;
      // It never came to a record, or its next run has one already.
      if (entry === undefined || entry.value.inc !== inc) return false;
      if (isGone(entry.value)) return true;
      const value = deathOf(entry.value, `${inc}:launcher:${attempt}`);
      // A write of the dead that is still on its way comes before this one, or fails.
      const written = await this.ask((request) => ({ kind: 'cas', request, key, expected: entry.revision, value }));
      if (written.kind === 'cas-done') return true;
    }
    return false;
  }

  async close(): Promise<void> {
    this.store.close();
    await this.connection.close();
  }

  private async ask(effect: (request: number) => Parameters<NatsControlStore['perform']>[0]): Promise<StoreEvent> {
    const request = ++this.requests;
    const answer = new Promise<StoreEvent>((resolve) => this.answers.set(request, resolve));
    this.store.perform(effect(request));
    const event = await answer;
    this.answers.delete(request);
    return event;
  }
}
