import type { NodeRef } from '../runtime/node-ref.ts';

/** The flags in camel case. */
export interface HostOptions {
  game: string | URL;
  workers?: number;
  /** MiB of each node's thread. */
  heapMb?: number;
  computeThreads?: number;
  port?: number;
  address?: string;
  adminPort?: number;
  adminAddress?: string;
  nats?: string;
  cluster?: string;
  store?: string;
  data?: string;
  logLevel?: string;
  logFormat?: string;
  leaseProfile?: 'default' | 'lan' | 'ci';
  hostId?: string;
  hangMs?: number;
  /** What stands behind `--` on the command line: flags of the game itself. */
  gameArgs?: readonly string[];
}

/** One process that serves a game. Its calls have the host as their caller. */
export interface Host extends NodeRef {
  readonly port: number;
  readonly adminPort: number;
  /** Drains: clients are sent away, what runs ends, entities are deactivated, threads end. */
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}
