/** The door of 'skerry/client' in Node.js. */
export type { CallOptions } from './call-options.ts';
export type { Client, ClientCounters } from './client.ts';
export type { ConnectOptions } from './connect.ts';
export { connect } from './connect-node.ts';
export type { CloseDetail } from './connection.ts';
export type { ClientEvent } from './listeners.ts';
