// The audit log: asked, exported, and looked through for what somebody changed behind our back.

import { memory, type Connection } from "stratigraph";
import { sqlite } from "stratigraph/sqlite";
import { describe, expect, it } from "vitest";
import { Audit } from "../../../src/changes/audit.ts";
import { createHost } from "../../../src/changes/host.ts";
import { loadDriver } from "../../../src/backend/sqlite/driver.ts";
import { noteRequest } from "../../support/facts.ts";
import { Folder, failureOf } from "../../support/folder.ts";

async function changeThrice(connection: Connection): Promise<void> {
  for (const [index, actor] of ["ana", "ben", "ana"].entries()) {
    const host = createHost({ connection, actor, writer: false });
    await host.change(noteRequest({ name: `n${index}`, value: index }));
  }
}

describe("the audit log", () => {
  it("is asked by who, what, status and time, newest first, a page at a time", async () => {
    await using connection = await memory().connect();
    await changeThrice(connection);
    const audit = new Audit(connection);

    expect((await audit.query({ actor: "ana" })).items.map(({ resource }) => resource)).toEqual(["note:n2", "note:n0"]);
    expect((await audit.query({ resource: "note:n1" })).items).toHaveLength(1);
    expect((await audit.query({ status: "denied" })).items).toEqual([]);
    expect((await audit.query({ since: new Date(Date.now() + 60_000) })).items).toEqual([]);
    const first = await audit.query({ limit: 2 });
    const second = await audit.query({ limit: 2, after: first.next });
    expect([...first.items, ...second.items].map(({ number }) => number)).toEqual([3, 2, 1]);
  });

  it("is exported as one line of JSON for each row, oldest first", async () => {
    await using connection = await memory().connect();
    await changeThrice(connection);

    const rows: { number: number; previous: string; hash: string }[] = [];
    for await (const line of new Audit(connection).lines()) rows.push(JSON.parse(line) as never);

    expect(rows.map(({ number }) => number)).toEqual([1, 2, 3]);
    expect(rows[1]?.previous).toBe(rows[0]?.hash);
  });

  it("in order says where it ends, and later whether its end was taken away", async () => {
    await using connection = await memory().connect();
    await changeThrice(connection);
    const { rows, broken, end } = await new Audit(connection).verify();

    expect([rows, broken, end?.number]).toEqual([3, undefined, 3]);
    await using shorter = await memory().connect();
    expect((await new Audit(shorter).verify({ end })).broken).toEqual({ number: 1, problem: "missing" });
    expect((await new Audit(connection).verify({ end: { number: 2, hash: "0".repeat(64) } })).broken).toEqual({
      number: 2,
      problem: "changed",
    });
  });

  it("refuses to be changed by SQL, and names the first row that was changed all the same", async () => {
    using folder = new Folder();
    const path = folder.at("strata.db");
    {
      await using connection = await sqlite(path).connect();
      await changeThrice(connection);
    }
    const { Database } = await loadDriver();
    const raw = new Database(path, { timeout: 1000 });
    const table = String(
      raw.prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE '%audit%'").raw(true).all()[0],
    );
    const update = `UPDATE ${table} SET actor = 'eve' WHERE number = 2`;

    expect((await failureOf(() => raw.prepare(update).run())).message).toMatch(/audit/i);
    const triggers = raw
      .prepare(`SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = '${table}'`)
      .raw(true)
      .all();
    for (const name of triggers) raw.prepare(`DROP TRIGGER ${String(name)}`).run();
    raw.prepare(update).run();
    raw.close();

    await using connection = await sqlite(path).connect();
    expect(await new Audit(connection).verify()).toMatchObject({ rows: 1, broken: { number: 2, problem: "changed" } });
  });
});
