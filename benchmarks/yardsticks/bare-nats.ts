/** The limit through NATS, by hand: up to 256 records a message. */
import { bareNats } from './bare-nats-pipe.ts';

bareNats('bare', 256);
