/** The door of 'skerry/testing'. */
export type { LogLevel, LogLine } from './captured-log.ts';
export type { ClusterOptions } from './cluster-options.ts';
export type { TurnRecord } from './observed-turns.ts';
export { startCluster } from './start-cluster.ts';
export { checkStore, type StoreCheckOptions, type StoreSubject } from './store-conformance.ts';
export type {
  CounterName,
  Inspection,
  LogMatch,
  TestCluster,
  TestLog,
  Truthy,
  WaitOptions,
} from './test-cluster.ts';
