// Hours that were worked, billed at a rate, ranked by another program, and posted to a ledger.

import { appendFileSync } from "node:fs";
import { artifact, command, graph, local, producer, sink, text } from "stratigraph";
import { z } from "zod";

const Hours = artifact({ schema: z.array(z.object({ client: z.string(), hours: z.number() })) });
const Bill = artifact({ schema: z.string(), format: text() });
const Receipt = artifact({ schema: z.object({ idempotencyKey: z.string(), lines: z.int() }) });

const bill = producer({
  name: "bill",
  version: "1.0.0",
  inputs: { hours: Hours },
  params: { rate: z.number().min(0).default(90) },
  output: Bill,
  build({ hours }, { params }) {
    const sums = new Map<string, number>();
    for (const { client, hours: worked } of hours) sums.set(client, (sums.get(client) ?? 0) + worked * params.rate);
    return [...sums].map(([client, sum]) => `${sum} ${client}\n`).join("");
  },
});

const rank = command({
  name: "rank",
  inputs: { bill: Bill },
  output: Bill,
  run: ["sort", "-nr", "{inputs.bill}", "-o", "{output}"],
  env: { LC_ALL: "C" },
});

// A file stands for the service that takes bills: one line for each time it was called.
const post = sink({
  name: "post",
  version: "1.0.0",
  inputs: { bill: Bill },
  output: Receipt,
  async send({ bill }, { idempotencyKey, log, secret }) {
    const token = await secret("ledger");
    log(`posting with ${token.reveal()}`);
    appendFileSync("ledger.txt", `${idempotencyKey} ${bill.split("\n")[0]}\n`);
    return { idempotencyKey, lines: bill.trim().split("\n").length };
  },
});

export const invoices = graph("invoices", () => {
  const hours = Hours.from(local("hours.json"));
  const billed = bill({ hours });
  const ranked = rank({ bill: billed });
  return { hours, billed, ranked, receipt: post({ bill: ranked }) };
});
