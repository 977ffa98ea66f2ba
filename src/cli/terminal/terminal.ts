// The terminal as a command sees it: two streams, colours or none, and at most one region that is drawn again and again.

import pc from "picocolors";
import { fit } from "./width.ts";

export type Colors = ReturnType<typeof pc.createColors>;

const HIDE_CURSOR = "\u001b[?25l";
const SHOW_CURSOR = "\u001b[?25h";

/** What `process` has, as far as it matters here. */
export interface Surroundings {
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * Everything a command says goes through here. With `json`, standard output belongs to the one document: `print` is silent,
 * and what other code writes there (a producer's `console.log`) goes to standard error.
 */
export class Terminal {
  readonly json: boolean;
  readonly colors: Colors;
  /** Whether lines may be drawn over: standard output is a terminal, is not asked for JSON, and moves its cursor. */
  readonly live: boolean;
  readonly #out: Outlet;
  readonly #err: Outlet;
  #drawn = 0;
  #lineOpen = false;

  constructor({ stdout, stderr, env }: Surroundings, { json }: { readonly json: boolean }) {
    // Undefined where it is none, which the library of colours would take for "find out yourself", and colour in CI.
    const terminal = Boolean(stdout.isTTY) && env["TERM"] !== "dumb";
    this.json = json;
    this.live = !json && terminal;
    this.colors = pc.createColors(wantsColors(env, terminal));
    this.#out = new Outlet(stdout);
    this.#err = new Outlet(stderr);
  }

  // A terminal that does not know its size says 0.
  get columns(): number {
    return this.#out.stream.columns || 80;
  }

  get rows(): number {
    return this.#out.stream.rows || 24;
  }

  /** Lines for people, on standard output; nothing with `json`. */
  print(...lines: readonly string[]): void {
    if (!this.json && lines.length > 0) this.emit(`${lines.join("\n")}\n`);
  }

  /** Lines for people, on standard error. */
  warn(...lines: readonly string[]): void {
    if (lines.length === 0) return;
    this.clear();
    this.#err.write(`${lines.join("\n")}\n`);
  }

  /** For a program, on standard output as it is. */
  emit(bytes: string | Uint8Array): void {
    this.clear();
    this.#out.write(bytes);
  }

  /** Replaces what `draw` drew last by these lines, as many as the terminal has room for. Only where `live`. */
  draw(lines: readonly string[]): void {
    if (!this.live) return;
    const shown = lines.slice(0, Math.max(1, this.rows - 1));
    const start = this.#drawn > 0 ? this.#erase() : HIDE_CURSOR + (this.#lineOpen ? "\n" : "");
    this.#lineOpen = false;
    this.#drawn = shown.length;
    this.#out.write(`${start}${shown.join("\n")}\n`);
  }

  /** Takes away what was drawn, and gives the cursor back. */
  clear(): void {
    if (this.#drawn === 0) return;
    this.#out.write(this.#erase() + SHOW_CURSOR);
    this.#drawn = 0;
  }

  /** Text without colours, cut so that it and `taken` further columns fit on one line. */
  cut(text: string, taken = 0): string {
    return fit(text, this.columns - 1 - taken);
  }

  /**
   * From now on what other code writes to standard output and error passes through here too, so that it neither breaks
   * the drawing nor gets between a program and its one document. Returns what ends this.
   */
  takeOver(): () => void {
    const restoreOut = this.#out.intercept((chunk) => this.#passOn(this.json ? this.#err : this.#out, chunk));
    const restoreErr = this.#err.intercept((chunk) => this.#passOn(this.#err, chunk));
    return () => {
      this.clear();
      restoreOut();
      restoreErr();
    };
  }

  /** Waits until everything written has left the process, or its reader has. */
  async flush(): Promise<void> {
    this.clear();
    await this.#out.flush();
    await this.#err.flush();
  }

  #erase(): string {
    return `\r\u001b[${this.#drawn}A\u001b[0J`;
  }

  #passOn(outlet: Outlet, chunk: string | Uint8Array): void {
    this.clear();
    outlet.write(chunk);
    this.#lineOpen = this.live && !endsLine(chunk);
  }
}

/** One of the two streams, reached past whatever is put in front of it. */
class Outlet {
  readonly stream: NodeJS.WriteStream;
  readonly #write: NodeJS.WriteStream["write"];
  #closed = false;

  constructor(stream: NodeJS.WriteStream) {
    this.stream = stream;
    this.#write = stream.write.bind(stream);
    // A reader that has seen enough (`| head`) is no error: the work goes on, only nothing more is said.
    stream.on("error", () => {
      this.#closed = true;
    });
  }

  write(chunk: string | Uint8Array): void {
    if (!this.#closed) this.#write(chunk);
  }

  async flush(): Promise<void> {
    if (!this.#closed) await new Promise<void>((done) => this.#write("", () => done()));
  }

  intercept(pass: (chunk: string | Uint8Array) => void): () => void {
    const { stream } = this;
    const before = stream.write.bind(stream);
    const write = (chunk: string | Uint8Array, second?: unknown, third?: unknown): boolean => {
      pass(
        typeof chunk === "string" && typeof second === "string" ? Buffer.from(chunk, second as BufferEncoding) : chunk,
      );
      const done = (typeof second === "function" ? second : third) as (() => void) | undefined;
      if (done !== undefined) queueMicrotask(done);
      return true;
    };
    stream.write = write;
    return () => {
      stream.write = before;
    };
  }
}

function endsLine(chunk: string | Uint8Array): boolean {
  return chunk.length === 0 || (typeof chunk === "string" ? chunk.endsWith("\n") : chunk.at(-1) === 10);
}

/** NO_COLOR (any value but the empty one) says no; FORCE_COLOR says yes, "0" and "false" no; else colours go to terminals only. */
function wantsColors(env: Readonly<Record<string, string | undefined>>, terminal: boolean): boolean {
  if ((env["NO_COLOR"] ?? "") !== "") return false;
  const forced = env["FORCE_COLOR"] ?? "";
  return forced === "" ? terminal : forced !== "0" && forced !== "false";
}
