// A pipeline in a file of its own, as a thread needs one, loaded as the command line loads it.

import {
  isStratigraphError,
  memory,
  type BuildEvent,
  type BuildOptions,
  type Graph,
  type StratigraphError,
} from "stratigraph";
import { setTimeout } from "node:timers/promises";
import { callbackify } from "node:util";
import { loadUserModule } from "../../src/code/user-module.ts";
import { Folder } from "./folder.ts";

const load = callbackify(loadUserModule);

const HEAD = `import { artifact, bytes, fanOut, file, graph, integers, lazy, literal, producer, sink, stream } from "stratigraph";
import { z } from "zod";
const Text = artifact({ schema: z.string() });
const Any = artifact({ schema: z.any() });
`;

export class ThreadProject extends Folder {
  #loaded = 0;

  /** What the module declares as its default export. */
  async load(text: string, name = `pipeline-${this.#loaded++}.ts`): Promise<Graph> {
    const path = this.write(name, `${HEAD}${text}`);
    // A file that is saved while it is loaded is never taken for what it was before.
    await setTimeout(50);
    const module = await new Promise<Readonly<Record<string, unknown>>>((resolve, reject) => {
      const done = (error: Error | null, loaded: Readonly<Record<string, unknown>>): void =>
        error === null ? resolve(loaded) : reject(error);
      // From where no test is on the stack: its file is none that a thread should load.
      setImmediate(load, path, { cache: undefined, cwd: this.path }, done);
    });
    return module["default"] as Graph;
  }

  /** A graph of one producer, "made", whose `build` has this body; its context is `context`. */
  one(body: string, options = ""): Promise<Graph> {
    return this.load(
      `const make = producer({ name: "make", version: "1.0.0", inputs: {}, output: Any, executor: "threads", ${options}
  build: async (_, context) => { ${body} } });
export default graph("threads", () => ({ made: make() }));`,
    );
  }
}

export interface Outcome {
  readonly value: unknown;
  readonly error: StratigraphError | undefined;
  readonly events: readonly BuildEvent[];
}

/** Builds anew, and gives the value of "made", or why there is none. */
export async function outcomeOf(graph: Graph, options: BuildOptions = {}, key?: object): Promise<Outcome> {
  const events: BuildEvent[] = [];
  const on = (event: BuildEvent): void => void events.push(event);
  try {
    const snapshot = await graph.build({ backend: memory(), ...options, on });
    const read = snapshot.read.bind(snapshot) as unknown as (name: string, key?: object) => Promise<unknown>;
    return { value: await read("made", key), error: undefined, events };
  } catch (thrown) {
    const failed = events.flatMap((event) => (event.type === "step-finished" ? (event.error ?? []) : []));
    const error = failed[0] ?? thrown;
    if (!isStratigraphError(error)) throw error;
    return { value: undefined, error, events };
  }
}
