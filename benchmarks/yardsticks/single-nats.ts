/** One publish a call and one back, by hand: what is written first. */
import { bareNats } from './bare-nats-pipe.ts';

bareNats('single', 1);
