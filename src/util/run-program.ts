// Runs another program to its end, in a process group of its own, so that everything it started can be ended with it.

import { spawn } from "node:child_process";
import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { cutText } from "./cut-text.ts";
import { OutputLines } from "./output-lines.ts";

export interface ProgramOptions {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The words are one line for the shell. */
  readonly shell: boolean;
  readonly signal: AbortSignal;
  /** Told of every line on standard error, and on standard output where that is not kept. */
  readonly line: (text: string) => void;
  /** Keeps standard output. */
  readonly keepOutput: boolean;
}

export interface ProgramEnd {
  /** `null` where a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The last lines on standard error. */
  readonly last: readonly string[];
  /** Standard output, where it was to be kept. */
  readonly output: Uint8Array;
}

/** Milliseconds that a program has to end by itself when it is asked to. */
const GRACE = 2_000;
const LAST_LINES = 10;
const LONGEST_LINE = 500;
const LOOK = 20;
/** Milliseconds without a word after which nothing more is waited for from a program that has ended. */
const SILENCE = 250;

/** Groups that run now: none outlives this process where that can be helped. */
const running = new Set<number>();
process.on("exit", () => {
  for (const group of running) end(group, "SIGKILL");
});

/** Rejects where the program cannot be started, with the system's own error. */
export function runProgram(command: readonly string[], options: ProgramOptions): Promise<ProgramEnd> {
  const { cwd, env, shell, signal, keepOutput } = options;
  return new Promise((resolve, reject) => {
    const [program, ...args] = command as [string, ...string[]];
    const child = spawn(program, args, { cwd, env, shell, detached: true, stdio: ["ignore", "pipe", "pipe"] });
    const group = child.pid;
    const kept: Uint8Array[] = [];
    const last: string[] = [];
    const errors = new OutputLines((text) => {
      last.push(cutText(text, LONGEST_LINE));
      if (last.length > LAST_LINES) last.shift();
      options.line(text);
    });
    const words = new OutputLines(options.line);
    child.stderr.setEncoding("utf8").on("data", (text: string) => errors.take(text));
    if (keepOutput) child.stdout.on("data", (bytes: Uint8Array) => kept.push(bytes));
    else child.stdout.setEncoding("utf8").on("data", (text: string) => words.take(text));

    let late: NodeJS.Timeout | undefined;
    const stop = (): void => {
      if (group === undefined) return;
      end(group, "SIGTERM");
      late = setTimeout(() => end(group, "SIGKILL"), GRACE);
    };
    if (group !== undefined) running.add(group);
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) stop();

    const over = async (): Promise<void> => {
      signal.removeEventListener("abort", stop);
      if (group === undefined) return;
      // Asked to end, those that it started have as long as it had.
      if (late !== undefined) await groupEnded(group);
      clearTimeout(late);
      // What it left running could still write to files that count as finished.
      end(group, "SIGKILL");
      running.delete(group);
    };
    child.on("error", (error) => {
      void over();
      reject(error);
    });
    const ended = new Promise<void>((resolve) => {
      child.on("exit", () => {
        void over().then(() => {
          closeWhenSilent([child.stdout, child.stderr]);
          resolve();
        });
      });
    });
    child.on("close", (code, by) => {
      void ended.then(() => {
        errors.finish();
        words.finish();
        resolve({ code, signal: by, last, output: Buffer.concat(kept) });
      });
    });
  });
}

/** Not longer than it has; where nobody takes note of the dead, they look alive. */
async function groupEnded(group: number): Promise<void> {
  for (let waited = 0; waited <= GRACE; waited += LOOK, await sleep(LOOK)) {
    try {
      process.kill(-group, 0);
    } catch {
      return;
    }
  }
}

function end(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal);
  } catch {
    // It is over already.
  }
}

/** What left the group, as services do that a program starts, may hold the other ends of its pipes for ever. */
function closeWhenSilent(pipes: readonly Readable[]): void {
  let heard = false;
  for (const pipe of pipes) pipe.on("data", () => (heard = true));
  const look = (): void => {
    if (pipes.every((pipe) => pipe.closed)) return;
    // Behind a turn of the event loop: where that was held up, what was said lies there unread.
    setImmediate(() => {
      if (heard) wait();
      else for (const pipe of pipes) pipe.destroy();
    });
  };
  const wait = (): void => {
    heard = false;
    setTimeout(look, SILENCE);
  };
  wait();
}
