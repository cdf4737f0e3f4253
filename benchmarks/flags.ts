export interface Flags {
  readonly json: string | undefined;
  readonly only: string | undefined;
  readonly rounds: number;
  readonly quick: boolean;
}

const ROUNDS_DEFAULT = 5;
export const USAGE = 'npm run bench -- [--json=FILE] [--only=PREFIX] [--rounds=N] [--quick]';

/** Throws an Error with one clear line for a flag that it does not know. */
export function parseFlags(args: readonly string[]): Flags {
  let flags: Flags = { json: undefined, only: undefined, rounds: ROUNDS_DEFAULT, quick: false };
  for (const argument of args) {
    const [name, value = ''] = argument.split(/=(.*)/s);
    if (name === '--quick' && value === '') flags = { ...flags, quick: true };
    else if (name === '--json' && value !== '') flags = { ...flags, json: value };
    else if (name === '--only' && value !== '') flags = { ...flags, only: value };
    else if (name === '--rounds' && /^[1-9]\d{0,3}$/.test(value)) flags = { ...flags, rounds: Number(value) };
    else throw new Error(`${argument}: expected ${USAGE}`);
  }
  return flags;
}
