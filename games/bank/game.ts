import { parseArgs } from 'node:util';
import { defineGame, entity, type NodeRef } from 'skerry';
import { AccountEntity, OPENING_BALANCE } from './account.ts';
import { Account, Teller } from './contracts.ts';
import { TellerEntity } from './teller.ts';

/** What stands behind `--` on the command line. */
const own = process.argv.slice(process.argv.indexOf('--') + 1 || process.argv.length);
const { values: flags } = parseArgs({
  args: own,
  strict: false,
  options: {
    seconds: { type: 'string', default: '5' },
    accounts: { type: 'string', default: '1000' },
    tellers: { type: 'string', default: '8' },
    'at-once': { type: 'string', default: '32' },
  },
});

export default defineGame({
  name: 'bank',
  entities: [
    // Money that nobody uses for a while is still money.
    entity(Account, AccountEntity, { idleTimeout: 'never' }),
    entity(Teller, TellerEntity),
  ],
  async onStart(node) {
    const accounts = Number(flags.accounts);
    const seconds = Number(flags.seconds);
    const tallies = await Promise.all(
      Array.from({ length: Number(flags.tellers) }, (_, i) =>
        node.getProxy(Teller, i).work(seconds * 1000, accounts, Number(flags['at-once'])),
      ),
    );
    const money = await total(node, accounts);
    const transfers = tallies.reduce((sum, tally) => sum + tally.transfers, 0);
    const deadlocks = tallies.reduce((sum, tally) => sum + tally.deadlocks, 0);
    const failures = tallies.flatMap((tally) => [...tally.failures]).filter(([what]) => what !== 'not-enough-money');
    console.log(`${transfers} transfers in ${seconds} s, ${deadlocks} of them again after a deadlock`);
    for (const [what, times] of failures) console.log(`${times} transfers failed: ${what}`);
    console.log(
      money === accounts * OPENING_BALANCE
        ? 'no money was lost'
        : `there are ${money} instead of ${accounts * OPENING_BALANCE}`,
    );
  },
});

async function total(node: NodeRef, accounts: number): Promise<number> {
  const balances = await Promise.all(Array.from({ length: accounts }, (_, id) => node.getProxy(Account, id).balance()));
  return balances.reduce((sum, balance) => sum + balance, 0);
}
