// Calls about models, their versions, and what was decided about them.

import type { ModelStore } from "../backend.ts";
import {
  checkCount,
  checkDigest,
  checkFingerprint,
  checkName,
  checkOneOf,
  checkOptionalFingerprint,
  checkOptionalText,
  checkOptionalTime,
  checkText,
  checkTextRecord,
  checkTime,
  invalid,
} from "../check.ts";
import {
  comparisons,
  stages,
  transitionKinds,
  type ModelName,
  type StoredArtifact,
  type TransitionRecord,
  type ValueCondition,
  type VersionFilter,
  type VersionRecord,
  type VersionRef,
  type VersionSource,
} from "../model-records.ts";
import type { CallsOf } from "./call.ts";

export const modelCalls: CallsOf<ModelStore> = {
  readModels: {
    writes: false,
    check: (names) => names.forEach(checkModelName),
    nothing: (names) => (names.length === 0 ? { answer: [] } : undefined),
  },
  listModels: {
    writes: false,
    check({ namespace, name } = {}) {
      checkOptionalText(namespace, "namespace");
      checkOptionalText(name, "model's name");
    },
  },
  writeModel: {
    writes: true,
    precious: true,
    check(model, expected) {
      checkModelName(model);
      checkOptionalText(model.description, "description");
      checkTextRecord(model.labels, "label");
      checkTime(model.createdAt, "model's time");
      checkText(model.createdBy, "model's author");
      if (expected !== undefined) checkCount(expected, "revision");
    },
  },

  findVersions: {
    writes: false,
    check(queries) {
      for (const query of queries) {
        checkModelName(query);
        checkRef(query.ref);
      }
    },
    nothing: (queries) => (queries.length === 0 ? { answer: [] } : undefined),
  },
  listVersions: {
    writes: false,
    check: checkVersionFilter,
    nothing: ({ stages: asked, versions } = {}) =>
      asked?.length === 0 || versions?.length === 0 ? { answer: { items: [], next: undefined } } : undefined,
  },
  readVersionNumbers: { writes: false, check: checkModelName },
  writeVersions: {
    writes: true,
    precious: true,
    check(writes) {
      for (const { version, expected } of writes) {
        checkVersion(version);
        if (expected !== undefined) checkCount(expected, "revision");
      }
    },
    nothing: (writes) => (writes.length === 0 ? { answer: [] } : undefined),
  },

  writeTransitions: {
    writes: true,
    precious: true,
    check: (transitions) => transitions.forEach(checkTransition),
    nothing: (transitions) => (transitions.length === 0 ? { answer: [] } : undefined),
  },
  listTransitions: {
    writes: false,
    check({ version, kind, ...name }) {
      checkModelName(name);
      checkOptionalText(version, "version");
      if (kind !== undefined) checkOneOf(kind, transitionKinds, "kind of a transition");
    },
  },

  listAliases: { writes: false, check: checkModelName },
  writeAlias: {
    writes: true,
    precious: true,
    check({ alias, version, at, by, why, expected, ...name }) {
      checkModelName(name);
      checkName(alias, "alias");
      checkOptionalText(version, "version");
      checkTime(at, "time of a change");
      checkText(by, "author of a change");
      checkOptionalText(why, "reason of a change");
      if (expected !== null) checkOptionalText(expected, "expected version");
    },
  },
  readAliasHistory: {
    writes: false,
    check({ alias, ...name }) {
      checkModelName(name);
      checkText(alias, "alias");
    },
  },

  writeAnnotations: {
    writes: true,
    check(annotations) {
      for (const { version, author, text, at, ...name } of annotations) {
        checkModelName(name);
        checkOptionalText(version, "version");
        checkText(author, "annotation's author");
        checkText(text, "annotation");
        checkTime(at, "annotation's time");
      }
    },
    nothing: (annotations) => (annotations.length === 0 ? { answer: [] } : undefined),
  },
  listAnnotations: {
    writes: false,
    check({ version, ...name }) {
      checkModelName(name);
      checkOptionalText(version, "version");
    },
  },
};

function checkModelName({ namespace, name }: ModelName): void {
  checkName(namespace, "namespace");
  checkName(name, "model's name");
}

function checkRef(ref: VersionRef): void {
  checkOneOf(ref.kind, ["version", "sequence", "stage", "latest", "alias"], "kind of a reference");
  if (ref.kind === "version") checkText(ref.version, "version");
  if (ref.kind === "sequence") checkCount(ref.sequence, "version's sequence");
  if (ref.kind === "stage") checkOneOf(ref.stage, stages, "stage");
  if (ref.kind === "alias") checkText(ref.alias, "alias");
}

function checkVersion(version: Omit<VersionRecord, "revision">): void {
  checkModelName(version);
  checkName(version.id, "version's id");
  checkName(version.version, "version");
  checkCount(version.sequence, "version's sequence");
  checkOneOf(version.stage, stages, "stage");
  checkCount(version.stagedAt, "number of a transition");
  checkTime(version.createdAt, "version's time");
  checkText(version.createdBy, "version's author");
  checkText(version.engineVersion, "engine version");
  checkOptionalText(version.run, "run id");
  if (version.source !== undefined) checkSource(version.source);
  if (version.artifact !== undefined) checkArtifact(version.artifact);
  checkOptionalText(version.artifactType, "artifact's type");
  checkOptionalText(version.framework, "framework");
  checkOptionalText(version.description, "description");
  for (const [name, value] of Object.entries(version.metrics)) {
    checkText(name, "name of a metric");
    if (!Number.isFinite(value) || Object.is(value, -0))
      throw invalid("metric", "a finite number other than -0", value);
  }
  for (const values of [version.params, version.metadata, version.extensions]) {
    for (const name of Object.keys(values)) checkText(name, "name of a value");
  }
  checkTextRecord(version.labels, "label");
  checkTextRecord(version.dependencies, "dependency");
  checkOptionalText(version.configFingerprint, "fingerprint of a configuration");
  checkOptionalTime(version.promotedToStagingAt, "time of a promotion");
  checkOptionalTime(version.promotedToProductionAt, "time of a promotion");
  checkOptionalTime(version.archivedAt, "time of archiving");
  if (version.deleted === undefined) return;
  checkTime(version.deleted.at, "time of deletion");
  checkText(version.deleted.by, "author of a change");
  checkOptionalText(version.deleted.why, "reason of a change");
}

function checkSource({ graph, snapshot, artifactKey, key, partition, content }: VersionSource): void {
  checkName(graph, "graph name");
  checkFingerprint(snapshot, "snapshot");
  checkName(artifactKey, "artifact key");
  checkText(key, "partition key");
  checkCount(partition, "partition id");
  checkFingerprint(content, "content");
}

function checkArtifact({ digest, size, files, location }: StoredArtifact): void {
  checkText(digest, "artifact's digest");
  checkDigest(digest, "artifact's digest");
  checkCount(size, "artifact's size");
  checkCount(files, "artifact's files");
  checkText(location, "location");
}

function checkTransition(transition: Omit<TransitionRecord, "number">): void {
  checkModelName(transition);
  checkName(transition.version, "version");
  checkCount(transition.sequence, "version's sequence");
  checkOneOf(transition.kind, transitionKinds, "kind of a transition");
  if (transition.from !== undefined) checkOneOf(transition.from, stages, "stage");
  if (transition.to !== undefined) checkOneOf(transition.to, stages, "stage");
  checkTime(transition.at, "transition's time");
  checkText(transition.by, "transition's author");
  checkOptionalText(transition.why, "transition's reason");
  if (typeof transition.forced !== "boolean")
    throw invalid("transition", "`forced` to be true or false", transition.forced);
  checkText(transition.correlation, "transition's correlation");
}

function checkVersionFilter(filter: VersionFilter = {}): void {
  checkOptionalText(filter.namespace, "namespace");
  checkOptionalText(filter.name, "model's name");
  for (const stage of filter.stages ?? []) checkOneOf(stage, stages, "stage");
  checkOptionalText(filter.framework, "framework");
  checkOptionalText(filter.run, "run id");
  checkOptionalFingerprint(filter.content, "content");
  for (const version of filter.versions ?? []) checkText(version, "version");
  filter.where?.forEach(checkCondition);
  if (filter.orderBy !== undefined) checkText(filter.orderBy.metric, "name of a metric");
}

function checkCondition({ in: place, key, is, value }: ValueCondition): void {
  checkOneOf(place, ["metrics", "params", "labels", "metadata"], "place of a value");
  checkText(key, "name of a value");
  checkOneOf(is, comparisons, "comparison");
  if (typeof value === "string") checkText(value, "value to compare with");
  else if (typeof value !== "boolean" && !Number.isFinite(value)) {
    throw invalid("value to compare with", "a text, a finite number, true or false", value);
  }
}
