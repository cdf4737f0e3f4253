/** The door of 'skerry/testing'. */
export { CapturedLog, type LogLine } from './captured-log.ts';
export { LocalHost, type LocalHostOptions } from './local-host.ts';
export { ManualClock } from './manual-clock.ts';
