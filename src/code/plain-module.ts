// What is found in a file without a parser: its digest as it is written, and every name of a module that may be in it.

import { fingerprintBytes, fingerprintText } from "../identity/fingerprint.ts";
import type { ModuleFacts, Whole } from "./module.ts";
import type { Hidden } from "./references.ts";

const CODE = /\.[cm]?[jt]sx?$/;

export function isCode(path: string): boolean {
  return CODE.test(path);
}

/** More than there is: what looks like an import in a comment is taken for one. */
export function plainModule(text: string, whole: Whole): ModuleFacts {
  const modules = new Set<string>();
  const files = new Set<string>();
  for (const [, name] of text.matchAll(/\b(?:from|import|require)\s*\(?\s*["'`]([^"'`\n]+)["'`]/g)) modules.add(name!);
  for (const [, name] of text.matchAll(/\b(?:new\s+URL|import\.meta\.resolve)\(\s*["'`](\.{0,2}\/[^"'`\n]+)["'`]/g))
    files.add(name!);
  return {
    ...nothing,
    digest: fingerprintText(text),
    whole,
    modules: [...modules],
    files: [...files],
    hidden: hiddenIn(text),
  };
}

/** A file that is no code. JSON counts by what it says. */
export function dataModule(path: string, bytes: Uint8Array): ModuleFacts {
  const said = path.endsWith(".json") ? jsonText(bytes) : undefined;
  return { ...nothing, digest: said === undefined ? fingerprintBytes(bytes) : fingerprintText(said), whole: "data" };
}

const nothing: Omit<ModuleFacts, "digest"> = {
  whole: undefined,
  loads: [],
  imports: {},
  exports: {},
  stars: [],
  parts: [],
  producers: {},
  methods: [],
  modules: [],
  files: [],
  hidden: undefined,
};

function jsonText(bytes: Uint8Array): string | undefined {
  try {
    return JSON.stringify(JSON.parse(Buffer.from(bytes).toString("utf8")));
  } catch {
    return undefined;
  }
}

function hiddenIn(text: string): Hidden | undefined {
  if (/\beval\s*\(|\bFunction\s*\(/.test(text)) return "code";
  // A call whose argument does not begin as a text does, or is a template with places in it.
  return /\b(?:import|require)\s*\(\s*(?:[^"'`\s]|`[^`]*\$\{)|\bcreateRequire\b/.test(text) ? "module" : undefined;
}
