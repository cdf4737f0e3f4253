import { Gatekeeper } from '../gatekeeper.fixture.ts';
import type { Gate } from './contracts.fixture.ts';

export class GateEntity extends Gatekeeper implements Gate {}
