// An error, for people and for programs.

import { isStratigraphError, type ErrorCode, type StratigraphError } from "../../errors.ts";
import { exitCodes } from "../command.ts";
import { firstFrames, formatFrame } from "../../code/frames.ts";
import { escapeBeginning, escapeLines } from "../terminal/escape.ts";
import type { Colors } from "../terminal/terminal.ts";

/** Where a message is that is too long for a screen: producers throw whole documents. */
const WHOLE = "--json has the whole text";

/** An error as every command's JSON has it. */
export interface ErrorJson {
  /** One of the codes of docs/errors.md, or "INTERNAL". */
  readonly code: ErrorCode | "INTERNAL";
  readonly message: string;
  readonly where?: string | undefined;
  readonly expected?: string | undefined;
  readonly received?: string | undefined;
  readonly hint?: string | undefined;
  /** The user's own places, "spend.ts:14:9". */
  readonly at?: readonly string[] | undefined;
  readonly data?: Readonly<Record<string, unknown>> | undefined;
  /** Only of "INTERNAL": for the report. */
  readonly stack?: string | undefined;
}

export function errorJson(error: unknown, cwd: string): ErrorJson {
  if (!isStratigraphError(error))
    return { code: "INTERNAL", message: messageOf(error), stack: error instanceof Error ? error.stack : undefined };
  const { code, message, where, expected, received, hint, data } = error;
  const at = firstFrames(error, cwd).map(formatFrame);
  return { code, message, where, expected, received, hint, ...(at.length === 0 ? {} : { at }), data };
}

/** The error's sentence, then a line for each thing known about it; a stack only for mistakes of ours. */
export function errorLines(error: unknown, colors: Colors, cwd: string): string[] {
  if (!isStratigraphError(error)) return internalErrorLines(error, colors);
  return [
    `${colors.red("error:")} ${headline(error)} ${colors.dim(`(${error.code})`)}`,
    ...detailLines(error, colors, cwd),
  ];
}

/** What is known about an error besides its sentence, each on its line, indented. */
export function detailLines(
  error: StratigraphError,
  colors: Colors,
  cwd: string,
  { place = true }: { readonly place?: boolean } = {},
): string[] {
  const lines: string[] = [];
  const say = (name: string, text: string): void => {
    for (const [index, line] of escapeBeginning(text, WHOLE).entries()) {
      lines.push(`  ${index === 0 ? colors.dim(name.padEnd(8)) : " ".repeat(8)}  ${line}`);
    }
  };
  if (place && error.where !== undefined) say("where", error.where);
  if (error.expected !== undefined) say("expected", error.expected);
  if (error.received !== undefined) say("received", error.received);
  for (const frame of firstFrames(error, cwd)) {
    say("at", frame.within === undefined ? formatFrame(frame) : `${formatFrame(frame)} in ${frame.within}`);
  }
  for (const suggestion of error.suggestions) say("try", suggestion);
  return lines;
}

/** The sentence without its place and values, the beginning of a long one; further lines of a message stay lines. */
export function headline(error: StratigraphError): string {
  return escapeBeginning(error.what, WHOLE).join("\n  ");
}

/** An error thrown where nothing waits for it, by the user's code if any frame is the user's. */
export function strayErrorLines(error: unknown, colors: Colors, cwd: string): string[] {
  const frames = firstFrames(error, cwd);
  if (isStratigraphError(error) || frames.length === 0) return errorLines(error, colors, cwd);
  return [
    `${colors.red("error:")} ${escapeLines(messageOf(error)).join("\n  ")}`,
    ...frames.map((frame) => `  ${colors.dim("at")}        ${formatFrame(frame)}`),
    `  ${colors.dim("try")}       Await what is started there: it failed where nothing was waiting for it.`,
  ];
}

function internalErrorLines(error: unknown, colors: Colors): string[] {
  const stack = error instanceof Error && typeof error.stack === "string" ? error.stack : messageOf(error);
  return [
    `${colors.red("error:")} this is a mistake in stratigraph itself`,
    ...escapeLines(stack).map((line) => `  ${line}`),
    "Please report it with these lines and what you did.",
  ];
}

function messageOf(error: unknown): string {
  try {
    return error instanceof Error ? error.message : String(error);
  } catch {
    return "something that cannot be shown";
  }
}

/** The same error with other advice: how to mend it from the command line. */
export function withHint(error: StratigraphError, hint: string): StratigraphError {
  return error.with({ hint });
}

/** What a command ends with that failed: 2 where it was called wrongly. */
export function exitCodeOf(error: unknown): number {
  return isStratigraphError(error) ? error.exitCode : exitCodes.failed;
}
