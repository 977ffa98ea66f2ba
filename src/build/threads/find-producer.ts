// Finds a producer in the thread that is to run it: loads the module that declares it, and makes sure that its code is what was fingerprinted.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { followCode } from "../../code/follow.ts";
import { shownPath } from "../../code/frames.ts";
import { loadUserModule } from "../../code/user-module.ts";
import { StratigraphError } from "../../errors.ts";
import type { ProducerDefinition } from "../../graph/producer.ts";
import { hearOfProducers } from "../../graph/thread.ts";
import { CodeVersion } from "../../identity/code-version.ts";
import type { ThreadTask } from "./messages.ts";

/** All that were declared in this thread, by name. */
const declared = new Map<string, ProducerDefinition[]>();
const loaded = new Map<string, Promise<unknown>>();

/** From now on what modules declare is kept. */
export function listenForProducers(): void {
  hearOfProducers((definition) => {
    const same = declared.get(definition.name);
    if (same === undefined) declared.set(definition.name, [definition]);
    else same.push(definition);
  });
}

/** By the file that declares it, its name and its code: what was loaded here does not change any more. */
const found = new Map<string, ProducerDefinition>();

/** Errors: THREAD_REFUSED, MODULE_NOT_LOADED, and whatever error of ours the module throws. */
export async function findProducer(task: ThreadTask): Promise<ProducerDefinition> {
  const key = JSON.stringify([task.files[0], task.step.producer, task.code]);
  const known = found.get(key) ?? (await look(task));
  found.set(key, known);
  return known;
}

async function look({ step, files, load, code, home, where }: ThreadTask): Promise<ProducerDefinition> {
  const [file] = files;
  const shown = shownPath(file!, process.cwd());
  let named: readonly ProducerDefinition[] = [];
  // Where a function declares it, the files that call the function come after its own.
  for (const one of load) {
    await loadOnce(one, home);
    named = (declared.get(step.producer) ?? []).filter(({ thread }) => thread?.site.files[0] === file);
    if (named.length > 0) break;
  }
  const [producer] = named;
  if (producer === undefined) {
    throw new StratigraphError("THREAD_REFUSED", `loading ${shown} does not declare this producer`, {
      where,
      hint: "Declare it at the top level of a module: a thread loads the module, and calls nothing in it.",
    });
  }
  if (named.length > 1) {
    throw new StratigraphError("THREAD_REFUSED", `${shown} declares ${named.length} producers of this name`, {
      where,
      hint: "Give each a name of its own: a thread finds a producer by its name.",
    });
  }
  // By the files that the other thread saw: this one may have come to it by fewer.
  const version = new CodeVersion({ files, since: producer.thread!.site.since });
  followCode([{ name: step.producer, version }], { home, make: false });
  const { manifest, unsettled } = version.known!;
  if (manifest.fingerprint !== code || unsettled) {
    throw new StratigraphError("THREAD_REFUSED", `${shown}, or code that it uses, was edited after it was loaded`, {
      where,
      hint: "Build again: other code than was fingerprinted is not run.",
    });
  }
  return producer;
}

function loadOnce(file: string, home: string | undefined): Promise<unknown> {
  const known = loaded.get(file);
  if (known !== undefined) return known;
  const cache = home !== undefined && existsSync(home) ? join(home, "cache", "modules") : undefined;
  const loading = loadUserModule(file, { cache, cwd: process.cwd() });
  loaded.set(file, loading);
  return loading;
}
