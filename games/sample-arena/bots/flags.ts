const BOTS_DEFAULT = 12;
const BOTS_MAX = 400;
const PORT_DEFAULT = '7070';

export interface BotFlags {
  bots: number;
  /** Where the bots attach, e.g. ws://127.0.0.1:7070 */
  gateway: string;
}

/** The game's own flags: what stands behind `--`. Throws an Error with one clear message for a bad one. */
export function botFlags(argv: readonly string[], port: string | undefined): BotFlags {
  const flags = { bots: BOTS_DEFAULT, gateway: `ws://127.0.0.1:${port ?? PORT_DEFAULT}` };
  const separator = argv.indexOf('--');
  const own = separator < 0 ? [] : argv.slice(separator + 1);
  for (const argument of own) {
    const [name, value = ''] = argument.split(/=(.*)/s);
    if (name === '--bots') {
      const bots = Number(value);
      if (!/^\d+$/.test(value) || bots > BOTS_MAX) throw new Error(`--bots=${value}: a number from 0 to ${BOTS_MAX}.`);
      flags.bots = bots;
    } else if (name === '--gateway') {
      if (!/^wss?:\/\//.test(value)) throw new Error(`--gateway=${value}: an address like ${flags.gateway}.`);
      flags.gateway = value;
    }
  }
  return flags;
}
