import { GameError } from 'skerry';

export default async function fail(how: string): Promise<unknown> {
  switch (how) {
    case 'game':
      throw new GameError('no-path', { from: 1, to: new Map([['b', -0]]) });
    case 'plain':
      throw new RangeError('boom');
    case 'later':
      await null;
      throw new RangeError('boom later');
    case 'string':
      throw 'just text';
    case 'untravelled':
      throw new GameError('odd', { run: () => {} });
    case 'result':
      return { run: () => {} };
    default:
      return 'did not fail';
  }
}
