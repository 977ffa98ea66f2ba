// Runs another program to its end, in a process group of its own, so that everything it started can be ended with it.

import { spawn } from "node:child_process";

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

/** Groups that run now: none outlives this process where that can be helped. */
const running = new Set<number>();
process.on("exit", () => {
  for (const group of running) end(group, "SIGKILL");
});

/** Rejects where the program cannot be started, with the system's own error. */
export function runProgram(words: readonly string[], options: ProgramOptions): Promise<ProgramEnd> {
  const { cwd, env, shell, signal, keepOutput } = options;
  return new Promise((resolve, reject) => {
    const [program, ...args] = words as [string, ...string[]];
    const child = spawn(program, args, { cwd, env, shell, detached: true, stdio: ["ignore", "pipe", "pipe"] });
    const group = child.pid;
    const kept: Uint8Array[] = [];
    const last: string[] = [];
    const tell = (text: string): void => options.line(text);
    const errors = lines((text) => {
      last.push(text.slice(0, LONGEST_LINE));
      if (last.length > LAST_LINES) last.shift();
      tell(text);
    });
    child.stderr.setEncoding("utf8").on("data", errors.take);
    const words2 = lines(tell);
    if (keepOutput) child.stdout.on("data", (bytes: Uint8Array) => kept.push(bytes));
    else child.stdout.setEncoding("utf8").on("data", words2.take);

    let late: NodeJS.Timeout | undefined;
    const stop = (): void => {
      if (group === undefined) return;
      end(group, "SIGTERM");
      late = setTimeout(() => end(group, "SIGKILL"), GRACE);
    };
    if (group !== undefined) running.add(group);
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) stop();

    const over = (): void => {
      clearTimeout(late);
      signal.removeEventListener("abort", stop);
      if (group === undefined) return;
      // What it left running could still write to files that count as finished.
      end(group, "SIGKILL");
      running.delete(group);
    };
    child.on("error", (error) => {
      over();
      reject(error);
    });
    child.on("exit", over);
    child.on("close", (code, by) => {
      errors.finish();
      words2.finish();
      resolve({ code, signal: by, last, output: Buffer.concat(kept) });
    });
  });
}

function end(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal);
  } catch {
    // It is over already.
  }
}

function lines(tell: (line: string) => void): { readonly take: (text: string) => void; readonly finish: () => void } {
  let rest = "";
  return {
    take(text) {
      const parts = (rest + text).split(/\r?\n/);
      rest = parts.pop() ?? "";
      for (const part of parts) tell(part);
    },
    finish() {
      if (rest !== "") tell(rest);
      rest = "";
    },
  };
}
