import { isMainThread, threadId } from 'node:worker_threads';
import { same } from './same.fixture.ts';

/** Which thread it runs on. */
export default async function where(): Promise<{ isMainThread: boolean; threadId: number }> {
  await null;
  return same({ isMainThread, threadId });
}
