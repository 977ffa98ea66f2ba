// What a build did, or would do, in plain sentences.

import type { BuildResult, StepReport } from "../../build/events.ts";
import { explainReason, explainTogether } from "../../build/explain.ts";
import { placeText } from "../../build/place.ts";
import type { Reason } from "../../build/reason.ts";
import type { PlannedDifference } from "../../build/difference.ts";
import type { ExpectedCost, Plan } from "../../build/plan.ts";
import type { Stray } from "../../data/storage/storage.ts";
import type { StratigraphError } from "../../errors.ts";
import { escapeText } from "../terminal/escape.ts";
import { bytesText, count, duration, number, short } from "../terminal/quantity.ts";
import { table } from "../terminal/table.ts";
import type { Colors } from "../terminal/terminal.ts";
import { detailLines, headline } from "./error.ts";

/** Partitions of one artifact told one by one, before they are told together. */
const MOST_SINGLE = 3;
const MOST_LINES = 25;
const MOST_FAILURES = 10;
const MOST_STRAYS = 3;

export interface Teller {
  readonly colors: Colors;
  readonly cwd: string;
  /** How the user calls this program. */
  readonly program: string;
}

/** One source's files that match no partition. */
export interface Strays {
  readonly key: string;
  readonly count: number;
  readonly examples: readonly Stray[];
}

export function buildLines(
  result: BuildResult,
  { first, strays, elapsed }: { readonly first: boolean; readonly strays: readonly Strays[]; readonly elapsed: number },
  teller: Teller,
): string[] {
  const { colors, program } = teller;
  const { built, reused, skipped, failed, outcome, steps } = result;
  const time = duration(elapsed);
  const warnings = strayLines(strays, colors);
  if (outcome === "succeeded" && built === 0) {
    // A result that was built earlier is news; one that is simply still there is not.
    const again = steps.filter(({ state, reason }) => state === "reused" && reason.code === "built-before");
    if (again.length === 0) {
      const left = keyLines(result.keys, colors);
      return [...left, nothingToDo(reused, elapsed, colors), ...warnings, ...warningLines(steps, colors)];
    }
  }
  const told = steps.filter(
    ({ state, reason }) => state === "built" || (state === "reused" && reason.code === "built-before"),
  );
  const lines = stepLines(told, colors);
  const failures = steps.filter(({ state }) => state === "failed");
  const parts = [
    colors.green(`${number(built)} built`),
    `${number(reused)} reused`,
    ...(failed > 0 ? [colors.red(`${number(failed)} failed`)] : []),
    ...(skipped > 0 ? [colors.yellow(`${number(skipped)} skipped`)] : []),
  ];
  const next = nextLine(result, first, program);
  return [
    ...lines,
    ...failureLines(failures, teller),
    ...skippedLines(steps, outcome, colors),
    ...keyLines(result.keys, colors),
    ...openLines(result.open, (producer) => `not built: '${producer}' did not say which partitions there are`, colors),
    `${parts.join(", ")} in ${time} · snapshot ${short(result.snapshot)}`,
    ...warnings,
    ...warningLines(steps, colors),
    ...(next === undefined ? [] : [`${colors.dim("next:")} ${next}`]),
  ];
}

/** `elapsed`: milliseconds. */
function nothingToDo(partitions: number, elapsed: number, colors: Colors): string {
  return `${colors.green("nothing to do")}: ${count(partitions, "partition")} up to date (${duration(elapsed)})`;
}

export function planLines(
  plan: Plan,
  {
    strays,
    elapsed,
    file,
  }: { readonly strays: readonly Strays[]; readonly elapsed: number; readonly file?: string | undefined },
  teller: Teller,
): string[] {
  const { colors, program } = teller;
  const { counts } = plan;
  const warnings = strayLines(strays, colors);
  const environment = plan.environment === undefined ? [] : [environmentLine(plan.environment)];
  if (!plan.changes && counts.pending === 0) {
    return [
      nothingToDo(counts["up-to-date"], elapsed, colors),
      ...environment,
      ...warnings,
      ...warningLines(plan.steps, colors),
    ];
  }
  const open = plan.steps.filter(({ state }) => state !== "up-to-date");
  // A plan remembers no file, so the build has to be told it as well.
  const named = file === undefined ? [] : [quoted(file)];
  const environmentOption = plan.environment === undefined ? [] : [`--env ${plan.environment.environment}`];
  const parts = [
    ...(counts.missing > 0 ? [`${number(counts.missing)} missing`] : []),
    ...(counts.stale > 0 ? [`${number(counts.stale)} stale`] : []),
    ...(counts.pending > 0 ? [`${number(counts.pending)} pending (they run only if what is above them changes)`] : []),
    `${number(counts["up-to-date"])} up to date`,
  ];
  return [
    ...stepLines(open, colors),
    ...openLines(plan.open, (producer) => `their partitions are known once '${producer}' has run`, colors),
    parts.join(", "),
    ...(plan.expected === undefined ? [] : [expectedLine(plan.expected)]),
    ...environment,
    ...warnings,
    ...warningLines(plan.steps, colors),
    `${colors.dim("next:")} ${[`${program} build`, ...named, ...environmentOption].join(" ")}`,
  ];
}

/** "days: 2 partitions left (date=2026-01-01, date=2026-01-02)". What only came is told by what was built of it. */
function keyLines(changes: BuildResult["keys"], colors: Colors): string[] {
  return (changes ?? [])
    .filter(({ left }) => left.count > 0)
    .map(({ key, left }) => {
      const some = left.examples.slice(0, MOST_SINGLE).map(escapeText).join(", ");
      const rest = left.count > MOST_SINGLE ? ", …" : "";
      return colors.dim(`  ${escapeText(key)}: ${count(left.count, "partition")} left (${some}${rest})`);
    });
}

/** One line for each fan-out that has not said yet what there is. */
function openLines(open: Plan["open"], sentence: (producer: string) => string, colors: Colors): string[] {
  const byProducer = new Map<string, string[]>();
  for (const { key, producer } of open ?? []) byProducer.set(producer, [...(byProducer.get(producer) ?? []), key]);
  return [...byProducer].map(([producer, keys]) => {
    const names = keys.slice(0, MOST_SINGLE).map(escapeText).join(", ");
    const rest = keys.length > MOST_SINGLE ? ` and ${count(keys.length - MOST_SINGLE, "artifact")} more` : "";
    return colors.dim(`  ${names}${rest}: ${sentence(escapeText(producer))}`);
  });
}

function expectedLine({ duration: work, bytes, unknown }: ExpectedCost): string {
  const unsure = unknown === 0 ? "" : `, and ${count(unknown, "step")} of which nothing is known`;
  return `expected: ${duration(work)} of work, ${bytesText(bytes)}${unsure}`;
}

function environmentLine({ environment, snapshot, moves, same, linked, open, gone }: PlannedDifference): string {
  const name = `environment ${escapeText(environment)}`;
  if (!moves) return `${name} has this snapshot already`;
  const parts = [
    `${number(same)} as they are`,
    `${number(linked)} ${linked === 1 ? "comes" : "come"} to it without running`,
    ...(open > 0 ? [`${number(open)} to build`] : []),
    ...(gone > 0 ? [`${number(gone)} ${gone === 1 ? "leaves" : "leave"} it`] : []),
  ];
  return `${name} ${snapshot === undefined ? "is new" : `has snapshot ${short(snapshot)}`}: ${parts.join(", ")}`;
}

/** Steps told one by one where an artifact has few, together where it has many. */
export function stepLines(steps: readonly StepReport[], colors: Colors): string[] {
  const groups = new Map<string, StepReport[]>();
  for (const step of steps) {
    const name = JSON.stringify([step.key, step.state, step.reason.code]);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [step]);
    else group.push(step);
  }
  const rows = [...groups.values()].flatMap((group) =>
    group.length <= MOST_SINGLE ? group.map((step) => singleRow(step, colors)) : [groupRow(group, colors)],
  );
  const shown = table(rows.slice(0, MOST_LINES), { indent: "  " });
  if (rows.length > MOST_LINES)
    shown.push(colors.dim(`  and ${count(rows.length - MOST_LINES, "line")} more; --json has them all`));
  return shown;
}

function singleRow(step: StepReport, colors: Colors): string[] {
  return [
    escapeText(placeText(step.key, step.partition)),
    colored(step.state, step.state, colors),
    escapeText(sentenceOf(step)),
  ];
}

function groupRow(group: readonly StepReport[], colors: Colors): string[] {
  const { key, state } = group[0]!;
  return [escapeText(key), colored(`${number(group.length)} ${state}`, state, colors), escapeText(commonReason(group))];
}

/** The reason, as it reads behind what became of the step. */
function sentenceOf({ state, reason }: StepReport): string {
  return state === "built" ? pastReason(reason) : explainReason(reason);
}

/** Why something was built, told afterwards. */
export function pastReason(reason: Reason): string {
  return reason.code === "never-built" ? "for the first time" : explainReason(reason);
}

/** One sentence for steps that have the same kind of reason. */
function commonReason(group: readonly StepReport[]): string {
  const tell = group[0]!.state === "built" ? pastReason : explainReason;
  return explainTogether(
    group.map(({ reason }) => reason),
    tell,
  );
}

function colored(text: string, state: string, colors: Colors): string {
  switch (state) {
    case "built":
    case "reused":
      return colors.green(text);
    case "failed":
      return colors.red(text);
    default:
      return colors.yellow(text);
  }
}

function failureLines(failures: readonly StepReport[], teller: Teller): string[] {
  const { colors, cwd } = teller;
  const lines = failures.slice(0, MOST_FAILURES).flatMap(({ key, partition, error }) => {
    const place = `  ${escapeText(placeText(key, partition))}  ${colors.red("failed")}`;
    if (error === undefined) return [place];
    return [
      `${place}  ${headline(error)}`,
      ...detailLines(error, colors, cwd, { place: !isOnlyStep(error, placeText(key, partition)) }).map(
        (line) => `  ${line}`,
      ),
    ];
  });
  if (failures.length > MOST_FAILURES)
    lines.push(colors.dim(`  and ${count(failures.length - MOST_FAILURES, "failure")} more; --json has them all`));
  return lines;
}

/** A place that says no more than which step it was. */
function isOnlyStep({ where }: StratigraphError, place: string): boolean {
  return where === undefined || where === place || (where.startsWith("producer '") && where.endsWith(`', ${place}`));
}

function skippedLines(steps: readonly StepReport[], outcome: BuildResult["outcome"], colors: Colors): string[] {
  const skipped = steps.filter(
    ({ state, reason }) => state === "skipped" && (outcome === "failed" || reason.code !== "cancelled"),
  );
  return stepLines(skipped, colors);
}

/** What is used although a check or threshold warns. */
function warningLines(steps: readonly StepReport[], colors: Colors): string[] {
  const all = steps.flatMap(({ warnings = [] }) => warnings);
  const lines = all
    .slice(0, MOST_FAILURES)
    .map(
      ({ key, partition, text }) =>
        `${colors.yellow("warning:")} ${escapeText(placeText(key, partition))}: ${escapeText(text)}`,
    );
  if (all.length > MOST_FAILURES)
    lines.push(colors.dim(`  and ${count(all.length - MOST_FAILURES, "warning")} more; --json has them all`));
  return lines;
}

function strayLines(strays: readonly Strays[], colors: Colors): string[] {
  return strays
    .filter((source) => source.count > 0)
    .map(({ key, count: many, examples }) => {
      const some = examples.slice(0, MOST_STRAYS).map(({ location, problem }) => `${location} (${problem})`);
      const rest = many - some.length;
      const list = escapeText(some.join(", ")) + (rest > 0 ? ` and ${count(rest, "other")}` : "");
      return `${colors.yellow("warning:")} ${escapeText(key)}: ${count(many, "file matches", "files match")} no partition: ${list}`;
    });
}

function nextLine({ outcome, steps, skipped }: BuildResult, first: boolean, program: string): string | undefined {
  switch (outcome) {
    case "cancelled":
      return `the same command again: ${count(skipped, "partition is", "partitions are")} left, what is finished is kept`;
    case "failed":
      return "mend it, then the same command again: what is built is kept";
    case "succeeded": {
      const last = steps.findLast(({ state }) => state === "built") ?? steps.at(-1);
      if (last === undefined) return undefined;
      const place = quoted(placeText(last.key, last.partition));
      return first ? `${program} read ${place} · change a file, then ${program} build` : `${program} why ${place}`;
    }
  }
}

/** As it must be typed: brackets mean something to most shells. */
function quoted(place: string): string {
  return /^[\w./-]+$/.test(place) ? place : `'${escapeText(place)}'`;
}
