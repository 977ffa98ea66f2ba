// What every part of the registry works with: host, store and options, the read-your-writes view, and the one way to a change.

import type { ModelName, Stage, VersionRecord, VersionRef } from "../backend/model-records.ts";
import type { StoredPartition } from "../backend/records.ts";
import { currentRun } from "../build/run-scope.ts";
import type { ChangeRequest, DecisionContext, Host, Receipt, WriteMode } from "../changes/host.ts";
import { isStratigraphError, type StratigraphError } from "../errors.ts";
import { isDegradable } from "../journal/failure.ts";
import type { Intent } from "../journal/intent.ts";
import { registryActions } from "./appliers.ts";
import type { ArtifactStore } from "./artifact-store.ts";
import type { CheckResult, CustomGates, GateSettings } from "./gate.ts";
import type { ModelVersion } from "./model-version.ts";
import { formatModelName, parseModelName, type ModelNameInput } from "./name.ts";
import { Overlay, type ModelView } from "./overlay.ts";
import { formatRef, parseModelRef, type ModelRef, type ModelRefInput, type VersionRefInput } from "./reference.ts";
import { modelNotFound, versionNotFound } from "./refusals.ts";
import type { ArchivePrevious } from "./stepping.ts";

/** `ubunye`: versions begin in development; `tauro`: in staging. */
export const registryProfiles = ["ubunye", "tauro"] as const;
export type RegistryProfile = (typeof registryProfiles)[number];

export interface RegistryOptions {
  readonly host: Host;
  readonly store: ArtifactStore;
  /** Of models that are named without one; "default" unless told. */
  readonly namespace?: string | undefined;
  /** "ubunye" unless told. */
  readonly profile?: RegistryProfile | undefined;
  /** Where new versions begin, and restored ones return to; the profile's unless told. */
  readonly initialStage?: "development" | "staging" | undefined;
  /** What a promotion makes room in, unless its call says so: `production` unless told. */
  readonly archivePrevious?: ArchivePrevious | undefined;
  /** What every version must pass whose model has no gates of its own; nothing unless told. */
  readonly modelGates?: GateSettings | undefined;
  /** Gates of one's own, by the name they have in settings. */
  readonly gates?: CustomGates | undefined;
  /** Results of checks of a version, by name, for `require_<check>`; none unless told. */
  readonly checks?: ((version: ModelVersion) => Promise<Readonly<Record<string, CheckResult>>>) | undefined;
  /** Reads a partition's bytes, verified, so that versions can be made from snapshots. */
  readonly readPartition?: ((partition: StoredPartition) => Promise<Uint8Array>) | undefined;
  /** Where a blocked promotion says which gates failed, a line each; standard error unless told. */
  readonly log?: ((line: string) => void) | undefined;
}

/** What every change may be told. */
export interface ChangeOptions {
  /** Who does it; the host's actor unless told. */
  readonly by?: string | undefined;
  /** Why, for history and audit log. */
  readonly reason?: string | undefined;
  /** Whether writing is awaited; the host's mode unless told. */
  readonly mode?: WriteMode | undefined;
  /** The same as mode "durable". */
  readonly durable?: boolean | undefined;
}

type Request<Input, Data, Result> = Omit<ChangeRequest<Input, Data, Result>, "journal" | "mode" | "actor">;

const ATTEMPTS = 20;

interface Laid {
  keys: readonly string[];
  readonly overlay: Overlay;
  /** Folding one intent after another, also when two ask at once. */
  ready: Promise<void>;
}

export class RegistryCore {
  readonly host: Host;
  readonly store: ArtifactStore;
  readonly options: RegistryOptions;
  readonly initialStage: Stage;
  readonly #laid = new Map<string, Laid>();

  constructor(options: RegistryOptions) {
    this.host = options.host;
    this.store = options.store;
    this.options = options;
    this.initialStage = options.initialStage ?? (options.profile === "tauro" ? "staging" : "development");
  }

  /** As people write it, with this registry's namespace where they name none. Error: VALIDATION_FAILED. */
  modelName(input: ModelNameInput): ModelName {
    return parseModelName(input, this.options.namespace);
  }

  /** Likewise. Error: VALIDATION_FAILED. */
  modelRef(input: ModelRefInput, beside?: VersionRefInput): ModelRef {
    return parseModelRef(input, beside, this.options.namespace);
  }

  log(line: string): void {
    if (this.options.log === undefined) process.stderr.write(`${line}\n`);
    else this.options.log(line);
  }

  /** Whether a change will be left to the writer, as far as can be told before. */
  isBehind({ mode, durable }: ChangeOptions = {}): boolean {
    const asked = durable === true ? "durable" : (mode ?? this.host.mode);
    return asked === "behind" || (asked === "auto" && currentRun() !== undefined);
  }

  /** What is stored about a model, with what this process has decided about it and not written yet. */
  async view(
    name: ModelName,
    context: Pick<DecisionContext, "connection" | "pending"> = this.host,
  ): Promise<ModelView> {
    const waiting = context.pending("registry").filter(({ data }) => isAbout(data, name));
    const text = formatModelName(name);
    if (waiting.length === 0) {
      this.#laid.delete(text);
      return context.connection;
    }
    let laid = this.#laid.get(text);
    const keys = waiting.map(({ key }) => key);
    // What was written meanwhile is stored now: begin anew from there.
    if (laid === undefined || laid.keys[0] !== keys[0] || laid.keys.some((key, index) => key !== keys[index])) {
      laid = { keys: [], overlay: new Overlay(this.host.connection), ready: Promise.resolve() };
      this.#laid.set(text, laid);
    }
    const { overlay } = laid;
    const added = waiting.slice(laid.keys.length);
    laid.keys = keys;
    laid.ready = laid.ready.then(async () => {
      for (const intent of added) await lay(overlay, intent);
    });
    try {
      await laid.ready;
    } catch (error) {
      this.#laid.delete(text);
      throw error;
    }
    return overlay;
  }

  /** Errors: MODEL_NOT_FOUND, with the nearest name; VERSION_NOT_FOUND, with the versions there are. */
  async find(name: ModelName, ref: VersionRef, view?: ModelView): Promise<VersionRecord> {
    const from = view ?? (await this.view(name));
    const [found] = await from.findVersions([{ namespace: name.namespace, name: name.name, ref }]);
    if (found !== undefined && found.deleted === undefined) return found;
    const { items } = await from.listVersions({ namespace: name.namespace, name: name.name }, { limit: 100 });
    if (items.length === 0) await this.requireModel(name, from);
    const asked = ref.kind === "stage" ? `in ${ref.stage}` : formatRef(ref);
    throw versionNotFound(
      name,
      asked,
      items.map(({ version }) => version),
    );
  }

  /** Error: MODEL_NOT_FOUND. */
  async requireModel(name: ModelName, view?: ModelView): Promise<void> {
    const [model] = await (view ?? (await this.view(name))).readModels([name]);
    if (model !== undefined) return;
    const { items } = await this.host.connection.listModels({}, { limit: 10_000 });
    throw modelNotFound(name, items.map(formatModelName));
  }

  /**
   * Makes a change. `quick`: what decides it asks nobody but the backend, so that, where it is awaited, deciding and writing are one
   * transaction and nothing can come between. Otherwise it is decided on what is seen, and decided anew where that has changed by then.
   */
  async change<Input, Data, Result>(
    request: Request<Input, Data, Result>,
    options: ChangeOptions,
    { quick, again }: { readonly quick: boolean; readonly again: boolean },
  ): Promise<Receipt<Result>> {
    const { host } = this;
    const behind = this.isBehind(options);
    const full: ChangeRequest<Input, Data, Result> = {
      ...request,
      journal: "registry",
      actor: options.by,
      mode: options.durable === true ? "durable" : options.mode,
    };
    for (let attempt = 1; ; attempt++) {
      const whole = quick && host.pending("registry").length === 0 && !host.hooks.has("pre", request.action);
      try {
        return !behind && whole ? await host.transaction((inside) => inside.change(full)) : await host.change(full);
      } catch (error) {
        if (behind || !again || attempt === ATTEMPTS || !isConflict(error)) throw error;
        await pause(Math.random() * Math.min(200, 5 * 2 ** attempt));
      }
    }
  }
}

/** What is refused when it is laid will be refused when it is written, or was written already: either way it adds nothing. */
async function lay(overlay: Overlay, intent: Intent): Promise<void> {
  try {
    await registryActions.find(({ action }) => action === intent.action)?.foresee(overlay, intent);
  } catch (error) {
    if (!isStratigraphError(error) || isDegradable(error)) throw error;
  }
}

function isAbout(data: Intent["data"], { namespace, name }: ModelName): boolean {
  if (typeof data !== "object" || data === null) return false;
  const about =
    "version" in data && typeof data["version"] === "object" && data["version"] !== null ? data["version"] : data;
  return "namespace" in about && "name" in about && about["namespace"] === namespace && about["name"] === name;
}

function isConflict(error: unknown): error is StratigraphError {
  return isStratigraphError(error) && error.code === "CONFLICT";
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, milliseconds));
}
