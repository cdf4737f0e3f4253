import { openSocket } from '../../transport/client/ws.ts';
import { connectWith } from './connect.ts';

export const connect = connectWith(openSocket);
