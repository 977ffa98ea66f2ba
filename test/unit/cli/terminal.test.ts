// The terminal: who may write where, what is drawn over, and what is left behind.

import { Writable } from "node:stream";
import { describe, expect, it } from "vitest";
import { Terminal } from "../../../src/cli/terminal/terminal.ts";

interface Screen {
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly out: () => string;
  readonly err: () => string;
}

/** Two streams that remember what they were sent. */
function screen({ tty = false, columns = 80, rows = 24 } = {}): Screen {
  const sent = { out: "", err: "" };
  const stream = (name: "out" | "err"): NodeJS.WriteStream => {
    const writable = new Writable({
      decodeStrings: false,
      write(chunk: string | Uint8Array, _encoding, done) {
        sent[name] += typeof chunk === "string" ? chunk : Buffer.from(chunk).toString();
        done();
      },
    });
    return Object.assign(writable, tty ? { isTTY: true, columns, rows } : {}) as unknown as NodeJS.WriteStream;
  };
  return { stdout: stream("out"), stderr: stream("err"), out: () => sent.out, err: () => sent.err };
}

function terminalOn(on: Screen, { json = false, env = {} } = {}): Terminal {
  return new Terminal({ stdout: on.stdout, stderr: on.stderr, env }, { json });
}

describe("colours", () => {
  const colored = (env: Record<string, string>, tty: boolean): boolean =>
    terminalOn(screen({ tty }), { env }).colors.red("x") !== "x";

  it("go to terminals only, unless told", () => {
    expect(colored({}, true)).toBe(true);
    expect(colored({}, false)).toBe(false);
    expect(colored({ TERM: "dumb" }, true)).toBe(false);
    expect(colored({ CI: "1" }, false)).toBe(false);
  });

  it("follow NO_COLOR, then FORCE_COLOR", () => {
    expect(colored({ NO_COLOR: "1" }, true)).toBe(false);
    expect(colored({ NO_COLOR: "1", FORCE_COLOR: "1" }, true)).toBe(false);
    expect(colored({ NO_COLOR: "" }, true)).toBe(true);
    expect(colored({ FORCE_COLOR: "1" }, false)).toBe(true);
    expect(colored({ FORCE_COLOR: "0" }, true)).toBe(false);
  });
});

describe("with --json", () => {
  it("standard output has what is emitted and nothing else", () => {
    const on = screen();
    const terminal = terminalOn(on, { json: true });
    const restore = terminal.takeOver();

    terminal.print("for people");
    on.stdout.write("from a producer\n");
    restore();
    terminal.emit('{"answer":42}\n');

    expect(on.out()).toBe('{"answer":42}\n');
    expect(on.err()).toBe("from a producer\n");
  });

  it("nothing is drawn, even on a terminal", () => {
    const on = screen({ tty: true });
    const terminal = terminalOn(on, { json: true });

    terminal.draw(["a line"]);

    expect(terminal.live).toBe(false);
    expect(on.out()).toBe("");
  });
});

describe("a terminal that does not know its size", () => {
  it("is taken for one of 80 columns and 24 rows", () => {
    const { columns, rows } = terminalOn(screen({ tty: true, columns: 0, rows: 0 }));

    expect([columns, rows]).toEqual([80, 24]);
  });
});

describe("what is drawn", () => {
  it("is drawn over, never below", () => {
    const on = screen({ tty: true });
    const terminal = terminalOn(on);

    terminal.draw(["one", "two"]);
    terminal.draw(["three"]);
    terminal.clear();

    expect(on.out()).toBe("\u001b[?25lone\ntwo\n\r\u001b[2A\u001b[0Jthree\n\r\u001b[1A\u001b[0J\u001b[?25h");
  });

  it("makes way for what others print, and for what is said", () => {
    const on = screen({ tty: true });
    const terminal = terminalOn(on);
    const restore = terminal.takeOver();

    terminal.draw(["tree"]);
    on.stdout.write("from a producer");
    terminal.draw(["tree"]);
    terminal.print("remark");
    restore();

    // A line that was left open is ended before anything is drawn below it.
    expect(on.out()).toBe(
      "\u001b[?25ltree\n\r\u001b[1A\u001b[0J\u001b[?25hfrom a producer\u001b[?25l\ntree\n\r\u001b[1A\u001b[0J\u001b[?25hremark\n",
    );
  });

  it("is never higher than the terminal", () => {
    const on = screen({ tty: true, rows: 4 });

    terminalOn(on).draw(["1", "2", "3", "4", "5"]);

    expect(on.out()).toBe("\u001b[?25l1\n2\n3\n");
  });

  it("gives the cursor back at the end", async () => {
    const on = screen({ tty: true });
    const terminal = terminalOn(on);

    terminal.draw(["tree"]);
    await terminal.flush();

    expect(on.out().endsWith("\u001b[?25h")).toBe(true);
  });
});

describe("a reader that has gone away", () => {
  it("is no error, and the other stream goes on", async () => {
    const on = screen();
    const terminal = terminalOn(on);

    on.stdout.emit("error", Object.assign(new Error("write EPIPE"), { code: "EPIPE" }));
    terminal.print("into nothing");
    terminal.warn("a warning");
    await terminal.flush();

    expect(on.out()).toBe("");
    expect(on.err()).toBe("a warning\n");
  });
});
