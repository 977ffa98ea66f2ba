// A build's progress as lines to look at: the tree on a terminal, and one line for logs.

import { escapeText } from "../terminal/escape.ts";
import { count, duration, number } from "../terminal/quantity.ts";
import type { Colors, Terminal } from "../terminal/terminal.ts";
import { fit, widthOf } from "../terminal/width.ts";
import { done, type Line, type Progress, type Told } from "./progress.ts";

const WIDEST_BAR = 16;
const WIDEST_KEY = 32;

/** One line per artifact that has something to do, and a last one for the whole. */
export function progressTree(progress: Progress, terminal: Terminal, now: number): string[] {
  const { colors, rows } = terminal;
  if (!progress.planned) return [scanLine(progress, terminal, now)];
  const lines = [...progress.lines.values()].filter(({ todo }) => todo > 0);
  const room = Math.max(1, rows - 3);
  const shown = lines.length <= room ? lines : mostTelling(lines, room - 1);
  const layout = layoutOf(shown, terminal);
  const drawn = shown.map((line) => drawLine(line, layout, terminal, now));
  if (shown.length < lines.length)
    drawn.push(colors.dim(terminal.cut(`  and ${count(lines.length - shown.length, "more artifact")}`)));
  return [...drawn, foot(progress, terminal, now)];
}

/** "days 12 of 28, total 0 of 1 (4.1 s)"; `undefined` where nothing is open, as between what fan-outs made and what comes of it. */
export function progressLine(progress: Progress, now: number): string | undefined {
  const open = [...progress.lines.values()].filter(
    (line) => line.todo > 0 && (line.running.size > 0 || done(line) < line.todo),
  );
  if (open.length === 0) return undefined;
  const parts = open.slice(0, 5).map((line) => {
    const [told] = line.told.values();
    const far = told === undefined ? "" : ` (at ${toldText(told)})`;
    return `${escapeText(line.key)} ${number(done(line))} of ${number(line.todo)}${far}`;
  });
  if (open.length > 5) parts.push(`${open.length - 5} more`);
  const left = progress.left(now);
  const times = [duration(now - progress.started), ...(left === undefined ? [] : [`about ${duration(left)} left`])];
  return `${parts.join(", ")} (${times.join(", ")})`;
}

function scanLine({ sources, started }: Progress, terminal: Terminal, now: number): string {
  let found = 0;
  for (const partitions of sources.values()) found += partitions;
  const text = found === 0 ? "looking at the sources" : `looking at the sources: ${count(found, "partition")}`;
  return terminal.colors.dim(terminal.cut(`  ${text} ${duration(now - started)}`));
}

/** Where there are more artifacts than lines: what runs, then what waits, in graph order. */
function mostTelling(lines: readonly Line[], room: number): Line[] {
  const running = lines.filter((line) => line.running.size > 0);
  const waiting = lines.filter((line) => line.running.size === 0 && done(line) < line.todo);
  const over = lines.filter((line) => line.running.size === 0 && done(line) >= line.todo);
  const chosen = new Set([...running, ...waiting, ...over].slice(0, room));
  return lines.filter((line) => chosen.has(line));
}

/** Columns of what every line has. */
interface Layout {
  readonly key: number;
  readonly bar: number;
}

/** A line that is wider than its terminal would be two, and what is drawn over could not be taken away again. */
function layoutOf(lines: readonly Line[], { columns }: Terminal): Layout {
  const widest = (textOf: (line: Line) => string): number =>
    lines.reduce((most, line) => Math.max(most, widthOf(textOf(line))), 0);
  const bar = Math.min(WIDEST_BAR, Math.floor(columns / 5));
  const room = columns - bar - widest(countsText) - 9;
  return {
    key: Math.max(
      1,
      Math.min(
        WIDEST_KEY,
        room,
        widest(({ key }) => escapeText(key)),
      ),
    ),
    bar,
  };
}

function countsText(line: Line): string {
  return `${number(done(line))}/${number(line.todo)}`;
}

function drawLine(line: Line, { key: width, bar: barWidth }: Layout, terminal: Terminal, now: number): string {
  const { colors } = terminal;
  const key = fit(escapeText(line.key), width);
  const counts = countsText(line);
  const fixed = `  ${key}${" ".repeat(width - widthOf(key))}  ${"".padEnd(barWidth)}  ${counts}  `;
  const running = terminal.cut(runningText(line, now), widthOf(fixed));
  const name = line.failed > 0 ? colors.red(key) : key;
  return `  ${name}${" ".repeat(width - widthOf(key))}  ${bar(line, barWidth, colors)}  ${counts}  ${colors.dim(running)}`.trimEnd();
}

function bar(line: Line, width: number, colors: Colors): string {
  const cells = (part: number): number => Math.floor((part / Math.max(1, line.todo)) * width);
  const failed = line.failed + line.skipped === 0 ? 0 : Math.max(1, cells(line.failed + line.skipped));
  const good = Math.min(width - failed, cells(line.built + line.reused));
  return (
    colors.green("━".repeat(good)) + colors.red("━".repeat(failed)) + colors.dim("─".repeat(width - good - failed))
  );
}

/** "12 of 40, reading", "12". */
function toldText({ done: ready, total, note }: Told): string {
  const amount = total === undefined ? number(ready) : `${number(ready)} of ${number(total)}`;
  return note === undefined ? amount : `${amount}, ${escapeText(note)}`;
}

function runningText({ running, told }: Line, now: number): string {
  const [first] = running;
  if (first === undefined) return "";
  const [partition, since] = first;
  const more = running.size === 1 ? "" : ` and ${running.size - 1} more`;
  const far = told.get(partition);
  const name = partition === "" ? "running" : escapeText(partition);
  return `${name}${more} ${duration(now - since)}${far === undefined ? "" : ` · ${toldText(far)}`}`;
}

function foot(progress: Progress, terminal: Terminal, now: number): string {
  const left = progress.left(now);
  const parts = [
    `${number(progress.finished)} of ${number(progress.todo)}`,
    duration(now - progress.started),
    ...(left === undefined ? [] : [`about ${duration(left)} left`]),
    ...(progress.waitingFor === undefined ? [] : [`waiting for ${escapeText(progress.waitingFor)}`]),
  ];
  return terminal.colors.dim(terminal.cut(`  ${parts.join(" · ")}`));
}
