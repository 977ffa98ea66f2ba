// Which model version people mean: "team/churn@1.3.0", "team/churn@production", "models:/team/churn/3".

import { stages, type ModelName, type VersionRef } from "../backend/model-records.ts";
import { StratigraphError } from "../errors.ts";

export type ModelReference = ModelName & { readonly ref: VersionRef };

/** `1.3.0` and `v1.3.0` are semantic versions, `#7` and `7` sequences; a name without a namespace is in "default". Error: VALIDATION_FAILED. */
export function parseModelReference(text: string): ModelReference {
  const bare = text.replace(/^models?:\/{0,2}/, "");
  const at = bare.lastIndexOf("@");
  const slashes = bare.split("/");
  // models:/team/churn/1.3.0 says the version as a further part; with "@" there is none.
  const tail = at >= 0 ? bare.slice(at + 1) : bare !== text && slashes.length > 2 ? slashes.at(-1)! : "latest";
  const path =
    at >= 0 ? bare.slice(0, at) : bare !== text && slashes.length > 2 ? slashes.slice(0, -1).join("/") : bare;
  const cut = path.indexOf("/");
  const [namespace, name] = cut < 0 ? ["default", path] : [path.slice(0, cut), path.slice(cut + 1)];
  if (namespace === "" || name === "" || name.includes("/") || tail === "") {
    throw new StratigraphError("VALIDATION_FAILED", "that names no model version", {
      expected: "namespace/name@1.3.0, @#7, @production, @latest or an alias",
      received: `'${text}'`,
    });
  }
  return { namespace, name, ref: parseVersionRef(tail) };
}

function parseVersionRef(text: string): VersionRef {
  const word = text.toLowerCase();
  if (/^#?\d+$/.test(text)) return { kind: "sequence", sequence: Number(text.replace("#", "")) };
  if (/^v?\d+\.\d+\.\d+/.test(text)) return { kind: "version", version: text.replace(/^v/, "") };
  if (word === "latest") return { kind: "latest" };
  const stage = stages.find((known) => known === word);
  return stage === undefined ? { kind: "alias", alias: text } : { kind: "stage", stage };
}

/** "team/churn@1.3.0". */
export function modelText({ namespace, name, version }: ModelName & { readonly version: string }): string {
  return `${namespace}/${name}@${version}`;
}
