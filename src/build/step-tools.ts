// What a producer is given besides its inputs, for one step: where its words, its progress, its temporary files and its secrets go.

import { StratigraphError } from "../errors.ts";
import { showValue } from "../util/show.ts";
import type { BuildListener, StepName } from "./events.ts";
import { placeText } from "./place.ts";
import type { SecretProvider } from "../util/secret.ts";
import { StepSecrets } from "./secrets.ts";
import { TempFolders } from "./temp-folders.ts";

export interface StepToolsOptions {
  readonly step: StepName;
  /** The state folder. */
  readonly home: string | undefined;
  readonly secrets: SecretProvider | undefined;
  readonly emit: BuildListener;
  /** Milliseconds from any beginning. */
  readonly monotonic: () => number;
}

/** Milliseconds between two events of one step's progress: a loop may tell of every round. */
const PROGRESS_TIME = 50;

export class StepTools {
  readonly secrets: StepSecrets;
  readonly temps: TempFolders;
  readonly #options: StepToolsOptions;
  readonly #where: string;
  #told = Number.NEGATIVE_INFINITY;

  constructor(options: StepToolsOptions) {
    this.#options = options;
    this.#where = `producer '${options.step.producer}', ${placeText(options.step.key, options.step.partition)}`;
    this.secrets = new StepSecrets(options.secrets);
    this.temps = new TempFolders(options.home);
  }

  log(text: unknown): void {
    const { emit, step } = this.#options;
    emit({ type: "step-log", step, text: this.secrets.redact(String(text)) });
  }

  /** Told of at most twenty times a second, and always when all is done. Error: STEP_CONTEXT_INVALID. */
  progress(done: number, total?: number, note?: string): void {
    const { emit, step, monotonic } = this.#options;
    if (!isAmount(done)) this.#refuse("progress starts with how much is done", "a number of at least 0", done);
    if (total !== undefined && !isAmount(total)) {
      this.#refuse("the second of progress is how much there is to do", "a number of at least 0, or undefined", total);
    }
    if (note !== undefined && typeof note !== "string") {
      this.#refuse("the third of progress is a note", "a text, or undefined", note);
    }
    const now = monotonic();
    if (now - this.#told < PROGRESS_TIME && done !== total) return;
    this.#told = now;
    emit({
      type: "step-progress",
      step,
      done,
      total,
      note: note === undefined ? undefined : this.secrets.redact(note),
    });
  }

  temp(): Promise<string> {
    return this.temps.folder();
  }

  secret(name: string): ReturnType<StepSecrets["read"]> {
    return this.secrets.read(name, this.#where);
  }

  /** Error: STEP_OUTPUT_INVALID where a secret would be stored with the result. */
  checkResult(result: unknown): void {
    const name = this.secrets.within(result);
    if (name === undefined) return;
    throw new StratigraphError("STEP_OUTPUT_INVALID", `the output holds the secret '${name}'`, {
      where: this.#where,
      hint: "Leave it out: results are stored, and everybody who reads them would see it.",
    });
  }

  close(): void {
    this.temps.remove();
  }

  #refuse(what: string, expected: string, received: unknown): never {
    throw new StratigraphError("STEP_CONTEXT_INVALID", what, {
      where: this.#where,
      expected,
      received: showValue(received),
    });
  }
}

function isAmount(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && Number.isFinite(value);
}
