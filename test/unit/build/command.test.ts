// Commands: other programs as producers, with files in and out.

import { existsSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import {
  all,
  artifact,
  command,
  type BuildEvent,
  graph,
  integers,
  memory,
  memoryStorage,
  text,
  why,
  type Graph,
} from "stratigraph";
import { expect, it, vi } from "vitest";
import { z } from "zod";
import { Folder } from "../../support/folder.ts";

const Lines = artifact({ schema: z.string(), format: text() });
const Count = artifact({ schema: z.number() });
const source = Lines.from(memoryStorage("lines.txt", new Map([["lines.txt", "10\n9\n2\n"]])));
const node = process.execPath;

async function result<G extends Graph<string, { made: never }>>(g: G, options = {}): Promise<unknown> {
  const snapshot = await g.build({ backend: memory(), ...options });
  return snapshot.read(g.artifacts.made);
}

function sorted(run: readonly [string, ...string[]] | string, more: Record<string, unknown> = {}) {
  const sort = command({ name: "sort", inputs: { lines: Lines }, output: Lines, run, env: { LC_ALL: "C" }, ...more });
  return graph("commands", () => ({ source, made: sort({ lines: source }) }));
}

it("a program reads its inputs from files and writes its output to one, or prints it", async () => {
  expect(await result(sorted(["sort", "-n", "{inputs.lines}", "-o", "{output}"]) as never)).toBe("2\n9\n10\n");
  expect(await result(sorted(["sort", "-r", "{inputs.lines}"]) as never)).toBe("9\n2\n10\n");
  expect(await result(sorted("sort -n {inputs.lines} | head -n 1 > {output}", { shell: true }) as never)).toBe("2\n");
});

it("many partitions are a folder, keys and params are words, and a shell gets each as one word", async () => {
  const Part = artifact({ schema: z.string(), format: text(), partitionBy: { n: integers() } });
  const parts = Part.from(memoryStorage("{n}.txt", new Map([1, 2].map((n) => [`${n}.txt`, `part ${n}\n`]))));
  const each = command({
    name: "each",
    inputs: { part: Part },
    params: { mark: z.string() },
    output: Part,
    run: "printf '%s %s ' {params.mark} {key.n}; cat {inputs.part}",
    shell: true,
  });
  const join = command({
    name: "join",
    inputs: { parts: all(Part) },
    output: Lines,
    run: "cat {inputs.parts}/*",
    shell: true,
  });
  const g = graph("many", () => ({ parts, made: join({ parts: each({ part: parts }) }) }));
  const mark = "'; touch /tmp/never #";
  expect(await result(g as never, { params: { mark } })).toBe(`${mark} 1 part 1\n${mark} 2 part 2\n`);
});

it("another word, variable or script is another version, and why says version", async () => {
  using folder = new Folder();
  const script = folder.write("script.cjs", "process.stdout.write('1')");
  const one = (words: readonly string[] = []): Graph =>
    graph("v", () => ({
      made: command({
        name: "c",
        inputs: {},
        output: Count,
        run: [node, "{scripts.main}", ...words],
        scripts: { main: script },
      })(),
    }));
  const backend = memory();
  const built = async (g: Graph): Promise<number> => (await g.build({ backend })).result.built;
  expect([await built(one()), await built(one()), await built(one(["x"]))]).toEqual([1, 0, 1]);
  const loaded = one();
  writeFileSync(script, "process.stdout.write('2')");
  const again = one();
  const [told] = await why(again.definition, "made", { backend });
  expect(told!.now.reason.code).toBe("version-changed");
  expect(await built(again)).toBe(1);
  await expect(loaded.build({ backend: memory() })).rejects.toThrow("script 'main' changed since the graph was loaded");
});

it("an exit code is an error with the program's last words; so is a missing program or output", async () => {
  const bad = "for (let i = 0; i < 30; i++) console.error('line ' + i); process.exit(3)";
  await expect(result(sorted([node, "-e", bad]) as never)).rejects.toThrow(
    /ended with exit code 3; its last words: line 20 \|.*line 29$/,
  );
  await expect(result(sorted(["no-such-program"]) as never)).rejects.toThrow("there is no program 'no-such-program'");
  await expect(result(sorted([node, "-e", "", "{output}"]) as never)).rejects.toThrow("wrote no output");
});

it("what cannot be started or read is one sentence that says why", async () => {
  using folder = new Folder();
  const plain = folder.write("plain.txt", "no program");
  const failing = (...run: readonly [string, ...string[]]) => result(sorted(run) as never);
  await expect(failing(plain)).rejects.toThrow(`'${plain}' may not be run: it is no program, or its permissions`);
  await expect(failing("echo", "x".repeat(300_000))).rejects.toThrow(
    "the words of 'echo' are longer than this system takes",
  );
  await expect(failing("echo", "a\0b")).rejects.toThrow("a word or variable of 'echo' holds a null character");
  await expect(failing("mkdir", "{output}")).rejects.toThrow("'mkdir' ended well but made a folder of its output");
  await expect(failing("printf", "\\377")).rejects.toThrow("what 'printf' wrote cannot be read as text: byte 0: ");
});

it("a line without an end costs neither time nor memory, and what was printed over is not told", async () => {
  const told: string[] = [];
  const on = (event: BuildEvent): void => void (event.type === "step-log" && told.push(event.text));
  const endless = "process.stderr.write('x'.repeat(40_000_000) + '\\n10 %\\r50 %\\r100 %\\r\\nwindows\\r\\nend')";
  const start = performance.now();
  await result(sorted([node, "-e", endless]) as never, { on });

  expect(performance.now() - start).toBeLessThan(5_000);
  expect(told).toEqual([`${"x".repeat(16 * 1024)}…`, "100 %", "windows", "end"]);
});

it("a service that it starts and that leaves its group holds nothing up", async () => {
  using folder = new Folder();
  const start = performance.now();
  const serving = sorted(`setsid sh -c 'echo $$ > ${folder.at("pid")}; exec sleep 20' & sleep 0.3; echo started`, {
    shell: true,
  });
  expect(await result(serving as never)).toBe("started\n");
  expect(performance.now() - start).toBeLessThan(5_000);
  process.kill(Number(folder.read("pid")));
});

it("one that is asked to end may tidy up first, with all that it started, before it is tried again", async () => {
  using folder = new Folder();
  const log = folder.at("log");
  const program = `echo begun >> ${log}; (trap 'sleep 0.4; echo tidied >> ${log}; exit' TERM; sleep 9 & wait) | cat`;
  const tidying = sorted(program, { shell: true, timeout: 500, retries: { times: 1, delay: 1 } });
  await expect(result(tidying as never)).rejects.toThrow("took too long");
  expect(folder.read("log")).toBe("begun\ntidied\nbegun\ntidied\n");
});

it("what runs over its time is ended with everything it started", async () => {
  using folder = new Folder();
  const mark = folder.at("alive");
  const slow = sorted(`(sleep 0.8; touch ${mark}) & wait`, { shell: true, timeout: 150 });
  await expect(result(slow as never)).rejects.toThrow("took too long");
  await sleep(1_200);
  expect(existsSync(mark)).toBe(false);
});

it("secrets are variables, only where they are named, and never words", async () => {
  vi.stubEnv("STRATA_SECRET_TOKEN", "s3cr3t-token");
  const print = [
    "-e",
    "process.stdout.write(String((process.env.TOKEN ?? '').length) + (process.env.STRATA_SECRET_TOKEN ?? ''))",
  ];
  const g = sorted([node, ...print], { env: { TOKEN: "{secrets.token}" } });
  expect(await result(g as never)).toBe("12");
  const told = sorted([node, "-e", "console.error(process.env.TOKEN); process.exit(1)"], {
    env: { TOKEN: "{secrets.token}" },
  });
  await expect(result(told as never)).rejects.toThrow("its last words: ***");
  vi.unstubAllEnvs();
  expect(() => sorted(["x", "{secrets.token}"])).toThrow("a secret is given as a variable");
});

it("what is declared wrongly is refused in one sentence", () => {
  expect(() => sorted(["sort", "{inputs.line}"])).toThrow(
    "command 'sort': this placeholder stands for nothing; expected {inputs.lines}, received \"{inputs.line}\". Did you mean '{inputs.lines}'?",
  );
  expect(() => sorted(["sort", "{input.lines}"])).toThrow("Did you mean '{inputs.lines}'?");
  expect(() => sorted("sort x")).toThrow("run is a program with its arguments");
  expect(() => sorted([] as never)).toThrow("run is a program with its arguments");
  expect(() => sorted(["sort"], { shell: true })).toThrow("with a shell, run is one line");
  expect(() => sorted(["sort"], { scripts: { a: "/no/such" } })).toThrow("the script cannot be read");
  expect(() => sorted(["sort"], { env: { A: 1 } })).toThrow("a variable is a text");
  expect(() => command(null as never)).toThrow("options are given as one object");
});
