// The end of the process, however it comes: what is pending is written, or at least put into the journal.

/** Somebody who has something pending. */
export interface Pending {
  /** Resolves when nothing is pending; false where its time, or `atMost`, was over and the rest went to the journal. */
  finish(atMost?: number): Promise<boolean>;
  /** Puts everything pending into the journal without giving way. */
  spill(): void;
}

const signals = ["SIGINT", "SIGTERM"] as const;
type Signal = (typeof signals)[number];

/** Milliseconds for a signal: whoever sent it may send SIGKILL ten seconds later. */
const SIGNAL_TIMEOUT = 5_000;

const pending = new Set<Pending>();
const listeners = new Map<Signal, () => void>();
let ending: Signal | undefined;

/** From now on the end of the process waits for it. The process listens only while there is somebody to wait for. */
export function watchEnd(one: Pending): void {
  if (pending.size === 0) listen();
  pending.add(one);
}

export function unwatchEnd(one: Pending): void {
  if (pending.delete(one) && pending.size === 0) stopListening();
}

function listen(): void {
  process.on("beforeExit", finishQuietly);
  // Also what an uncaught error and `process.exit` end with.
  process.on("exit", spillAll);
  for (const signal of signals) {
    const listener = (): void => endWith(signal);
    listeners.set(signal, listener);
    process.on(signal, listener);
  }
}

function stopListening(): void {
  process.off("beforeExit", finishQuietly);
  process.off("exit", spillAll);
  for (const [signal, listener] of listeners) process.off(signal, listener);
  listeners.clear();
}

/** Nothing else is left to do, so nobody is kept waiting but the process itself. Records that could not be written are a failure. */
function finishQuietly(): void {
  void finishAll().then((all) => {
    if (!all && (process.exitCode === undefined || process.exitCode === 0)) process.exitCode = 1;
  });
}

async function finishAll(atMost?: number): Promise<boolean> {
  const finished = await Promise.all([...pending].map((one) => one.finish(atMost).catch(() => false)));
  return finished.every((one) => one);
}

function spillAll(): void {
  for (const one of pending) one.spill();
}

/**
 * Listening to a signal takes away what it does by itself, which is to end the process. Where the program listens too, the end is its own
 * affair, and `exit` comes before it. Where it does not, the signal is sent again once everything is safe, so that whoever started the
 * process sees it ended by that signal, as without us.
 */
function endWith(signal: Signal): void {
  if (process.listenerCount(signal) > 1) return;
  if (ending !== undefined) return again(signal); // a second time: no more patience
  ending = signal;
  void finishAll(SIGNAL_TIMEOUT).finally(() => again(signal));
}

function again(signal: Signal): void {
  spillAll();
  stopListening();
  process.kill(process.pid, signal);
}
