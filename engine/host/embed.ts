import type { NodeRef } from '../runtime/node-ref.ts';

/** The flags in camel case. */
export interface HostOptions {
  game: string | URL;
  workers?: number;
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
}

/** One process that serves a game. Its calls have the host as their caller. */
export interface Host extends NodeRef {
  readonly port: number;
  readonly adminPort: number;
  /** Drains: clients are sent away, what runs ends, entities are deactivated, threads end. */
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Starts a host inside this process; resolves once calls are served. Rejects with one clear line. */
export async function startHost(options: HostOptions): Promise<Host> {
  // Loaded when needed: every game imports 'skerry' on every node thread, and only one thread ever starts a host.
  const [{ runHost }, { embeddedConfig }, { createLog }] = await Promise.all([
    import('./host.ts'),
    import('./config.ts'),
    import('./log.ts'),
  ]);
  const config = embeddedConfig({ ...options });
  return runHost(config, [], createLog(config, {}));
}
