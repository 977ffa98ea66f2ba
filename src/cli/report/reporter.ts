// What is said while a build runs: a tree drawn again and again on a terminal, lines now and then elsewhere.

import type { BuildEvent, BuildListener, StepName } from "../../build/events.ts";
import { placeText } from "../../build/place.ts";
import { systemClock, type Clock } from "../../util/clock.ts";
import { escapeLines, escapeText } from "../terminal/escape.ts";
import { duration } from "../terminal/quantity.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { headline } from "./error.ts";
import { progressLine, progressTree } from "./live.ts";
import { Progress } from "./progress.ts";

/** Milliseconds between two drawings, and between two lines where nothing can be drawn over. */
const DRAW_TIME = 100;
const LINE_TIME = 2_000;
/** A build that takes longer than this, in milliseconds, tells of its first failures at once; the summary tells them all in full. */
const LONG = 5_000;
const MOST_FAILURES = 20;

export interface Reporter {
  readonly on: BuildListener;
  /** Takes away what was drawn. */
  close(): void;
}

/** Says nothing with --json. */
export function createReporter(terminal: Terminal, clock: Clock = systemClock): Reporter {
  if (terminal.json) return { on: () => undefined, close: () => undefined };
  const progress = new Progress(clock.monotonic());
  const { live } = terminal;
  const pause = live ? DRAW_TIME : LINE_TIME;
  let shown = progress.started;
  let failures = 0;

  const show = (now: number): void => {
    if (now - shown < pause) return;
    shown = now;
    if (live) terminal.draw(progressTree(progress, terminal, now));
    else if (progress.planned && progress.runningSince !== undefined) {
      const line = progressLine(progress, now);
      if (line !== undefined) terminal.print(line);
    }
  };
  // A producer that never lets go of the thread is drawn when it does; the timer keeps no process alive.
  const timer = setInterval(() => show(clock.monotonic()), pause);
  timer.unref();

  return {
    on(event) {
      const now = clock.monotonic();
      progress.take(event, now);
      const isFailure = event.type === "step-finished" && event.state === "failed";
      if (!isFailure || (now - progress.started > LONG && failures++ < MOST_FAILURES))
        terminal.print(...remark(event, terminal));
      show(now);
    },
    close() {
      clearInterval(timer);
      terminal.clear();
    },
  };
}

/** What is worth a line of its own the moment it happens. */
function remark(event: BuildEvent, { colors }: Terminal): string[] {
  switch (event.type) {
    case "step-log":
      return escapeLines(event.text.trimEnd()).map((line) => `${colors.dim(placeOf(event.step))}  ${line}`);
    case "step-retrying":
      return [
        `${placeOf(event.step)}  ${colors.yellow("failed")}: ${headline(event.error)}; ` +
          `attempt ${event.attempt} in ${duration(event.delay)}`,
      ];
    case "healing":
      return [
        `${escapeText(placeText(event.key, event.partition))}  ${colors.yellow(event.problem)}: ` +
          (event.problem === "missing" ? "its stored bytes are gone" : "its stored bytes are not the ones recorded") +
          "; it is built again",
      ];
    case "step-finished":
      return event.state === "failed" && event.error !== undefined
        ? [`${placeOf(event.step)}  ${colors.red("failed")}: ${headline(event.error)}`]
        : [];
    default:
      return [];
  }
}

function placeOf({ key, partition }: StepName): string {
  return escapeText(placeText(key, partition));
}
