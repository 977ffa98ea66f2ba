// A project on disk whose producers' code is looked at: write files, ask for the versions, see which of them an edit changed.

import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { codeChanges, partsOf } from "../../src/code/compare.ts";
import { followCode } from "../../src/code/follow.ts";
import { Library } from "../../src/code/library.ts";
import type { CodeParts } from "../../src/code/manifest.ts";
import { CodeVersion, type KnownCode } from "../../src/identity/code-version.ts";

export interface Looked {
  /** By producer. */
  readonly known: ReadonlyMap<string, KnownCode>;
  readonly parts: ReadonlyMap<string, CodeParts>;
}

export interface LookOptions {
  /** The file that declares them; graph.ts unless told. Or all that were running. */
  readonly files?: readonly string[];
  /** False: as where no parser is installed. */
  readonly parser?: boolean;
  readonly library?: Library;
  /** When the files were loaded; long after they were written unless told. */
  readonly since?: number;
}

export class CodeProject implements Disposable {
  readonly folder: string = realpathSync(mkdtempSync(join(tmpdir(), "stratigraph-code-")));

  write(files: Readonly<Record<string, string>>): void {
    for (const [name, text] of Object.entries(files)) {
      const path = join(this.folder, name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
    }
  }

  /** A folder under another name, as npm links the packages of a workspace. */
  link(folder: string, name: string): void {
    mkdirSync(dirname(join(this.folder, name)), { recursive: true });
    symlinkSync(join(this.folder, folder), join(this.folder, name), "junction");
  }

  remove(name: string): void {
    rmSync(join(this.folder, name), { recursive: true });
  }

  look(producers: readonly string[], options: LookOptions = {}): Looked {
    const { files = ["graph.ts"], parser = true, since = Infinity } = options;
    const library = options.library ?? new Library(undefined, ...(parser ? [] : [() => undefined]));
    const site = { files: files.map((name) => join(this.folder, name)), since };
    const followed = producers.map((name) => ({ name, version: new CodeVersion(site) }));
    followCode(followed, { home: undefined, make: false, library });
    return {
      known: new Map(followed.map(({ name, version }) => [name, version.known!])),
      parts: new Map(followed.map(({ name, version }) => [name, partsOf(version.known!.manifest.text)])),
    };
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The producers whose code is another one. */
export function changedBetween(before: Looked, after: Looked): string[] {
  return [...after.known]
    .filter(([name, { manifest }]) => before.known.get(name)!.manifest.fingerprint !== manifest.fingerprint)
    .map(([name]) => name);
}

/** What `why` would say of one of them. */
export function toldBetween(before: Looked, after: Looked, producer: string): string[] {
  const [then, now] = [before.known.get(producer)!, after.known.get(producer)!];
  if (then.manifest.fingerprint === now.manifest.fingerprint) return [];
  return codeChanges(then.manifest.text, now).map(
    ({ part, change, before: was, after: is }) =>
      `${part} ${change}${was === undefined || is === undefined ? "" : ` from ${was} to ${is}`}`,
  );
}
