import type { Blame, QuarantineState } from './quarantine.ts';

/** What a supervised host tells its launcher, as it happens: after the end of the process nobody could ask it. */
export type ToLauncher =
  | { readonly kind: 'suspect'; readonly node: number; readonly blame: Blame }
  | { readonly kind: 'cleared'; readonly node: number }
  | { readonly kind: 'quarantine'; readonly state: QuarantineState };

/** What a launcher tells a host before anything else. */
export interface FromLauncher {
  readonly kind: 'welcome';
  readonly quarantine: QuarantineState;
}

/** The launcher, as its host sees it. */
export interface LauncherPort {
  /** A turn runs longer than turns do: should the process die now, it may be of this. */
  suspect(node: number, blame: Blame): void;
  cleared(node: number): void;
  quarantine(state: QuarantineState): void;
  /** Ends the process at once; nothing else ends a thread that stands in native code. */
  endHost(node: number, blame: Blame | undefined): void;
}
