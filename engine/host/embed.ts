import type { Host, HostOptions } from './host-options.ts';

/** Starts a host inside this process; resolves once calls are served. Rejects with one clear line. */
export async function startHost(options: HostOptions): Promise<Host> {
  // Loaded when needed: every game imports 'skerry' on every node thread, and only one thread ever starts a host.
  const [{ runHost }, { embeddedConfig, UsageError }, { createLog }, { HostLost }] = await Promise.all([
    import('./host.ts'),
    import('./config.ts'),
    import('./log.ts'),
    import('./host-lost.ts'),
  ]);
  const { gameArgs = [], ...flags } = options;
  const config = embeddedConfig(flags);
  if (config.supervise)
    throw new UsageError('startHost(): supervise is for the command; here the program is the launcher');
  const log = createLog(config, {});
  const host = await runHost(config, gameArgs, log);
  // Nobody else may be looking: `failed` is what the command waits for.
  void host.failed.then((err) => {
    log.error({ err }, 'the host cannot go on');
    // In a cluster others have its slots by now.
    if (err instanceof HostLost) void host.stop();
  });
  return host;
}
