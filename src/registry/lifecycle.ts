// The life of a version: which step may lead from which stage to which.

import type { Stage, TransitionKind } from "../backend/model-records.ts";
import { StratigraphError } from "../errors.ts";
import { stageRank } from "./stage.ts";

/** The steps a caller asks for; registering and deleting are the beginning and the end. */
export type Step = Exclude<TransitionKind, "register" | "delete">;

interface Rule {
  readonly allows: (from: Stage, to: Stage) => boolean;
  /** Where it may lead at all, whatever the stage it begins in. */
  readonly targets: readonly Stage[];
  readonly says: string;
}

const up = (from: Stage, to: Stage): boolean => (stageRank[to] ?? -1) > (stageRank[from] ?? Infinity);

/** `archived` is left by `rollback` and `restore` alone; a step to the stage one is in already is none, and refused nowhere. */
export const lifecycle: Readonly<Record<Step, Rule>> = {
  promote: {
    allows: up,
    targets: ["staging", "production"],
    says: "promoting goes up: development, staging, production",
  },
  demote: {
    allows: (from, to) => from !== "archived" && (to === "archived" || up(to, from)),
    targets: ["development", "staging", "archived"],
    says: "demoting goes down: production, staging, development, or to archived",
  },
  archive: {
    allows: () => true,
    targets: ["archived"],
    says: "archiving goes to archived",
  },
  rollback: {
    allows: () => true,
    targets: ["production"],
    says: "rolling back brings a version into production",
  },
  restore: {
    allows: (from) => from === "archived",
    targets: ["development", "staging"],
    says: "restoring leads out of archived",
  },
};

/** Whether anything is to be done. Error: INVALID_TRANSITION. */
export function checkTransition(step: Step, from: Stage, to: Stage, where: string): boolean {
  const rule = lifecycle[step];
  if (!rule.targets.includes(to)) throw refused(step, from, to, where);
  if (from === to) return false;
  if (!rule.allows(from, to)) throw refused(step, from, to, where);
  return true;
}

function refused(step: Step, from: Stage, to: Stage, where: string): StratigraphError {
  const { targets, says } = lifecycle[step];
  return new StratigraphError("INVALID_TRANSITION", `a version in ${from} cannot ${verb(step)} ${to}: ${says}`, {
    where,
    expected: targets.join(", "),
    received: to,
    hint: hintFor(step, from, to),
    data: { step, from, to },
  });
}

function verb(step: Step): string {
  return {
    promote: "be promoted to",
    demote: "be demoted to",
    archive: "be archived to",
    rollback: "be rolled back to",
    restore: "be restored to",
  }[step];
}

function hintFor(step: Step, from: Stage, to: Stage): string | undefined {
  if (step === "promote" && from === "archived") return "Restore it first, or roll back to it.";
  if (step === "promote" && to !== "archived") return "Use demote to go down.";
  if (step === "promote") return "Use archive.";
  if (step === "demote" && to !== from && up(from, to)) return "Use promote to go up.";
  return undefined;
}
