// Named pools: how many steps may use something at once, over all processes that share a database.

import type { Fence } from "../backend/records.ts";
import { StratigraphError } from "../errors.ts";
import type { GraphDefinition } from "../graph/graph.ts";
import { didYouMean } from "../graph/option.ts";
import { showValue } from "../util/show.ts";
import { isDead } from "./holder.ts";
import type { Workspace } from "./workspace.ts";

/** Pools by name, each with the number of steps that may be in it at once. */
export type PoolLimits = Readonly<Record<string, number>>;

/** Error: POOL_INVALID for a limit that is none, and for a producer in a pool without one. */
export function checkPools(graph: GraphDefinition, limits: PoolLimits = {}): void {
  for (const [name, limit] of Object.entries(limits)) {
    if (Number.isSafeInteger(limit) && limit >= 1 && limit <= 1_000) continue;
    throw new StratigraphError("POOL_INVALID", "the limit of a pool is a number of steps", {
      where: `pool '${name}'`,
      expected: "a whole number from 1 to 1000",
      received: showValue(limit),
    });
  }
  for (const { producer } of graph.calls) {
    if (producer.pool === undefined || Object.hasOwn(limits, producer.pool)) continue;
    const guess = didYouMean(producer.pool, Object.keys(limits));
    throw new StratigraphError("POOL_INVALID", `pool '${producer.pool}' has no limit`, {
      where: `graph '${graph.name}', producer '${producer.name}'`,
      hint: guess ?? `Give it one: pools: { ${producer.pool}: 1 } in the configuration or in build().`,
    });
  }
}

/** The places that one build holds. Each is a lease: that of a process that died comes free. */
export class Pools {
  readonly #workspace: Workspace;
  readonly #limits: PoolLimits;
  readonly #leaseTime: number;
  readonly #held = new Map<string, Fence>();
  #heartbeat: NodeJS.Timeout | undefined;

  /** `leaseTime`: milliseconds until the place of a process that cannot be seen to be dead comes free; held ones are renewed long before. */
  constructor(workspace: Workspace, limits: PoolLimits, leaseTime: number) {
    this.#workspace = workspace;
    this.#limits = limits;
    this.#leaseTime = leaseTime;
  }

  /** A place in the pool; `undefined` while all are taken. */
  async enter(pool: string): Promise<Fence | undefined> {
    const { connection, holder } = this.#workspace;
    for (let place = 0; place < this.#limits[pool]!; place++) {
      const name = `pool:${pool}:${place}`;
      if (this.#held.has(name)) continue;
      // Marked before it is asked for: another step of this build must not be given the same place.
      this.#held.set(name, { name, token: 0 });
      const [lease] = await connection
        .acquireLeases([name], { holder, ttl: this.#leaseTime, isDead })
        .catch((error: unknown) => {
          this.#held.delete(name);
          throw error;
        });
      if (lease?.granted === true) {
        this.#held.set(name, lease.fence);
        this.#beat();
        return lease.fence;
      }
      this.#held.delete(name);
    }
    return undefined;
  }

  async leave(fence: Fence): Promise<void> {
    this.#held.delete(fence.name);
    await this.#workspace.connection.releaseLeases([fence]);
  }

  close(): void {
    clearInterval(this.#heartbeat);
  }

  #beat(): void {
    this.#heartbeat ??= setInterval(() => {
      const fences = [...this.#held.values()].filter(({ token }) => token > 0);
      if (fences.length > 0) this.#workspace.connection.renewLeases(fences, this.#leaseTime).catch(() => {});
    }, this.#leaseTime / 4).unref();
  }
}
