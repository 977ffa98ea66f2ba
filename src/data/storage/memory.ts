// Partitions in a Map from path to bytes: for tests, and for data that a program has anyway.

import { StratigraphError } from "../../errors.ts";
import { compareText } from "../../util/text-order.ts";
import { parseTemplate, type Template } from "../../util/template.ts";
import { contentOf } from "../io.ts";
import { Findings } from "./findings.ts";
import { checkLayout } from "./layout.ts";
import { createLocator, fillConstants } from "./locate.ts";
import { createMatcher, type Matcher } from "./matcher.ts";
import type { Storage } from "./storage.ts";

/**
 * Behaves as `local(template)` does, with the entries of `files` for files. What is produced goes into the same Map; nothing in it outlives the
 * process. A text stands for its UTF-8 bytes. Throws TEMPLATE_INVALID.
 */
export function memory<const Text extends string>(
  template: Text,
  files: Map<string, Uint8Array | string> = new Map(),
): Storage<Text> {
  return fromTemplate(parseTemplate(template), files) as Storage<Text>;
}

function fromTemplate(template: Template, files: Map<string, Uint8Array | string>): Storage {
  const bytesAt = (location: string): Uint8Array | undefined => {
    const held = files.get(location);
    return typeof held === "string" ? Buffer.from(held) : held;
  };
  const storage: Storage = {
    kind: "memory",
    template: template.text,
    check: (dimensions, role) => checkLayout(template, dimensions, role),
    resolve: (names) => {
      const resolved = fillConstants(template, names);
      return resolved.text === template.text ? storage : fromTemplate(resolved, files);
    },
    async discover(dimensions, { sha256 }) {
      const matcher = createMatcher(template, dimensions);
      const findings = new Findings();
      for (const location of [...files.keys()].sort(compareText)) {
        const named = match(matcher, location);
        if (typeof named === "string") findings.stray(location, named);
        else if (named !== undefined)
          findings.partition({ ...named, location, content: contentOf(bytesAt(location) as Uint8Array, { sha256 }) });
      }
      return Promise.resolve(findings.finish(dimensions));
    },
    locate: createLocator(template),
    read(location) {
      const bytes = bytesAt(location);
      // A copy, as from a disk: changing what was read changes nothing here.
      return bytes === undefined ? Promise.reject(missing(location)) : Promise.resolve(new Uint8Array(bytes));
    },
    write(location, bytes) {
      if (files.has(location)) {
        return Promise.reject(
          new StratigraphError("STORAGE_FAILED", "a file is there already and is not replaced", { where: location }),
        );
      }
      files.set(location, new Uint8Array(bytes)); // a Buffer's slice would be a view
      return Promise.resolve();
    },
    settle: () => Promise.resolve(),
    look(location, size) {
      const bytes = bytesAt(location);
      if (bytes === undefined) return "missing";
      return bytes.byteLength === size ? "present" : "damaged";
    },
    remove(location) {
      files.delete(location);
      return Promise.resolve();
    },
  };
  return Object.freeze(storage);
}

/** As walking folders would: what lies elsewhere or deeper is no stray, it is not looked at. */
function match(matcher: Matcher, location: string): ReturnType<Matcher["finish"]> | undefined {
  if (!location.startsWith(matcher.base)) return undefined;
  const names = location.slice(matcher.base.length).split("/");
  let captures = matcher.start;
  for (const [index, step] of matcher.steps.entries()) {
    const name = names[index];
    if (name === undefined) return typeof step === "string" ? undefined : "is a file where a folder is expected";
    if (typeof step === "string") {
      if (name !== step) return undefined;
      continue;
    }
    const matched = step.match(name, captures);
    if (typeof matched !== "object") return matched;
    captures = matched;
  }
  return names.length === matcher.steps.length ? matcher.finish(captures) : "is in a folder where a file is expected";
}

function missing(location: string): StratigraphError {
  return new StratigraphError("DATA_MISSING", "the file is gone", { where: location });
}
