// What a producer is given besides its inputs: progress, a temporary folder, secrets.

import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  artifact,
  fanOut,
  graph,
  integers,
  isStratigraphError,
  memory,
  ndjson,
  producer,
  stream,
  type Backend,
  type BuildContext,
  type BuildEvent,
} from "stratigraph";
import { sqlite } from "stratigraph/sqlite";
import { afterEach, expect, it, vi } from "vitest";
import { z } from "zod";
import { openWorkspace } from "../../../src/build/workspace.ts";
import { tempRoot } from "../../../src/build/temp-folders.ts";
import { thisHost } from "../../../src/util/temp-name.ts";
import { Folder } from "../../support/folder.ts";

const Text = artifact({ schema: z.string() });

function one(build: (context: BuildContext<{}>) => string | Promise<string>, retries = 0) {
  const make = producer({
    name: "make",
    version: "1.0.0",
    inputs: {},
    output: Text,
    retries: { times: retries, delay: 1 },
    build: (_, context) => build(context),
  });
  return graph("context", () => ({ made: make() }));
}

/** Nothing was built in it before. */
const anew = (): { backend: Backend } => ({ backend: memory() });

afterEach(() => vi.unstubAllEnvs());

it("progress is told as events, and what is no progress is refused in one sentence", async () => {
  const told: BuildEvent[] = [];
  const on = (event: BuildEvent): void => void (event.type === "step-progress" && told.push(event));
  const counting = one(({ progress }) => {
    progress(0, 1000, "reading");
    for (let round = 1; round < 1000; round++) progress(round, 1000);
    progress(1000, 1000);
    return "done";
  });
  await counting.build({ ...anew(), on });

  expect(told[0]).toMatchObject({ done: 0, total: 1000, note: "reading", step: { key: "made", producer: "make" } });
  expect(told.at(-1)).toMatchObject({ done: 1000, total: 1000 });
  expect(told.length).toBeLessThan(500);
  await expect(one(({ progress }) => (progress(Number.NaN), "")).build(anew())).rejects.toThrow(
    "progress starts with how much is done; expected a number of at least 0, received NaN",
  );
});

it("each attempt has a folder of its own, and nothing is left of any", async () => {
  using folder = new Folder();
  const seen: string[] = [];
  const writing = one(async ({ temp, attempt }) => {
    const path = await temp();
    expect(await temp()).toBe(path);
    expect(readdirSync(path)).toEqual([]);
    writeFileSync(join(path, "half"), "x");
    seen.push(path);
    if (attempt === 1) throw new Error("once more");
    return "done";
  }, 1);
  await writing.build({ backend: sqlite(folder.at("strata.db")) });

  expect(new Set(seen).size).toBe(2);
  expect(seen.filter((path) => existsSync(path))).toEqual([]);
  expect(seen[0]).toContain(tempRoot(folder.path));
});

it("what a killed process left is swept by the next build that runs something, and what is in use is not", async () => {
  using folder = new Folder();
  const root = tempRoot(folder.path);
  const gone = join(root, `.strata-tmp-${2 ** 22 + 7}-${thisHost}-abc-1x`);
  const used = join(root, `.strata-tmp-${process.pid}-${thisHost}-abc-1x`);
  for (const path of [gone, used]) mkdirSync(path, { recursive: true });
  await one(() => "done").build({ backend: sqlite(folder.at("strata.db")) });

  expect([existsSync(gone), existsSync(used)]).toEqual([false, true]);
});

it("a secret is in no log, progress, error, event, record or file; its name is with the run", async () => {
  using folder = new Folder();
  const text = 'hunter2"secret/';
  vi.stubEnv("STRATA_SECRET_API_KEY", text);
  const events: BuildEvent[] = [];
  const leaking = one(async ({ secret, log, progress }) => {
    const key = await secret("api-key");
    expect(String(key)).toBe("***");
    log(`connecting with ${key.reveal()} or ${encodeURIComponent(key.reveal())}`);
    progress(1, 2, key.reveal());
    throw new TypeError(`refused ${key.reveal()}`, { cause: new Error(JSON.stringify({ key: key.reveal() })) });
  });
  const backend = sqlite(folder.at("strata.db"));
  const error: unknown = await leaking.build({ backend, on: (event) => events.push(event) }).catch((e: unknown) => e);

  expect(isStratigraphError(error) && error.message).toContain("refused ***");
  const errors = events.flatMap((event) => (event.type === "step-finished" && event.error ? [event.error] : []));
  const chain = errors.flatMap((one) => [one, one.cause as Error, (one.cause as Error).cause as Error]);
  const said = JSON.stringify([error, events]) + chain.map(({ message, stack }) => `${message}${stack}`).join("");
  expect(chain).toHaveLength(3);
  await using workspace = await openWorkspace({ backend });
  const { items } = await workspace.connection.listRuns({ graph: "context", kind: "step" });
  expect(items[0]!.reason).toMatchObject({ code: "never-built", secrets: ["api-key"] });
  for (const form of ["hunter2", encodeURIComponent(text)]) {
    expect(said + JSON.stringify(items)).not.toContain(form);
    for (const name of readdirSync(folder.path, { recursive: true }) as string[]) {
      if (/strata\.db/.test(name)) expect(folder.read(name)).not.toContain(form);
    }
  }
});

it("a secret of many lines, one that was cut, and one in a header or form are hidden as well", async () => {
  const lines = ["-----BEGIN KEY-----", "MIIEvQIBADANBg+/first", "kqhkiG9w0BAQEF/second", "-----END KEY-----"];
  const texts: Record<string, string> = {
    pem: `${lines.join("\n")}\n`,
    token: "tok&en ?+/3141-5926",
    line: "trailing-line\n",
  };
  const told: string[] = [];
  const leaking = one(async ({ secret, log }) => {
    const [pem, token, line] = [await secret("pem"), await secret("token"), await secret("line")].map((s) =>
      s.reveal(),
    );
    for (const one of pem!.split("\n")) log(`openssl: ${one}`);
    log(line!.trim());
    for (const user of ["", "a", "ab", "abc"]) log(`Basic ${Buffer.from(`${user}:${token}:x`).toString("base64")}`);
    log(Buffer.from(token!).toString("base64url"));
    log(new URLSearchParams({ token: token! }).toString());
    log(`${"x".repeat(10)}${token!.slice(0, 7)}…`);
    log("to…be");
    throw new Error(`it was ${"x".repeat(64 * 1024 - 20)}${token}`);
  });
  const on = (event: BuildEvent): void => void (event.type === "step-log" && told.push(event.text));
  const error: unknown = await leaking
    .build({ ...anew(), on, secrets: (name) => texts[name] })
    .catch((e: unknown) => e);

  const said = told.join("\n") + String((error as Error).message);
  for (const part of [...lines, "trailing", "tok&", "3141", "MzE0MS01OT", "zMTQxLTU5M", "0MS01OTI2", "dG9rJmVu"]) {
    expect(said).not.toContain(part);
  }
  expect(told).toContain("xxxxxxxxxx***…");
  expect(told).toContain("to…be");
  expect(told.filter((text) => text.startsWith("Basic"))[1]).toMatch(/^Basic ....?\*\*\*.{3,6}$/);
});

it("a result that holds a secret without the line end it was read with is not stored", async () => {
  const careless = one(async ({ secret }) => `got ${(await secret("token")).reveal().trim()}`);
  const secrets = (): string => "s3cr3t\n";
  await expect(careless.build({ ...anew(), secrets })).rejects.toThrow("the output holds the secret 'token'");
});

it("a result that holds a secret is not stored", async () => {
  const provider = (name: string): string | undefined => (name === "token" ? "s3cr3t" : undefined);
  const careless = one(async ({ secret }) => `got ${(await secret("token")).reveal()}`);
  await expect(careless.build({ ...anew(), secrets: provider })).rejects.toThrow("the output holds the secret 'token'");
});

it.each(["row", "partition"])(
  "a %s that holds a secret is not stored, and nothing of what came before it",
  async (what) => {
    using folder = new Folder();
    const Rows = artifact({ schema: z.array(z.string()), format: ndjson() });
    const Parts = artifact({ schema: z.string(), partitionBy: { n: integers() } });
    const shared = { name: "careless", version: "1.0.0", inputs: {} } as const;
    const rows = producer({
      ...shared,
      output: stream(Rows),
      async *build(_, { secret }) {
        const token = await secret("token");
        for (let row = 0; row < 50_000; row++) yield "x".repeat(50);
        yield `got ${token.reveal()}`;
      },
    });
    const parts = producer({
      ...shared,
      output: fanOut(Parts, "n"),
      async *build(_, { secret }) {
        const token = await secret("token");
        yield { key: { n: 1 }, value: "one" };
        yield { key: { n: 2 }, value: token.reveal() };
      },
    });
    const backend = sqlite(folder.at("strata.db"));
    const careless =
      what === "row" ? graph("careless", () => ({ made: rows() })) : graph("careless", () => ({ made: parts() }));

    await expect(careless.build({ backend, secrets: () => "s3cr3t" })).rejects.toThrow(
      "the output holds the secret 'token'",
    );

    for (const name of readdirSync(folder.path, { recursive: true }) as string[]) {
      if (statSync(folder.at(name)).isFile()) expect(folder.read(name)).not.toContain("s3cr3t");
    }
    await using workspace = await openWorkspace({ backend });
    expect((await workspace.connection.readLatestSnapshot("careless"))?.state).toBe("failed");
  },
);

it("a secret that nobody holds is one sentence that says where to put it, and is not tried again", async () => {
  let attempts = 0;
  const asking = one(async ({ secret }) => (attempts++, (await secret("db.password")).reveal()), 3);
  await expect(asking.build(anew())).rejects.toThrow(
    "producer 'make', made: there is no secret 'db.password'; expected the variable STRATA_SECRET_DB_PASSWORD",
  );
  expect(attempts).toBe(1);
  await expect(one(async ({ secret }) => String(await secret("a b"))).build(anew())).rejects.toThrow(
    "this cannot be the name of a secret",
  );
  const broken = (): never => {
    throw new Error("vault is sealed");
  };
  await expect(
    one(async ({ secret }) => String(await secret("a"))).build({ ...anew(), secrets: broken }),
  ).rejects.toThrow("the provider of secrets failed: vault is sealed");
});
