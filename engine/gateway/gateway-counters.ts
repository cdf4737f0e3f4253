/** What a gateway counts, as plain numbers: read by metrics, written where it happens. */
export class GatewayCounters {
  connectionsAccepted = 0;
  connectionsRefused = 0;
  sessionsOpened = 0;
  sessionsClosed = 0;
  sessionsDenied = 0;
  closedMalformed = 0;
  closedPolicy = 0;
  closedSilent = 0;
  closedSlow = 0;
  framesReceived = 0;
  framesSent = 0;
  bytesReceived = 0;
  bytesSent = 0;
  callsForbidden = 0;
  callsInvalid = 0;
  callsOverRate = 0;
  callsOverMax = 0;
  callsFailedInternally = 0;
  pushesSent = 0;
  pushesReplaced = 0;
  pushesDropped = 0;
  pushesWithoutSession = 0;
  repliesInvalid = 0;
  /** At other gateways, beyond what is kept of one. */
  principalsForgotten = 0;
}
