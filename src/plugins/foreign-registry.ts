// A registry of somebody else's as ours is used: its six calls, what follows from them, and one sentence for what it cannot do.

import { cp, mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { z } from "zod";
import type { Stage } from "../backend/model-records.ts";
import type { Json } from "../backend/records.ts";
import type { Applier } from "../changes/applier.ts";
import type { EventType } from "../changes/event-types.ts";
import { StratigraphError } from "../errors.ts";
import type { ArtifactSource } from "../registry/artifact-store.ts";
import { codecFolder } from "../registry/codec.ts";
import { compareMetrics } from "../registry/comparison.ts";
import { RegistryCore, type ChangeOptions, type RegistryOptions } from "../registry/core.ts";
import { parseGates } from "../registry/gate.ts";
import type { StepRequest } from "../registry/hook-data.ts";
import type { ModelVersion } from "../registry/model-version.ts";
import { formatModelName, formatUri, resourceOf, type ModelNameInput } from "../registry/name.ts";
import type { OpenedVersion } from "../registry/reading.ts";
import { formatRef, type ModelRefInput, type VersionRefInput } from "../registry/reference.ts";
import { registerRequest, registerSchema, sourceOf } from "../registry/registering.ts";
import type { ModelRegistry } from "../registry/registry.ts";
import { parseStage } from "../registry/stage.ts";
import { stepSchema, type StepOptions, type StepOutcome } from "../registry/stepping.ts";
import { written, type Written } from "../registry/written.ts";
import type { ModelVersionInfo, RegistryBackend } from "./protocols.ts";

/** What a registry of six calls has no part in. */
const BEYOND = [
  ...(["getModel", "listModels", "search", "history", "trace", "rollback", "restore"] as const),
  ...(["setLabels", "removeLabels", "annotate", "listAnnotations", "describe"] as const),
  ...(["setAlias", "removeAlias", "listAliases", "aliasHistory", "setGates", "showGates"] as const),
];
type Beyond = (typeof BEYOND)[number];

/**
 * Its changes go the host's one way, so hooks, events and audit rows are those of ours; what they change is the plugin's own, and is not
 * part of any transaction here. Gates are the plugin's. Error: PLUGIN_LACKS for what it cannot do.
 */
export function registryOver(plugin: string, backend: RegistryBackend, options: RegistryOptions): ModelRegistry {
  const core = new RegistryCore(options);
  const { host } = core;
  const cannot = (what: Beyond) => (): Promise<never> => Promise.reject(lacks(plugin, what));
  const rest = Object.fromEntries(BEYOND.map((name) => [name, cannot(name)])) as Record<Beyond, () => Promise<never>>;

  const textOf = (ref: ModelRefInput, beside?: VersionRefInput): string => {
    const { ref: pick, ...name } = core.modelRef(ref, beside);
    const text = formatRef(pick);
    return `${formatModelName(name)}${/^[@#]/.test(text) ? text : `@${text}`}`;
  };
  const nameOf = (name: ModelNameInput): string => formatModelName(core.modelName(name));

  const openRef = async (ref: ModelRefInput, beside?: VersionRefInput): Promise<OpenedVersion> => {
    const { info, artifact } = await backend.get(textOf(ref, beside));
    const isFolder = (await stat(artifact.path)).isDirectory();
    return {
      path: artifact.path,
      isFolder,
      version: versionOf(info),
      [Symbol.asyncDispose]: async () => artifact[Symbol.asyncDispose](),
    };
  };
  const find = async (ref: ModelRefInput, beside?: VersionRefInput): Promise<ModelVersion> => {
    await using opened = await openRef(ref, beside);
    return opened.version;
  };
  const listIn = async (name: ModelNameInput, stage?: string): Promise<readonly ModelVersion[]> => {
    const wanted = stage === undefined ? undefined : parseStage(stage, "listVersions");
    const { items } = await backend.listVersions(nameOf(name));
    return items.filter((one) => wanted === undefined || one.stage === wanted).map(versionOf);
  };

  /** One change: the plugin's call between the hooks, then what tells of it. */
  const change = async <Input extends ModelVersionName>(
    action: string,
    event: EventType,
    schema: z.ZodType<Input>,
    input: unknown,
    given: ChangeOptions,
    call: (input: Input, context: Parameters<typeof sourceOf>[2]) => Promise<Done>,
  ): Promise<Written<ModelVersion>> => {
    const receipt = await host.change<Input, Done, Done>({
      action,
      resource: ({ version, ...name }) => resourceOf(name, version),
      schema,
      input,
      async decide(parsed, context) {
        const done = await call(parsed, context);
        return { data: done, result: done };
      },
      applier: tells(plugin, action, event, given.reason),
      journal: "registry",
      mode: "durable",
      actor: given.by,
    });
    return written(receipt, ({ info }) => versionOf(info));
  };

  const step = async (
    kind: "promote" | "demote" | "archive",
    ref: ModelRefInput,
    to: string,
    given: StepOptions,
  ): Promise<Written<StepOutcome>> => {
    if (given.dryRun === true) throw lacks(plugin, "ask gates without promoting");
    const before = await find(ref);
    const { namespace, name, version, sequence, stage: from } = before;
    const { gates, force = false, reason, by } = given;
    const asked = { namespace, name, version, sequence, to: parseStage(to, kind), force };
    const input = { ...asked, ...(gates === undefined ? {} : { gates }), ...(reason === undefined ? {} : { reason }) };
    const call = async (request: StepRequest): Promise<Done> => {
      const told = { by, reason: request.reason, force: request.force, ...(gates === undefined ? {} : { gates }) };
      const reference = `${formatModelName(request)}@${request.version}`;
      const info = await (kind === "promote"
        ? backend.promote(reference, request.to, told)
        : backend.demote(reference, request.to, told));
      return { info: plain(info), from };
    };
    const event = ({ promote: "model.promoted", demote: "model.demoted", archive: "model.archived" } as const)[kind];
    const after = await change(`model.${kind}`, event, stepSchema, input, given, call);
    const outcome = (now: ModelVersion): StepOutcome => ({
      ...now,
      ...{ changed: now.stage !== from, from, archived: [], gateResults: [], forced: force, warnings: [] },
    });
    return written({ result: after, committed: after.committed, behind: false }, outcome);
  };

  return {
    ...rest,
    async register(input) {
      const { by, mode: _mode, durable: _durable, signal, ...fields } = input;
      const request = registerRequest(core, fields);
      return change(
        "model.register",
        "model.registered",
        registerSchema,
        request,
        { by, reason: input.reason },
        (parsed, context) => registerIn(core, backend, parsed, context, signal),
      );
    },
    get: async (ref: ModelRefInput, second?: unknown) =>
      find(ref, typeof second === "string" || typeof second === "number" ? second : undefined),
    async getByStage(name, stage) {
      return find(name, `@${parseStage(stage, "getByStage")}`);
    },
    open: openRef,
    async load(ref, codec) {
      await using opened = await openRef(ref);
      return await codec.load(codecFolder(opened));
    },
    listVersions: async (name, { stage, limit } = {}) => ({
      items: (await listIn(name, stage)).slice(0, limit),
      next: undefined,
    }),
    listByStage: (name, stage) => listIn(name, stage),
    async compareVersions(name, a, b) {
      return compareMetrics((await find(name, a)).metrics, (await find(name, b)).metrics);
    },
    promote: (ref, to, given = {}) => step("promote", ref, to, given),
    demote: (ref, to, given = {}) => step("demote", ref, to, given),
    archive: (ref, given = {}) => step("archive", ref, "archived", given),
    async deleteVersion(ref, given = {}) {
      const { namespace, name, version, sequence } = await find(ref);
      return change(
        "model.delete",
        "model.deleted",
        named,
        { namespace, name, version, sequence },
        given,
        async (input) => {
          const gone = await find(`${formatModelName(input)}@${input.version}`);
          const { force = false, reason } = given;
          await backend.delete(`${formatModelName(input)}@${input.version}`, {
            force,
            ...(reason === undefined ? {} : { reason }),
          });
          return { info: plain(gone), from: gone.stage };
        },
      );
    },
    async download(ref, folder, given = {}) {
      const { namespace, name, version } = await find(ref);
      const target = resolve(folder);
      const handed = await change(
        "model.download",
        "model.downloaded",
        named,
        { namespace, name, version },
        given,
        async (input) => {
          await using opened = await openRef(`${formatModelName(input)}@${input.version}`);
          const into = opened.isFolder ? target : join(target, "model");
          await cp(opened.path, into, { recursive: true, errorOnExist: true, force: false });
          return { info: plain(opened.version), from: opened.version.stage };
        },
      );
      return written({ result: handed, committed: handed.committed, behind: false }, (one) => ({
        ...one,
        folder: target,
      }));
    },
    checkGates: (gates) => void parseGates(gates, options.gates),
  };
}

interface ModelVersionName {
  readonly namespace: string;
  readonly name: string;
  readonly version?: string | undefined;
}

/** What a call of the plugin came to. */
interface Done {
  readonly info: ModelVersionInfo;
  readonly from?: Stage | undefined;
}

const named: z.ZodType<{ readonly namespace: string; readonly name: string; readonly version: string }> = z.object({
  namespace: z.string(),
  name: z.string(),
  version: z.string(),
});

/** Bytes and folders as the plugin takes them: what a codec writes is in a folder that is gone afterwards. */
async function registerIn(
  core: RegistryCore,
  backend: RegistryBackend,
  request: z.output<typeof registerSchema>,
  context: Parameters<typeof sourceOf>[2],
  signal: AbortSignal | undefined,
): Promise<Done> {
  const { artifact } = await sourceOf(core, request, context);
  const given = async (thing: string | Uint8Array): Promise<Done> => {
    const { artifact: _artifact, from: _from, ...fields } = request;
    return { info: plain(await backend.register({ ...fields, artifact: thing })) };
  };
  if ("path" in artifact) return given(artifact.path);
  if ("bytes" in artifact) return given(artifact.bytes);
  return filled(artifact, signal, given);
}

async function filled<T>(
  { fill }: Extract<ArtifactSource, { readonly fill: unknown }>,
  signal: AbortSignal | undefined,
  work: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "stratigraph-model-"));
  try {
    await fill(folder, signal);
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Rows about what a plugin did: nothing of its own is kept here. */
function tells(plugin: string, action: string, event: EventType, why: string | undefined): Applier<Done, Done> {
  const schema = z.custom<Done>((value) => typeof value === "object" && value !== null);
  return {
    action,
    schema,
    async apply(_tx, done) {
      const { namespace, name, version, sequence, stage } = done.info;
      const resource = resourceOf({ namespace, name }, version);
      const data: Json = {
        ...{ namespace, name, version, sequence, to: stage, registry: plugin },
        ...(done.from === undefined ? {} : { from: done.from }),
      };
      return { result: done, events: [{ type: event, subject: resource, data }], audit: [{ resource, why, data }] };
    },
  };
}

/** What it does not say of a version is empty. */
function versionOf(info: ModelVersionInfo): ModelVersion {
  return {
    ...{ createdBy: "", hyperparameters: {}, labels: {}, dependencies: {}, extensions: {}, revision: 1 },
    uri: formatUri(info, info.version),
    ...plain(info),
  };
}

/** As an intent keeps it. */
function plain(info: ModelVersionInfo): ModelVersionInfo {
  return JSON.parse(JSON.stringify(info)) as ModelVersionInfo;
}

function lacks(plugin: string, what: string): StratigraphError {
  return new StratigraphError("PLUGIN_LACKS", `the registry '${plugin}' cannot ${sayingOf(what)}`, {
    expected: "one of register, get, list, promote, demote, archive, delete, download, load, compare",
    hint: "The registry of this package can: registry.backend = 'filesystem'.",
    data: { plugin, what },
  });
}

/** "setAlias" as words. */
function sayingOf(method: string): string {
  return method.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
