// What a build says while it runs and when it is over.

import pc from "picocolors";
import { describe, expect, it } from "vitest";
import type { BuildResult, StepReport } from "../../../src/build/events.ts";
import type { Reason } from "../../../src/build/reason.ts";
import type { FinishedState, PlannedState } from "../../../src/build/step-state.ts";
import { progressLine, progressTree } from "../../../src/cli/report/live.ts";
import { Progress } from "../../../src/cli/report/progress.ts";
import { buildLines, planLines } from "../../../src/cli/report/summary.ts";
import { Terminal } from "../../../src/cli/terminal/terminal.ts";
import { widthOf } from "../../../src/cli/terminal/width.ts";
import { StratigraphError } from "../../../src/errors.ts";
import type { Fingerprint } from "../../../src/identity/fingerprint.ts";

const snapshot = "7f3a91c2".padEnd(32, "0") as Fingerprint;
const teller = { colors: pc.createColors(false), cwd: "/home/ana/spend", program: "strata" };
const plain = { strays: [], elapsed: 83 };

function step<State extends FinishedState | PlannedState>(
  key: string,
  partition: string,
  state: State,
  reason: Reason,
  error?: StratigraphError,
): StepReport<State> {
  return { key, partition, state, reason, error };
}

function result(steps: StepReport<FinishedState>[], outcome: BuildResult["outcome"] = "succeeded"): BuildResult {
  const count = (state: FinishedState): number => steps.filter((one) => one.state === state).length;
  return {
    graph: "spend",
    snapshot,
    outcome,
    built: count("built"),
    reused: count("reused"),
    skipped: count("skipped"),
    failed: count("failed"),
    steps,
    duration: 70,
  };
}

const day = (n: number): string => `date=2026-01-${String(n).padStart(2, "0")}`;
const inputChanged = (n: number): Reason => ({
  code: "input-changed",
  changes: [{ part: "input 'transactions'", change: "changed", partition: day(n) }],
  changeCount: 1,
});

describe("after a build", () => {
  it("that had nothing to do, one line says so", () => {
    const steps = [1, 2, 3].map((n) => step("days", day(n), "reused", { code: "unchanged" }));

    expect(buildLines(result(steps), { first: false, ...plain }, teller)).toEqual([
      "nothing to do: 3 partitions up to date (0.08 s)",
    ]);
  });

  it("few partitions are told one by one, each with its reason", () => {
    const steps = [
      step("days", day(1), "reused", { code: "unchanged" }),
      step("days", day(2), "built", inputChanged(2)),
      step("total", "", "built", {
        code: "input-changed",
        changes: [{ part: "input 'days'", change: "changed", partition: day(2) }],
      }),
    ];

    expect(buildLines(result(steps), { first: false, ...plain }, teller)).toEqual([
      "  days[date=2026-01-02]  built  input 'transactions'[date=2026-01-02] changed",
      "  total                  built  input 'days'[date=2026-01-02] changed",
      "2 built, 1 reused in 0.08 s · snapshot 7f3a91c2",
      "next: strata why total",
    ]);
  });

  it("many partitions are told together", () => {
    const steps = Array.from({ length: 28 }, (_, n) => step("days", day(n + 1), "built", inputChanged(n + 1)));

    expect(buildLines(result(steps), { first: false, ...plain }, teller)[0]).toBe(
      "  days  28 built  input 'transactions' changed",
    );
  });

  it("going back to what was built before is told, not hidden as nothing", () => {
    const steps = [step("total", "", "reused", { code: "built-before" })];

    expect(buildLines(result(steps), { first: false, ...plain }, teller)).toEqual([
      "  total  reused  it was built from exactly this before",
      "0 built, 1 reused in 0.08 s · snapshot 7f3a91c2",
      "next: strata why total",
    ]);
  });

  it("a failure has the user's message and place, and none of our frames", () => {
    const cause = new RangeError("amount is not a number");
    cause.stack = [
      "RangeError: amount is not a number",
      "    at build (/home/ana/spend/spend.ts:14:9)",
      "    at file:///home/ana/spend/node_modules/stratigraph/dist/build/local-executor.js:61:9",
      "    at node:internal/process/task_queues:95:5",
    ].join("\n");
    const error = new StratigraphError("STEP_FAILED", "the producer failed: amount is not a number", {
      where: "producer 'sum-day', days[date=2026-01-02]",
      cause,
    });
    const steps = [
      step("days", day(1), "built", { code: "never-built" }),
      step("days", day(2), "failed", { code: "never-built" }, error),
      step("total", "", "skipped", { code: "upstream-failed", on: [`days[${day(2)}]`] }),
    ];

    expect(buildLines(result(steps, "failed"), { first: true, ...plain }, teller)).toEqual([
      "  days[date=2026-01-01]  built  for the first time",
      "  days[date=2026-01-02]  failed  the producer failed: amount is not a number",
      "    at        spend.ts:14:9 in build",
      "  total  skipped  days[date=2026-01-02] failed",
      "1 built, 0 reused, 1 failed, 1 skipped in 0.08 s · snapshot 7f3a91c2",
      "next: mend it, then the same command again: what is built is kept",
    ]);
  });

  it("that was stopped, what is left is said, and that the same command goes on", () => {
    const steps = [
      step("days", day(1), "built", { code: "never-built" }),
      step("days", day(2), "skipped", { code: "cancelled" }),
    ];

    expect(buildLines(result(steps, "cancelled"), { first: true, ...plain }, teller).at(-1)).toBe(
      "next: the same command again: 1 partition is left, what is finished is kept",
    );
  });

  it("files that match no partition are a warning, with the reason of some", () => {
    const examples = [1, 2, 3, 4, 5].map((n) => ({ location: `data/${n}.txt`, problem: `'${n}' is not a day` }));
    const lines = buildLines(
      result([]),
      { first: false, strays: [{ key: "raw", count: 12, examples }], elapsed: 1 },
      teller,
    );

    expect(lines.at(-1)).toBe(
      "warning: raw: 12 files match no partition: data/1.txt ('1' is not a day), data/2.txt ('2' is not a day), data/3.txt ('3' is not a day) and 9 others",
    );
  });

  it("a name that would command the terminal is shown, not obeyed", () => {
    const evil = "\u001b]0;owned\u0007";
    const error = new StratigraphError("STEP_FAILED", `the producer failed: ${evil}\rdone`);
    const lines = buildLines(
      result([step(evil, evil, "failed", { code: "never-built" }, error)], "failed"),
      { first: false, ...plain },
      teller,
    );

    expect(lines.join("\n")).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
    expect(lines.join("\n")).toContain("\\x1b]0;owned\\x07");
  });

  it("ten thousand failures do not fill the screen", () => {
    const error = new StratigraphError("STEP_FAILED", "the producer failed");
    const steps = Array.from({ length: 10_000 }, (_, n) =>
      step("days", `date=${n}`, "failed", { code: "never-built" }, error),
    );

    expect(buildLines(result(steps, "failed"), { first: false, ...plain }, teller).length).toBeLessThan(40);
  });
});

describe("a plan", () => {
  it("says what would run, what waits, and what is fine", () => {
    const lines = planLines(
      {
        graph: "spend",
        snapshot,
        steps: [
          step("days", day(1), "up-to-date", { code: "unchanged" }),
          step("days", day(2), "stale", inputChanged(2)),
          step("total", "", "pending", { code: "pending", on: [`days[${day(2)}]`] }),
        ],
        counts: { "up-to-date": 1, stale: 1, missing: 0, pending: 1 },
        changes: true,
        strays: [],
      },
      plain,
      teller,
    );

    expect(lines).toEqual([
      "  days[date=2026-01-02]  stale    input 'transactions'[date=2026-01-02] changed",
      "  total                  pending  waits for days[date=2026-01-02]",
      "1 stale, 1 pending (they run only if what is above them changes), 1 up to date",
      "next: strata build",
    ]);
  });
});

describe("what comes after a plan", () => {
  it("is the build that was planned, as it can be typed", () => {
    const planned = {
      graph: "spend",
      snapshot,
      steps: [step("total", "", "stale", inputChanged(2))],
      counts: { "up-to-date": 0, stale: 1, missing: 0, pending: 0 },
      changes: true,
      strays: [],
    };

    const words = ["days[2026-01-02]", "-p", "rate=0.2", "-p", "who=it's Ana", "--env", "dev"];
    const lines = planLines(planned, { ...plain, words }, teller);

    expect(lines.at(-1)).toBe(
      String.raw`next: strata build 'days[2026-01-02]' -p rate=0.2 -p 'who=it'\''s Ana' --env dev`,
    );
  });
});

describe("while a build runs", () => {
  const name = (key: string, partition: string) => ({ key, partition, producer: "sum-day" });
  const zero = { "up-to-date": 0, stale: 0, missing: 0, pending: 0 };

  function running(): Progress {
    const progress = new Progress(0);
    const byKey = new Map([
      ["days", { ...zero, missing: 8 }],
      ["total", { ...zero, pending: 1 }],
      ["settled", { ...zero, "up-to-date": 3 }],
    ]);
    progress.take(
      { type: "planned", graph: "spend", snapshot, counts: { ...zero, missing: 8, pending: 1 }, byKey },
      10,
    );
    for (let n = 1; n <= 5; n++) {
      progress.take(
        { type: "step-started", step: name("days", day(n)), reason: { code: "never-built" }, attempt: 1 },
        100 * n,
      );
    }
    for (let n = 1; n <= 4; n++) {
      const state = n === 4 ? "failed" : "built";
      progress.take(
        {
          type: "step-finished",
          step: name("days", day(n)),
          state,
          reason: { code: "never-built" },
          duration: 1,
          error: undefined,
        },
        1_000,
      );
    }
    return progress;
  }

  const stream = (columns: number, rows: number) =>
    ({ isTTY: true, columns, rows, on: () => undefined, write: () => true }) as never;
  const terminalOf = (columns: number, rows: number): Terminal =>
    new Terminal(
      { stdout: stream(columns, rows), stderr: stream(columns, rows), env: { NO_COLOR: "1" } },
      { json: false },
    );

  it("each artifact with something to do has a line: bar, counts, what runs, since when", () => {
    expect(progressTree(running(), terminalOf(80, 24), 2_000)).toEqual([
      "  days   ━━━━━━━━────────  4/8  date=2026-01-05 1.50 s",
      "  total  ────────────────  0/1",
      "  4 of 9 · 2.00 s · about 2.38 s left",
    ]);
  });

  it("no line is wider than the terminal, and the tree no higher", () => {
    for (const [columns, rows] of [
      [40, 4],
      [20, 24],
      [80, 3],
    ] as const) {
      const lines = progressTree(running(), terminalOf(columns, rows), 2_000);
      expect(lines.length).toBeLessThan(rows);
      for (const line of lines) expect(widthOf(line)).toBeLessThan(columns);
    }
  });

  it("a log gets one line", () => {
    expect(progressLine(running(), 2_000)).toBe("days 4 of 8, total 0 of 1 (2.00 s, about 2.38 s left)");
  });

  it("a log gets none where nothing is open, and what a fan-out adds is counted with the rest", () => {
    const progress = new Progress(0);
    const planned = (key: string, missing: number, more?: true) => {
      const counts = { ...zero, missing };
      progress.take({ type: "planned", graph: "g", snapshot, counts, byKey: new Map([[key, counts]]), more }, 10);
    };
    const finish = (key: string) =>
      progress.take(
        {
          type: "step-finished",
          step: name(key, ""),
          state: "built",
          reason: { code: "never-built" },
          duration: 1,
          error: undefined,
        },
        20,
      );
    planned("parts.keys", 1);
    finish("parts.keys");

    expect(progressLine(progress, 2_000)).toBeUndefined();

    planned("sums", 2, true);
    finish("sums");

    expect(progressLine(progress, 2_000)).toContain("sums 1 of 2");
    expect(progress.todo).toBe(3);
  });
});
