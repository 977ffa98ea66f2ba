// Registering a version: number claimed first, then the bytes, then the row.

import { stat } from "node:fs/promises";
import { extname, posix } from "node:path";
import { z } from "zod";
import type { ModelName, VersionId, VersionRecord, VersionSource } from "../backend/model-records.ts";
import type { Json, RunId } from "../backend/records.ts";
import { currentStep } from "../build/run-scope.ts";
import type { DecisionContext, Decision } from "../changes/host.ts";
import { StratigraphError } from "../errors.ts";
import { isDegradable } from "../journal/failure.ts";
import { createId } from "../util/id.ts";
import { registerApplier, type RegisterData } from "./actions/register.ts";
import type { ArtifactSource, KnownNumbers, VersionClaim, VersionWish } from "./artifact-store.ts";
import type { ModelCodec, ModelMetadata } from "./codec.ts";
import type { ChangeOptions, RegistryCore } from "./core.ts";
import type { ArtifactType, Framework } from "./framework.ts";
import { parseGates, type GateSettings } from "./gate.ts";
import {
  artifactTypeSchema,
  dependenciesSchema,
  descriptionSchema,
  frameworkSchema,
  jsonSchema,
  labelsSchema,
  metadataSchema,
  metricsSchema,
  nameSchema,
  paramsSchema,
  versionSchema,
} from "./limits.ts";
import type { RegisterRequest } from "./hook-data.ts";
import { modelVersionOf, type ModelVersion } from "./model-version.ts";
import { resourceOf } from "./name.ts";
import { FIRST_WAITING, type ModelView } from "./overlay.ts";
import { findSourcePartition, type PartitionRef } from "./source-partition.ts";
import { refuseWaiting } from "./waiting.ts";
import { written, type Written } from "./written.ts";

/** What a version is made of: a path, bytes, a function that fills a folder, a model with what writes it, or a built partition. */
export type RegisteredThing<M> =
  | { readonly artifact: string | Uint8Array | ArtifactSource }
  | { readonly model: M; readonly codec: ModelCodec<M> }
  | { readonly from: PartitionRef };

export interface RegisterFields extends ChangeOptions {
  /** "churn", or "team/churn" with its namespace. */
  readonly name: string;
  /** "default" unless told, here or in the name. */
  readonly namespace?: string | undefined;
  /** A semantic version nobody has or had; the next one unless told. */
  readonly version?: string | undefined;
  /** Which next one: "patch" unless told; the first is 1.0.0. */
  readonly bump?: "patch" | "minor" | "major" | undefined;
  readonly metrics?: Readonly<Record<string, number>> | undefined;
  readonly hyperparameters?: Readonly<Record<string, Json>> | undefined;
  readonly metadata?: Readonly<Record<string, Json>> | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly framework?: Framework | undefined;
  readonly artifactType?: ArtifactType | undefined;
  readonly description?: string | undefined;
  /** JSON Schemas. */
  readonly inputSchema?: Json | undefined;
  readonly outputSchema?: Json | undefined;
  /** Packages it needs, with their versions. */
  readonly dependencies?: Readonly<Record<string, string>> | undefined;
  /** The run it comes from; the one the calling code is part of unless told. */
  readonly runId?: string | undefined;
  readonly configFingerprint?: string | undefined;
  /** Gates of this version, instead of the model's. */
  readonly gates?: GateSettings | undefined;
  readonly signal?: AbortSignal | undefined;
}

export type RegisterInput<M = unknown> = RegisterFields & RegisteredThing<M>;

const source = z.custom<ArtifactSource>(
  (value) => typeof value === "object" && value !== null && ("path" in value || "bytes" in value || "fill" in value),
  "a path, bytes, or a function that fills a folder",
);

/** What pre hooks see, and may change. */
export const registerSchema: z.ZodType<RegisterRequest> = z.strictObject({
  namespace: nameSchema,
  name: nameSchema,
  version: versionSchema.optional(),
  bump: z.enum(["patch", "minor", "major"]).optional(),
  artifact: source.optional(),
  from: z.custom<PartitionRef>((value) => typeof value === "object" && value !== null).optional(),
  metrics: metricsSchema.default({}),
  hyperparameters: paramsSchema.default({}),
  metadata: metadataSchema.default({}),
  labels: labelsSchema.default({}),
  framework: frameworkSchema.optional(),
  artifactType: artifactTypeSchema.optional(),
  description: descriptionSchema.optional(),
  inputSchema: jsonSchema.optional(),
  outputSchema: jsonSchema.optional(),
  dependencies: dependenciesSchema.default({}),
  runId: z.string().min(1).max(255).optional(),
  configFingerprint: z.string().min(1).max(255).optional(),
  gates: z.record(z.string(), jsonSchema).optional(),
  reason: z.string().optional(),
});

/** Error: see `ModelRegistry.register`. */
export async function register<M>(core: RegistryCore, given: RegisterInput<M>): Promise<Written<ModelVersion>> {
  const { by, mode, durable, signal, ...rest } = given;
  const options: ChangeOptions = { by, mode, durable };
  const input = registerRequest(core, rest);
  let claim: { readonly name: ModelName; readonly claim: VersionClaim } | undefined;
  try {
    const receipt = await core.change<RegisterRequest, RegisterData, VersionRecord>(
      {
        action: registerApplier.action,
        resource: ({ version, ...name }) => resourceOf(name, version),
        schema: registerSchema,
        input,
        decide: (parsed, context) =>
          decide(core, parsed, context, core.isBehind(options), signal, (made) => void (claim = made)),
        applier: registerApplier,
      },
      options,
      { quick: false, again: false },
    );
    return written(receipt, modelVersionOf);
  } catch (error) {
    // Nothing came of it, so the same version may be asked for again.
    if (claim !== undefined) await core.store.release(claim.name, claim.claim);
    throw error;
  }
}

async function decide(
  core: RegistryCore,
  input: RegisterRequest,
  context: DecisionContext,
  behind: boolean,
  signal: AbortSignal | undefined,
  claimed: (claim: { readonly name: ModelName; readonly claim: VersionClaim }) => void,
): Promise<Decision<RegisterData, VersionRecord>> {
  const name: ModelName = { namespace: input.namespace, name: input.name };
  if (input.gates !== undefined) parseGates(input.gates, core.options.gates);
  const { artifact, origin } = await sourceOf(core, input, context);
  const view = await orNothing(behind, () => core.view(name, context));
  const known = await orNothing(behind, async () => view?.readVersionNumbers(name));
  const claim = await core.store.claim(name, wishOf(input), known ?? NOTHING_KNOWN, async (version) => {
    // The journal first: what a sync writes in between is in the database by then.
    await refuseWaiting(core.host.journalHome, { ...name, version });
    return (await orNothing(behind, () => findVersion(view, name, version))) !== undefined;
  });
  claimed({ name, claim });
  const stored = await core.store.put(artifact, signal);
  const run = (input.runId as RunId | undefined) ?? context.run;
  const { reason, gates } = input;
  const draft = {
    ...name,
    id: createId(core.host.clock) as VersionId,
    version: claim.version,
    sequence: claim.sequence,
    stage: core.initialStage,
    createdAt: context.at,
    createdBy: context.actor,
    engineVersion: core.host.engineVersion,
    run,
    source: origin,
    artifact: stored,
    artifactType: input.artifactType,
    framework: input.framework,
    description: input.description,
    metrics: input.metrics,
    params: input.hyperparameters,
    metadata: input.metadata,
    labels: input.labels,
    inputSchema: input.inputSchema,
    outputSchema: input.outputSchema,
    dependencies: input.dependencies,
    configFingerprint: input.configFingerprint ?? (await configOf(context, run)),
    gates,
    promotedToStagingAt: core.initialStage === "staging" ? context.at : undefined,
    promotedToProductionAt: undefined,
    archivedAt: undefined,
    deleted: undefined,
    extensions: {},
  };
  return { data: { version: draft, why: reason }, result: { ...draft, stagedAt: FIRST_WAITING, revision: 1 } };
}

const NOTHING_KNOWN: KnownNumbers = { highestSequence: 0, versions: [] };

/** A backend that is down does not stop a registration inside a run: numbers are claimed in the store. */
async function orNothing<T>(behind: boolean, ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (!behind || !isDegradable(error)) throw error;
    return undefined;
  }
}

async function findVersion(
  view: ModelView | undefined,
  { namespace, name }: ModelName,
  version: string,
): Promise<VersionRecord | undefined> {
  return (await view?.findVersions([{ namespace, name, ref: { kind: "version", version } }]))?.[0];
}

function wishOf({ version, bump = "patch" }: RegisterRequest): VersionWish {
  return version === undefined ? { bump } : { version };
}

/** The configuration of a run: of a step of a build its graph's, of a task what it told; a backend that is down says nothing of it. */
async function configOf(
  { connection, run: own }: DecisionContext,
  run: RunId | undefined,
): Promise<string | undefined> {
  if (run === undefined) return undefined;
  const step = run === own ? currentStep() : undefined;
  if (step !== undefined) return step.config;
  const record = await orNothing(true, () => connection.readRun(run));
  return record?.task?.config ?? record?.input;
}

/** Where the bytes are, looked at before any number is claimed. */
export async function sourceOf(
  core: RegistryCore,
  { artifact, from }: RegisterRequest,
  context: DecisionContext,
): Promise<{ readonly artifact: ArtifactSource; readonly origin: VersionSource | undefined }> {
  if (artifact !== undefined) {
    if ("path" in artifact) await requirePath(artifact.path);
    return { artifact, origin: undefined };
  }
  const { partition, origin } = await findSourcePartition(context.connection, from!);
  const read = core.options.readPartition;
  const bytes = partition.value ?? (await read?.(partition));
  if (bytes === undefined) {
    throw new StratigraphError("VALIDATION_FAILED", "this registry cannot read what was built", {
      where: `partition at ${partition.location}`,
      hint: "Give createRegistry a `readPartition`, or register a path or bytes.",
    });
  }
  const name = (origin.artifactKey.split(".").at(-1) ?? "model") + extname(posix.basename(partition.location));
  return { artifact: { bytes, name }, origin };
}

async function requirePath(path: string): Promise<void> {
  try {
    await stat(path);
  } catch (cause) {
    throw new StratigraphError("ARTIFACT_NOT_FOUND", "there is nothing to register at that path", {
      where: path,
      hint: "Save the model first, or correct the path.",
      cause,
    });
  }
}

/** One form for the hooks: names in their parts, one artifact, one spelling of each field. */
export function registerRequest<M>(
  core: RegistryCore,
  given: Omit<RegisterInput<M>, "by" | "mode" | "durable" | "signal">,
): Record<string, unknown> {
  const { name, namespace, artifact, model, codec, from, params, tags, ...rest } = given as RegisterFields & {
    readonly artifact?: string | Uint8Array | ArtifactSource;
    readonly model?: M;
    readonly codec?: ModelCodec<M>;
    readonly from?: PartitionRef;
    /** Other words for hyperparameters and labels. */
    readonly params?: unknown;
    readonly tags?: unknown;
  };
  const ways = [artifact, codec, from].filter((way) => way !== undefined).length;
  if (ways !== 1) {
    throw new StratigraphError("VALIDATION_FAILED", "say in one way what the version is made of", {
      where: "register",
      expected: "one of `artifact`, `model` with `codec`, `from`",
      received: ways === 0 ? "none" : `${ways} of them`,
    });
  }
  const said = codec?.metadata?.(model as M);
  return {
    ...(codec === undefined ? {} : { artifactType: codec.name }),
    ...(said === undefined ? {} : { ...fromCodec(said), metadata: { ...said, ...rest.metadata } }),
    ...withoutUndefined(said === undefined ? rest : { ...rest, metadata: undefined }),
    ...core.modelName(namespace === undefined ? name : { namespace, name }),
    ...(params === undefined ? {} : { hyperparameters: params }),
    ...(tags === undefined ? {} : { labels: tags }),
    ...(from === undefined ? { artifact: artifactOf(artifact, model as M, codec) } : { from }),
  };
}

/** What a codec knows has places of its own in a version; only plain parameters do. */
function fromCodec({ library, params = {} }: ModelMetadata): Record<string, unknown> {
  const plain = Object.entries(params).filter(([, value]) => typeof value !== "object" || value === null);
  return { ...(library === undefined ? {} : { framework: library }), hyperparameters: Object.fromEntries(plain) };
}

function artifactOf<M>(
  artifact: string | Uint8Array | ArtifactSource | undefined,
  model: M,
  codec: ModelCodec<M> | undefined,
): ArtifactSource | undefined {
  if (codec !== undefined) return { fill: (folder, signal) => codec.save(model, folder, signal) };
  if (typeof artifact === "string") return { path: artifact };
  return artifact instanceof Uint8Array ? { bytes: artifact } : artifact;
}

function withoutUndefined(record: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined));
}
