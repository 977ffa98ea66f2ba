// The registry: versions of models, the stages they are in, and everything that may be done with them.

import type { AliasChange, AliasRecord, AnnotationRecord, Labels, TransitionRecord } from "../backend/model-records.ts";
import type { Page, PageRequest } from "../backend/records.ts";
import { StratigraphError } from "../errors.ts";
import type { ModelCodec } from "./codec.ts";
import type { MetricComparison } from "./comparison.ts";
import { RegistryCore, type ChangeOptions, type RegistryOptions } from "./core.ts";
import { parseGates, type GateSettings } from "./gate.ts";
import type { ModelVersion } from "./model-version.ts";
import { formatModelName, type ModelNameInput } from "./name.ts";
import * as noting from "./noting.ts";
import type { AliasOptions, GatesShown } from "./noting.ts";
import * as reading from "./reading.ts";
import type { ListOptions, Model, ModelListOptions, OpenedVersion, VersionTrace } from "./reading.ts";
import { parseVersionRef, type ModelRefInput, type VersionPick, type VersionRefInput } from "./reference.ts";
import { register, type RegisterInput } from "./registering.ts";
import { deleteVersion, download, type DeleteOptions } from "./removing.ts";
import { searchVersions, type SearchOptions } from "./search.ts";
import { parseStage } from "./stage.ts";
import { previousHolder, takeStep, type StepAsked, type StepOptions, type StepOutcome } from "./stepping.ts";
import type { Written } from "./written.ts";

export interface GetOptions {
  /** Read every byte and compare it with what was registered. False unless told. */
  readonly verify?: boolean | undefined;
}

export interface RollbackOptions extends ChangeOptions {
  /** The version to go back to; the production version before this one unless told. */
  readonly toVersion?: VersionRefInput | undefined;
}

/**
 * Every method that changes something goes through the host's one path, so hooks, events and audit rows are never forgotten. References are
 * written as in `ModelRefInput`: "team/churn@1.3.0", "team/churn@production", "models:/team/churn/1.3.0".
 *
 * Any may throw VALIDATION_FAILED; MODEL_NOT_FOUND and VERSION_NOT_FOUND, with what there is; those that change something HOOK_VETO, and
 * where writing is awaited CONFLICT and BACKEND_….
 */
export interface ModelRegistry {
  /**
   * A new version, in the initial stage. Its numbers are claimed first, then the bytes are stored, then the row is written; it resolves once
   * the bytes are durable. Errors: ARTIFACT_NOT_FOUND (and no number was used), VERSION_EXISTS, GATE_INVALID, PARTITION_NOT_BUILT, STORAGE_….
   */
  register<M>(input: RegisterInput<M>): Promise<Written<ModelVersion>>;

  /** What is known of a version; the latest where none is named. Errors with `verify`: ARTIFACT_CORRUPTED, ARTIFACT_NOT_FOUND. */
  get(ref: ModelRefInput, options?: GetOptions): Promise<ModelVersion>;
  get(ref: ModelNameInput, version: VersionRefInput, options?: GetOptions): Promise<ModelVersion>;
  getModel(name: ModelNameInput): Promise<Model>;
  /** The version in production, or the one that came into another stage last. */
  getByStage(name: ModelNameInput, stage: string): Promise<ModelVersion>;
  /** Its bytes as files, verified; `await using` takes them away at the end. Errors: ARTIFACT_CORRUPTED, ARTIFACT_NOT_FOUND. */
  open(ref: ModelRefInput, version?: VersionRefInput): Promise<OpenedVersion>;
  /** The model itself, by whatever wrote it. Errors: as `open`, and the codec's. */
  load<M>(ref: ModelRefInput, codec: ModelCodec<M>): Promise<M>;
  /** Newest first. */
  listVersions(name: ModelNameInput, options?: ListOptions): Promise<Page<ModelVersion>>;
  /** In order of namespace and name. */
  listModels(options?: ModelListOptions): Promise<Page<Model>>;
  /** All in a stage; newest first. */
  listByStage(name: ModelNameInput, stage: string): Promise<readonly ModelVersion[]>;
  /** Over all models, of what is stored. */
  search(options?: SearchOptions): Promise<Page<ModelVersion>>;
  /** What happened to a model, or to one version of it; newest first. */
  history(ref: ModelRefInput, page?: PageRequest): Promise<Page<TransitionRecord>>;
  /** Metrics of two versions side by side. */
  compareVersions(name: ModelNameInput, a: VersionRefInput, b: VersionRefInput): Promise<MetricComparison>;
  /** The run a version was registered in, and what it was made from, down to raw files. */
  trace(ref: ModelRefInput): Promise<VersionTrace>;

  /**
   * Up: to staging or production, if its gates say yes. Whoever is in production makes room, in the same transaction.
   * Errors: INVALID_TRANSITION, PROMOTION_BLOCKED (`data.results` has what every gate said), GATE_INVALID.
   */
  promote(ref: ModelRefInput, to: string, options?: StepOptions): Promise<Written<StepOutcome>>;
  /** Down: to development, staging or archived. Error: INVALID_TRANSITION. */
  demote(ref: ModelRefInput, to: string, options?: ChangeOptions): Promise<Written<StepOutcome>>;
  /** Out of use. Says so in `warnings` where that leaves nothing in production. */
  archive(ref: ModelRefInput, options?: ChangeOptions): Promise<Written<StepOutcome>>;
  /** Back: an earlier version becomes production again, whatever its gates say. Error: VERSION_NOT_FOUND where there is none. */
  rollback(name: ModelRefInput, options?: RollbackOptions): Promise<Written<StepOutcome>>;
  /** Out of the archive, to the initial stage. Error: INVALID_TRANSITION. */
  restore(ref: ModelRefInput, options?: ChangeOptions): Promise<Written<StepOutcome>>;
  /** Leaves a tombstone: both numbers stay taken. Errors: INVALID_TRANSITION for what is in production, unless forced with a reason. */
  deleteVersion(ref: ModelRefInput, options?: DeleteOptions): Promise<Written<ModelVersion>>;
  /** Copies the bytes, verified, into a folder that is empty or not there. Errors: ARTIFACT_CORRUPTED, STORAGE_…. */
  download(
    ref: ModelRefInput,
    folder: string,
    options?: ChangeOptions,
  ): Promise<Written<ModelVersion & { readonly folder: string }>>;

  /** Of a model ("team/churn") or a version ("team/churn@1.3.0"); answers all there are then. */
  setLabels(target: ModelRefInput, labels: Labels, options?: ChangeOptions): Promise<Written<Labels>>;
  removeLabels(target: ModelRefInput, names: readonly string[], options?: ChangeOptions): Promise<Written<Labels>>;
  /** A note that stays, with author and time. */
  annotate(
    target: ModelRefInput,
    note: string | { readonly author?: string | undefined; readonly text: string },
    options?: ChangeOptions,
  ): Promise<Written<Omit<AnnotationRecord, "number">>>;
  /** Newest first; of a model: also those of its versions. */
  listAnnotations(target: ModelRefInput, page?: PageRequest): Promise<Page<AnnotationRecord>>;
  /** A movable name for one version. Error: CONFLICT where it does not name what is expected. */
  setAlias(ref: ModelRefInput, alias: string, options?: AliasOptions): Promise<Written<AliasRecord>>;
  /** Error: ALIAS_NOT_FOUND. */
  removeAlias(
    name: ModelNameInput,
    alias: string,
    options?: AliasOptions,
  ): Promise<Written<{ readonly alias: string }>>;
  listAliases(name: ModelNameInput, page?: PageRequest): Promise<Page<AliasRecord>>;
  /** Newest first; stays after the alias is removed. */
  aliasHistory(name: ModelNameInput, alias: string, page?: PageRequest): Promise<Page<AliasChange>>;
  /** What a model's versions, or one of them, must pass to be promoted; `null` takes them away. Error: GATE_INVALID. */
  setGates(
    target: ModelRefInput,
    gates: GateSettings | null,
    options?: ChangeOptions,
  ): Promise<Written<{ readonly gates: GateSettings | null }>>;
  showGates(target: ModelRefInput): Promise<GatesShown>;
  /** Understands gates without storing or asking them. Error: GATE_INVALID. */
  checkGates(gates: GateSettings): void;
  describe(
    target: ModelRefInput,
    description: string | null,
    options?: ChangeOptions,
  ): Promise<Written<{ readonly description: string | null }>>;
}

/** The registry over a host and a store. It holds nothing open itself. */
export function createRegistry(options: RegistryOptions): ModelRegistry {
  const core = new RegistryCore(options);

  async function step(
    kind: StepAsked["step"],
    ref: ModelRefInput,
    to: string,
    given: StepOptions,
  ): Promise<Written<StepOutcome>> {
    const stage = parseStage(to, kind);
    const { ref: pick, named, namespace, name } = core.modelRef(ref);
    if (!named) throw unnamed(kind, { namespace, name });
    const version = await core.find({ namespace, name }, pick);
    return takeStep(core, { step: kind, name: { namespace, name }, version, to: stage, options: given });
  }

  return {
    register: (input) => register(core, input),

    get(ref: ModelRefInput, second?: VersionRefInput | GetOptions, third?: GetOptions) {
      const [version, rest] = splitGet(second, third);
      return reading.get(core, ref, version, rest);
    },
    getModel: (name) => reading.getModel(core, name),
    getByStage: (name, stage) => reading.getByStage(core, name, stage),
    open: (ref, version) => reading.open(core, ref, version),
    load: (ref, codec) => reading.load(core, ref, codec),
    listVersions: (name, given = {}) => reading.listVersions(core, name, given),
    listModels: (given = {}) => reading.listModels(core, given),
    async listByStage(name, stage) {
      const { items } = await reading.listVersions(core, name, { stage, limit: 10_000 });
      return items;
    },
    search: (given = {}) => searchVersions(options.host.connection, given),
    history: (ref, page = {}) => reading.history(core, ref, page),
    compareVersions: (name, a, b) => reading.compareVersions(core, name, a, b),
    trace: (ref) => reading.trace(core, ref),

    promote: (ref, to, given = {}) => step("promote", ref, to, given),
    demote: (ref, to, given = {}) => step("demote", ref, to, given),
    archive: (ref, given = {}) => step("archive", ref, "archived", given),
    restore: (ref, given = {}) => step("restore", ref, core.initialStage, given),
    async rollback(ref, { toVersion, ...given } = {}) {
      const { ref: pick, named, namespace, name } = core.modelRef(ref);
      const model = { namespace, name };
      const wanted = toVersion === undefined ? (named ? pick : undefined) : parseVersionRef(toVersion, "rollback");
      const version = wanted === undefined ? await previousHolder(core, model) : await core.find(model, wanted);
      const warnings =
        version.promotedToProductionAt === undefined
          ? [`${formatModelName(model)} v${version.version} was never in production before`]
          : [];
      return takeStep(core, { step: "rollback", name: model, version, to: "production", options: given, warnings });
    },
    deleteVersion: (ref, given = {}) => deleteVersion(core, ref, given),
    download: (ref, folder, given = {}) => download(core, ref, folder, given),

    setLabels: (target, labels, given = {}) => noting.changeLabels(core, target, { set: labels }, given),
    removeLabels: (target, names, given = {}) => noting.changeLabels(core, target, { remove: names }, given),
    annotate: (target, note, given = {}) => noting.annotate(core, target, note, given),
    listAnnotations: (target, page = {}) => noting.listAnnotations(core, target, page),
    setAlias: (ref, alias, given = {}) => noting.setAlias(core, ref, alias, given),
    removeAlias: (name, alias, given = {}) => noting.removeAlias(core, name, alias, given),
    listAliases: (name, page = {}) => noting.listAliases(core, name, page),
    aliasHistory: (name, alias, page = {}) => noting.aliasHistory(core, name, alias, page),
    setGates: (target, gates, given = {}) => noting.setGates(core, target, gates, given),
    showGates: (target) => noting.showGates(core, target),
    checkGates: (gates) => void parseGates(gates, options.gates),
    describe: (target, description, given = {}) => noting.describe(core, target, description, given),
  };
}

/** A version beside the name, or options alone, or both. */
function splitGet(
  second: VersionRefInput | GetOptions | undefined,
  third: GetOptions | undefined,
): [VersionRefInput | undefined, GetOptions] {
  if (typeof second !== "object") return [second, third ?? {}];
  const { verify, ...pick } = second as GetOptions & Partial<VersionPick>;
  const options = third ?? { verify };
  return Object.keys(pick).length === 0 ? [undefined, options] : [pick as VersionPick, options];
}

function unnamed(step: string, name: { readonly namespace: string; readonly name: string }): StratigraphError {
  return new StratigraphError("VALIDATION_FAILED", `say which version to ${step}`, {
    where: `model ${formatModelName(name)}`,
    expected: `something like ${formatModelName(name)}@1.3.0`,
  });
}
