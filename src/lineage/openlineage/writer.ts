// Turns our runs into OpenLineage events: jobs, runs and data sets with their facets.

import { isAbsolute, join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Json, RunRecord, TaskIO } from "../../backend/records.ts";
import type { ArtifactDescription, GraphDescription } from "../../graph/describe.ts";
import { errorText } from "../record.ts";
import type { NamedPartition, StepFacts } from "../step-facts.ts";
import { facetMaker, SCHEMA_URL, uuidOf, type Dataset, type Facet, type RunEvent, type RunEventType } from "./event.ts";

export interface OpenLineageNames {
  /** Of jobs and of data that is kept for us alone: "prod", "https://ci.example.com". "stratigraph" unless told. */
  readonly namespace?: string | undefined;
  /** The folder that places of files are relative to; without it files are known by their relative path. */
  readonly root?: string | undefined;
  /** The URI of the program that writes; this package's own, with its version, unless told. */
  readonly producer?: string | undefined;
  readonly engineVersion: string;
}

/** The facts of a run that events need; a stored run has them, and a build that is under way. */
export type EventRun = Pick<
  RunRecord,
  "id" | "parent" | "kind" | "graph" | "snapshot" | "producer" | "version" | "key" | "input" | "error"
> & { readonly holder?: string | undefined; readonly task?: RunRecord["task"] };

export class EventWriter {
  readonly #namespace: string;
  readonly #root: string | undefined;
  readonly #producer: string;
  readonly #engineVersion: string;
  readonly #facet: ReturnType<typeof facetMaker>;

  constructor({ namespace = "stratigraph", root, producer, engineVersion }: OpenLineageNames) {
    this.#namespace = namespace;
    this.#root = root;
    this.#producer = producer ?? `https://www.npmjs.com/package/stratigraph/v/${engineVersion}`;
    this.#engineVersion = engineVersion;
    this.#facet = facetMaker(this.#producer);
  }

  /** `parent`: the build that a step is part of. */
  event(
    type: RunEventType,
    at: string,
    run: EventRun,
    { parent, step }: { readonly parent?: EventRun | undefined; readonly step?: StepFacts | undefined } = {},
  ): RunEvent {
    const isEnd = type !== "START" && type !== "RUNNING";
    const io = run.task?.io ?? [];
    const inputs = step?.inputs.map((one) => this.#partition(run.graph, one, step.description, "input"));
    const outputs = step?.outputs.map((one) => this.#partition(run.graph, one, step.description, "output"));
    return {
      eventType: type,
      eventTime: at,
      producer: this.#producer,
      schemaURL: SCHEMA_URL,
      run: { runId: uuidOf(run.id), facets: this.#runFacets(type, run, parent) },
      job: this.#job(run),
      inputs: inputs ?? io.filter(({ direction }) => direction === "input").map((one) => this.#told(one)),
      outputs: isEnd
        ? (outputs ?? io.filter(({ direction }) => direction === "output").map((one) => this.#told(one)))
        : [],
    };
  }

  #job(run: EventRun): RunEvent["job"] {
    return {
      namespace: this.#namespace,
      name: jobName(run),
      facets: {
        jobType: this.#facet.standard("JobTypeJobFacet", {
          processingType: "BATCH",
          integration: "STRATIGRAPH",
          jobType: { build: "GRAPH", step: "PRODUCER", task: "TASK" }[run.kind],
        }),
      },
    };
  }

  #runFacets(type: RunEventType, run: EventRun, parent: EventRun | undefined): Readonly<Record<string, Facet>> {
    const { standard, own } = this.#facet;
    const { snapshot, version, key, input, holder, task, error } = run;
    const failed = type === "FAIL" || type === "ABORT" ? errorText(error) : undefined;
    const stack = (error as { readonly stack?: Json } | null | undefined)?.stack;
    return {
      processing_engine: standard("ProcessingEngineRunFacet", {
        name: "stratigraph",
        version: task?.engineVersion ?? this.#engineVersion,
      }),
      ...(parent === undefined
        ? {}
        : {
            parent: standard("ParentRunFacet", {
              run: { runId: uuidOf(parent.id) },
              job: { namespace: this.#namespace, name: jobName(parent) },
            }),
          }),
      ...(failed === undefined
        ? {}
        : {
            errorMessage: standard("ErrorMessageRunFacet", {
              message: failed,
              programmingLanguage: "JavaScript",
              ...(typeof stack === "string" ? { stackTrace: stack } : {}),
            }),
          }),
      ...(task === undefined || Object.keys(task.labels).length === 0
        ? {}
        : {
            tags: standard("TagsRunFacet", {
              tags: Object.entries(task.labels).map(([label, value]) => ({ key: label, value, source: "stratigraph" })),
            }),
          }),
      stratigraph_run: own("StratigraphRunFacet", {
        id: run.id,
        ...present({ snapshot, version, key, input, by: holder, target: task?.target, config: task?.config }),
      }),
    };
  }

  #partition(
    graph: string,
    { artifact: key, partition }: NamedPartition,
    description: GraphDescription | undefined,
    direction: "input" | "output",
  ): Dataset {
    const { standard, own } = this.#facet;
    const artifact = description?.artifacts.find((one) => one.key === key);
    const { content, size, digest, storage, location, key: at } = partition;
    const place = this.#place(storage, location);
    const fields = artifact === undefined ? [] : fieldsOf(description?.schemas[artifact.schema]);
    const owner = artifact?.annotations["owner"];
    return {
      namespace: place?.namespace ?? this.#namespace,
      name: place?.name ?? [`${graph}.${key}`, ...(at === "" ? [] : [at])].join("/"),
      facets: {
        version: standard("DatasetVersionDatasetFacet", { datasetVersion: content }),
        storage: standard("StorageDatasetFacet", {
          storageLayer: storage,
          ...present({ fileFormat: artifact?.format.kind }),
        }),
        ...(fields.length === 0 ? {} : { schema: standard("SchemaDatasetFacet", { fields }) }),
        ...(place?.uri === undefined
          ? {}
          : { dataSource: standard("DatasourceDatasetFacet", { name: location, uri: place.uri }) }),
        ...documented(artifact, standard),
        ...(typeof owner === "string"
          ? { ownership: standard("OwnershipDatasetFacet", { owners: [{ name: owner }] }) }
          : {}),
        stratigraph_partition: own("StratigraphPartitionFacet", {
          graph,
          artifact: key,
          key: at,
          content,
          location,
          ...present({ sha256: digest }),
        }),
      },
      ...(direction === "output"
        ? { outputFacets: { outputStatistics: standard("OutputStatisticsOutputDatasetFacet", { size }) } }
        : {}),
    };
  }

  /** What a task told it read or wrote. */
  #told({ direction, name, location, format, rows, content }: TaskIO): Dataset {
    const { standard } = this.#facet;
    return {
      namespace: this.#namespace,
      name: location === "" ? name : location,
      facets: {
        ...(content === undefined
          ? {}
          : { version: standard("DatasetVersionDatasetFacet", { datasetVersion: content }) }),
        ...(format === undefined
          ? {}
          : { storage: standard("StorageDatasetFacet", { storageLayer: format, fileFormat: format }) }),
      },
      ...(direction === "output" && rows !== undefined
        ? { outputFacets: { outputStatistics: standard("OutputStatisticsOutputDatasetFacet", { rowCount: rows }) } }
        : {}),
    };
  }

  /** Files that others see as well are named as all the world names them. */
  #place(
    storage: string,
    location: string,
  ): { readonly namespace: string; readonly name: string; readonly uri: string | undefined } | undefined {
    if (storage !== "local") return undefined;
    const path = isAbsolute(location) ? location : this.#root === undefined ? undefined : join(this.#root, location);
    return {
      namespace: "file",
      name: path ?? location,
      uri: path === undefined ? undefined : pathToFileURL(path).href,
    };
  }
}

function jobName({ kind, graph, producer, task }: EventRun): string {
  if (task !== undefined) return `${task.namespace}.${graph}.${task.name}`;
  return kind === "step" ? `${graph}.${producer ?? ""}` : graph;
}

function documented(
  artifact: ArtifactDescription | undefined,
  standard: ReturnType<typeof facetMaker>["standard"],
): Readonly<Record<string, Facet>> {
  const description = artifact?.description ?? undefined;
  return description === undefined ? {} : { documentation: standard("DocumentationDatasetFacet", { description }) };
}

interface Field {
  readonly name: string;
  readonly type?: string | undefined;
  readonly fields?: readonly Field[] | undefined;
}

/** The columns of rows, or the members of an object, as far as JSON Schema names them. */
function fieldsOf(schema: Json | undefined, depth = 0): Field[] {
  const { type, items, properties } = objectOf(schema);
  if (type === "array") return depth < 8 ? fieldsOf(items, depth + 1) : [];
  return Object.entries(objectOf(properties)).map(([name, value]) => {
    const inner = depth < 8 ? fieldsOf(value, depth + 1) : [];
    const kind = typeName(value);
    return { name, ...(kind === undefined ? {} : { type: kind }), ...(inner.length === 0 ? {} : { fields: inner }) };
  });
}

function typeName(schema: Json | undefined): string | undefined {
  const { type, format, enum: values, anyOf } = objectOf(schema);
  if (typeof format === "string" && type === "string") return format;
  if (typeof type === "string") return type;
  if (Array.isArray(type)) return type.join(" | ");
  if (Array.isArray(anyOf)) return [...new Set(anyOf.map((one: Json) => typeName(one) ?? "any"))].join(" | ");
  return Array.isArray(values) ? "enum" : undefined;
}

function objectOf(value: Json | undefined): { readonly [name: string]: Json | undefined } {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as { readonly [name: string]: Json })
    : {};
}

function present<Fields extends Readonly<Record<string, string | undefined>>>(
  fields: Fields,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(fields).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
