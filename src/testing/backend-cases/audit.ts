// Cases about the audit log.

import assert from "node:assert/strict";
import { auditHash, findAuditBreak, FIRST_PREVIOUS } from "../../backend/audit-chain.ts";
import type { AuditFilter, AuditRecord } from "../../backend/fact-records.ts";
import type { ContractCase } from "../backend-contract.ts";
import { start } from "../child.ts";
import { auditEntry } from "../fact-samples.ts";
import { allPages, refusal } from "../samples.ts";

export const auditCases: readonly ContractCase[] = [
  {
    name: "audit-chain",
    title: "audit entries are numbered without gaps, and each holds the hash of the one before it",
    async run({ connect }) {
      const connection = await connect();
      const full = auditEntry(2, { status: "denied", why: "b\nc", data: { gates: [{ 'ä"': 0.1 }] } });

      const first = await connection.writeAudit([auditEntry(1), full]);
      await refusal(
        connection.transaction(async (tx) => {
          await tx.writeAudit([auditEntry(3)]);
          await tx.writeAudit([auditEntry(4, { at: "yesterday" })]);
        }),
        "RECORD_INVALID",
      );
      const second = await connection.writeAudit([auditEntry(5)]);

      assert.deepEqual(first[1], {
        ...full,
        number: 2,
        previous: first[0]!.hash,
        hash: auditHash({ ...full, number: 2, previous: first[0]!.hash }),
      });
      assert.equal(first[0]!.previous, FIRST_PREVIOUS);
      assert.deepEqual([second[0]!.number, second[0]!.previous], [3, first[1].hash]);
      const all = [...first, ...second];
      assert.deepEqual(await connection.readAudit(1, 100), all);
      assert.deepEqual(await connection.readAudit(2, 1), [all[1]]);
      assert.deepEqual(await connection.readAudit(4, 100), []);
      assert.equal(findAuditBreak(undefined, all), undefined);
      assert.equal(findAuditBreak(all[0], all.slice(1)), undefined);
    },
  },
  {
    name: "audit-tampering",
    title: "whatever is changed in a row, or left out, breaks the chain there",
    async run({ connect }) {
      const connection = await connect();
      const rows = await connection.writeAudit([1, 2, 3, 4].map((n) => auditEntry(n)));
      const changed = (change: Partial<AuditRecord>): readonly AuditRecord[] =>
        rows.map((row) => (row.number === 2 ? { ...row, ...change } : row));

      const changes = [
        { actor: "bo" },
        { data: { n: 3 } },
        { status: "forced" },
        { why: "" },
        { hash: "0".repeat(64) },
      ] as const;
      for (const change of changes) {
        assert.deepEqual(findAuditBreak(undefined, changed(change)), { number: 2, problem: "changed" });
      }
      const forged = { ...rows[1]!, actor: "bo" };
      const relinked = changed({ actor: "bo", hash: auditHash(forged) });
      assert.deepEqual(findAuditBreak(undefined, relinked), { number: 3, problem: "not linked" });
      assert.deepEqual(findAuditBreak(undefined, rows.slice(1)), { number: 1, problem: "missing" });
      assert.deepEqual(findAuditBreak(undefined, rows.toSpliced(1, 1)), { number: 2, problem: "missing" });
    },
  },
  {
    name: "audit-list-filters",
    title: "audit entries are listed newest first, by any mixture of facts",
    async run({ connect }) {
      const connection = await connect();
      const statuses = ["done", "done", "denied", "forced", "failed"] as const;
      const rows = await connection.writeAudit(
        Array.from({ length: 70 }, (_, i) =>
          auditEntry(i, { actor: `a${i % 2}`, action: `b${i % 3}`, resource: `c${i % 7}`, status: statuses[i % 5]! }),
        ),
      );
      const since = Date.parse(rows[9]!.at);
      const asks: readonly AuditFilter[] = [
        {},
        { actor: "a1" },
        { action: "b2", actor: "a0" },
        { resource: "c3" },
        { status: "denied" },
        { status: "done", resource: "c1" },
        { actor: "nobody" },
      ];
      for (const filter of asks) {
        for (const limit of [4, 1000]) {
          const expected = rows.filter((row) =>
            Object.entries(filter).every(([name, value]) => row[name as "actor"] === value),
          );
          const found = await allPages((page) => connection.listAudit(filter, page), limit);
          assert.deepEqual(found, expected.toReversed(), JSON.stringify(filter));
          const late = await allPages((page) => connection.listAudit({ ...filter, since }, page), limit);
          assert.deepEqual(late, expected.filter(({ number }) => number >= 10).toReversed());
        }
      }
    },
  },
  {
    name: "audit-linear-8-processes",
    title: "8 processes that write 100 audit entries each make one chain",
    needs: ["multiProcess"],
    time: 120_000,
    async run({ store, connect }) {
      const opened = await store();
      const connection = await connect();

      await Promise.all(Array.from({ length: 8 }, (_, i) => start(opened, "audit", `w${i}`, "100").done));

      const rows = await connection.readAudit(1, 10_000);
      assert.equal(rows.length, 800);
      assert.equal(findAuditBreak(undefined, rows), undefined);
      assert.equal(new Set(rows.map(({ actor }) => actor)).size, 8);
    },
  },
];
