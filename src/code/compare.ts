// What differs between the code a producer had and the code it has: functions, files and packages by name.

import type { KnownCode } from "../identity/code-version.ts";
import { parseManifest } from "../identity/manifest.ts";
import { wholeReasons, type CodeItem, type CodeParts } from "./manifest.ts";

type Later = Pick<KnownCode, "manifest" | "files" | "because">;

export interface CodeChange {
  /** "code of 'toCents' in lib/money.ts", "package lodash". */
  readonly part: string;
  readonly change: "added" | "removed" | "changed";
  readonly before?: string;
  readonly after?: string;
}

/** `after`: what the code is now. Items are told by name, as a file may have moved. */
export function codeChanges(before: string, { manifest, files, because }: Later): readonly CodeChange[] {
  const [then, now] = [partsOf(before), partsOf(manifest.text)];
  const differ = then.counted !== now.counted || then.because !== now.because;
  const changes: readonly CodeChange[] = [
    ...(differ
      ? [{ part: "code", change: "changed", before: countedText(then), after: countedText(now) } as const]
      : []),
    ...(then.counted === now.counted ? itemChanges(then.items, now.items, { files, because }, now.counted) : []),
    ...(then.counted === now.counted ? packageChanges(then.packages, now.packages) : []),
  ];
  // The same parts put together in another way: a name that stands for another function than before.
  return changes.length > 0 ? changes : [{ part: "code: what a name in it stands for", change: "changed" }];
}

/** Which of the two ways the code counts. */
export function countedText({ counted, because }: Pick<CodeParts, "counted" | "because">): string {
  return because === null ? `counted by ${counted}` : `counted by ${counted}: ${wholeReasons[because] ?? because}`;
}

/** The same as data. */
export function countedParts(text: string): { counted: CodeParts["counted"]; because: string | undefined } {
  const { counted, because } = partsOf(text);
  return { counted, because: because === null ? undefined : wholeReasons[because] };
}

export function partsOf(text: string): CodeParts {
  return parseManifest(text).parts as unknown as CodeParts;
}

function itemChanges(
  before: readonly CodeItem[],
  after: readonly CodeItem[],
  { files, because }: Pick<Later, "files" | "because">,
  counted: CodeParts["counted"],
): CodeChange[] {
  const changes: CodeChange[] = [];
  const left = new Map<string, string[]>();
  for (const [name, digest] of before) left.set(name, [...(left.get(name) ?? []), digest]);
  const fresh: { readonly name: string; readonly file: string; readonly note: string }[] = [];
  for (const [index, [name, digest]] of after.entries()) {
    const same = left.get(name)?.indexOf(digest) ?? -1;
    if (same >= 0) left.get(name)!.splice(same, 1);
    else
      fresh.push({
        name,
        file: files[index] ?? "",
        note: because[index] === undefined ? "" : `, which ${because[index]},`,
      });
  }
  for (const { name, file, note } of fresh) {
    const changed = left.get(name)?.pop() !== undefined;
    changes.push({ part: itemText(name, file, counted) + note, change: changed ? "changed" : "added" });
  }
  for (const [name, digests] of left) {
    for (const _ of digests) changes.push({ part: itemText(name, undefined, counted), change: "removed" });
  }
  return changes;
}

function itemText(name: string, file: string | undefined, counted: CodeParts["counted"]): string {
  if (counted === "files" || name === file) return `code in ${name}`;
  const place = file === undefined ? "" : ` in ${file}`;
  if (name === "module" || name === "top level") return `code${place} (${name})`;
  return `code of ${name.startsWith("producer '") ? name : `'${name}'`}${place}`;
}

function packageChanges(before: CodeParts["packages"], after: CodeParts["packages"]): CodeChange[] {
  const changes: CodeChange[] = [];
  const [then, now] = [new Map(before), new Map(after)];
  for (const [name, version] of now) {
    const was = then.get(name);
    if (was === undefined) changes.push({ part: `package ${name}`, change: "added", after: version });
    else if (was !== version) changes.push({ part: `package ${name}`, change: "changed", before: was, after: version });
  }
  for (const [name, version] of then) {
    if (!now.has(name)) changes.push({ part: `package ${name}`, change: "removed", before: version });
  }
  return changes;
}
