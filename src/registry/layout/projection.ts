// What all projections share: what they are given, what they answer, and how a version's files get their place.

import * as fs from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { StratigraphError } from "../../errors.ts";
import type { ModelName, StoredArtifact } from "../../backend/model-records.ts";
import { systemClock, type Clock } from "../../util/clock.ts";
import { errnoOf, storageError, syncFolders } from "../../util/durable-file.ts";
import { showValue } from "../../util/show.ts";
import { tempName } from "../../util/temp-name.ts";
import type { ArtifactStore } from "../artifact-store.ts";
import { kindOf, writeIfChanged } from "./json-file.ts";

export interface ProjectionOptions {
  /**
   * The rows are all there is: every file is compared, and models that we projected here and that are no more are removed. False unless
   * told: then only versions whose revision has changed are looked at.
   */
  readonly prune?: boolean | undefined;
  /** Files of models are written again although they are there, for a folder that somebody changed by hand. False unless told. */
  readonly rewrite?: boolean | undefined;
  /** Milliseconds to wait for other processes that project into the same folder; 30,000 unless told. */
  readonly timeout?: number | undefined;
  readonly clock?: Clock | undefined;
}

export interface ProjectionResult {
  /** Relative to the folder, in the order they were written. */
  readonly written: readonly string[];
  readonly removed: readonly string[];
}

/** Writes into one folder, and keeps count. */
export class ProjectionFolder {
  readonly root: string;
  readonly #store: ArtifactStore;
  readonly #written: string[] = [];
  readonly #removed: string[] = [];

  constructor(root: string, store: ArtifactStore) {
    this.root = root;
    this.#store = store;
  }

  at(...parts: readonly string[]): string {
    return join(this.root, ...parts);
  }

  async write(path: string, bytes: string | Uint8Array): Promise<void> {
    if (!(await writeIfChanged(path, bytes))) return;
    await syncFolders([path], this.root);
    this.#written.push(this.#relative(path));
  }

  /** The files of an artifact as a folder that appears whole. `isCurrent`: it has them already. */
  async place(artifact: StoredArtifact, path: string, isCurrent: boolean): Promise<void> {
    if (isCurrent && (await kindOf(path)) === "folder") return;
    const next = join(dirname(path), tempName());
    try {
      await this.#store.download(artifact, next);
      await fs.rm(path, { recursive: true, force: true });
      await fs.rename(next, path);
      await syncFolders([path], this.root);
    } catch (cause) {
      throw storageError(cause, path, 0);
    } finally {
      await fs.rm(next, { recursive: true, force: true });
    }
    this.#written.push(this.#relative(path));
  }

  async remove(path: string): Promise<void> {
    if ((await kindOf(path)) === undefined) return;
    try {
      await fs.rm(path, { recursive: true, force: true });
    } catch (cause) {
      throw storageError(cause, path, 0);
    }
    this.#removed.push(this.#relative(path));
  }

  async removeIfEmpty(path: string): Promise<void> {
    try {
      await fs.rmdir(path);
    } catch (cause) {
      if (!["ENOTEMPTY", "EEXIST", "ENOTDIR", "ENOENT"].includes(errnoOf(cause) ?? ""))
        throw storageError(cause, path, 0);
    }
  }

  /** The names in a folder of it, without those that begin with a dot. */
  async names(path: string): Promise<readonly string[]> {
    if ((await kindOf(path)) !== "folder") return [];
    return (await fs.readdir(path)).filter((name) => !name.startsWith(".")).sort();
  }

  result(): ProjectionResult {
    return { written: this.#written, removed: this.#removed };
  }

  #relative(path: string): string {
    return relative(this.root, path).replaceAll("\\", "/");
  }
}

export function projectionClock({ clock = systemClock, timeout = 30_000 }: ProjectionOptions): {
  readonly clock: Clock;
  readonly timeout: number;
} {
  return { clock, timeout };
}

/** Names become folders as they are, so nothing else is let through. Throws VALIDATION_FAILED. */
export function checkFolderNames({ namespace, name }: ModelName): void {
  for (const part of [namespace, name]) {
    if (/^[A-Za-z0-9][\w.-]{0,254}$/.test(part)) continue;
    throw new StratigraphError("VALIDATION_FAILED", "this name cannot be a folder of the layout", {
      where: `model ${namespace}/${name}`,
      expected: "letters, digits, '.', '_' and '-', the first of them a letter or digit",
      received: showValue(part),
    });
  }
}
