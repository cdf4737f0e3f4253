/** Says "temporary failure" to whoever started the process: start it again. */
export const EXIT_LOST = 75;

/** Says that nobody should: another host has taken the store, and a second start would take it back. */
export const EXIT_TAKEN = 76;

/** This run of the host is over, whatever it still wanted to do: the process has to end at once. The message is one line for the operator. */
export class HostLost extends Error {
  override name = 'HostLost';
  readonly exitCode: number;

  constructor(message: string, exitCode: number) {
    super(message);
    this.exitCode = exitCode;
  }
}
