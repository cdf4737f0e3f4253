/** What a node counts, as plain numbers on one object: read by metrics, written where it happens. */
export class Counters {
  callsSent = 0;
  callsCompleted = 0;
  callsFailed = 0;
  callsTimedOut = 0;
  repliesLate = 0;
  turnsRun = 0;
  turnsFailed = 0;
  tasksRun = 0;
  taskOverruns = 0;
  expiredBeforeRun = 0;
  /** Messages and tasks that had to wait for a lock, or behind what did; only in games with locks. */
  lockWaits = 0;
  deadlocks = 0;
  refusedMailboxFull = 0;
  refusedLinkFull = 0;
  droppedUnreliable = 0;
  replacedUnreliable = 0;
  deadLetters = 0;
  resultsRefused = 0;
  invalidMessages = 0;
  activations = 0;
  deactivations = 0;
  /** Of these, the ones that made room when memory was short, and how often it was. */
  deactivationsForMemory = 0;
  memoryShortages = 0;
  unhandledRejections = 0;
  callsLost = 0;
  framesSentAgain = 0;
  linksCorrupt = 0;
  refusedQuarantined = 0;
  /** Records that the store has saved for this node, and how often one was not saved that should have been. */
  recordsSaved = 0;
  savesFailed = 0;
  refusedStoreBusy = 0;
  /** Messages with `exactlyOnce`: sent, run here, here again and not run again, sent again, set aside. */
  parcelsKept = 0;
  parcelsArrived = 0;
  parcelsRepeated = 0;
  parcelsAgain = 0;
  parcelsAside = 0;
  /** Activations that died because somebody else has their slot or their record. */
  dispossessed = 0;
  /** On the node that holds the store. */
  storeLoads = 0;
  storeSaves = 0;
  storeRecords = 0;
  /** In a cluster: messages that came back because their slot was not there, not open or given up; and that were sent back. */
  messagesReturned = 0;
  messagesSentBack = 0;
  /** Messages of entities whose slot has another owner since, or a later epoch: nobody takes them. */
  staleSources = 0;
  /** Activations whose slot was lost. */
  forgotten = 0;
  clientPushes = 0;
  clientPushesUndelivered = 0;
  /** To the gateways of other hosts. */
  clientPushesPassedOn = 0;
}
