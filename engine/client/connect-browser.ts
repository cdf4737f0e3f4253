import { openSocket } from '../../transport/client/browser-socket.ts';
import { connectWith } from './connect.ts';

export const connect = connectWith(openSocket);
