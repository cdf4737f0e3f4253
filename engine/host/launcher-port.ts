import type { WatchedRun } from './death-witness.ts';
import type { Blame, QuarantineState } from './quarantine.ts';

/** Set for a host that a launcher started; it has an IPC channel then. */
export const LAUNCHED_VARIABLE = 'SKERRY_LAUNCHED';

/** What a supervised host tells its launcher, as it happens: after the end of the process nobody could ask it. */
export type ToLauncher =
  /** It waits for its welcome. */
  | { readonly kind: 'hello' }
  /** Calls are served. */
  | { readonly kind: 'ready' }
  | { readonly kind: 'suspect'; readonly node: number; readonly blame: Blame }
  | { readonly kind: 'cleared'; readonly node: number }
  | { readonly kind: 'quarantine'; readonly state: QuarantineState }
  /** This run takes part in a cluster from now on: its death is to be written down at once. */
  | { readonly kind: 'joins'; readonly run: WatchedRun };

/** What a launcher tells a host before anything else. */
export interface FromLauncher {
  readonly kind: 'welcome';
  readonly quarantine: QuarantineState;
}

/** The launcher, as its host sees it. */
export interface LauncherPort {
  ready(): void;
  /** A turn runs longer than turns do: should the process die now, it may be of this. */
  suspect(node: number, blame: Blame): void;
  cleared(node: number): void;
  quarantine(state: QuarantineState): void;
  joins(run: WatchedRun): void;
  /** Ends the process at once; nothing else ends a thread that stands in native code. */
  endHost(node: number, blame: Blame | undefined): void;
}

/** A launcher watches over this process, and remembers what its lives before died of. */
export interface Launch {
  readonly port: LauncherPort;
  readonly quarantine: QuarantineState;
}

/** How a process talks to the one that started it. */
export interface ParentChannel {
  send(message: ToLauncher, sent?: () => void): void;
  onMessage(listener: (message: FromLauncher) => void): void;
  /** At once, with SIGKILL. */
  die(): void;
}

/** Says hello and waits for the welcome. */
export function joinLauncher(channel: ParentChannel): Promise<Launch> {
  const port: LauncherPort = {
    ready: () => channel.send({ kind: 'ready' }),
    suspect: (node, blame) => channel.send({ kind: 'suspect', node, blame }),
    cleared: (node) => channel.send({ kind: 'cleared', node }),
    quarantine: (state) => channel.send({ kind: 'quarantine', state }),
    joins: (run) => channel.send({ kind: 'joins', run }),
    endHost(node, blame) {
      // Behind all that was said before.
      if (blame === undefined) channel.send({ kind: 'cleared', node }, () => channel.die());
      else channel.send({ kind: 'suspect', node, blame }, () => channel.die());
    },
  };
  return new Promise((resolve) => {
    channel.onMessage(({ quarantine }) => resolve({ port, quarantine }));
    channel.send({ kind: 'hello' });
  });
}
