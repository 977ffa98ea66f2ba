// The same work for ninja and make, which know files: one process per node.

import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { benchmarks, findProgram, runProgram, type Program } from "../harness/process.ts";
import type { Project } from "../work/project.ts";
import type { Shape } from "../work/shapes.ts";

export type Peer = "ninja" | "make";

/** Why an arm is not run, as half a sentence; `undefined` when it can be. */
export function absence(peer: Peer): string | undefined {
  if (findProgram(peer) === undefined) return `${peer} is not installed`;
  return findProgram("cc") === undefined ? "there is no C compiler for the peers' work" : undefined;
}

/** The program that the peers run for each node, compiled into a folder; `undefined` without a C compiler. */
export function compileMix(folder: string): string | undefined {
  const program = join(folder, "mix");
  const { status } = spawnSync("cc", ["-O2", "-o", program, join(benchmarks, "peers", "mix.c")], { stdio: "ignore" });
  return status === 0 ? program : undefined;
}

/** Writes the peer's own build file beside the sources of a project folder, outputs going to `out-<peer>/`. */
export function peerProgram(peer: Peer, folder: string, { dependencies }: Shape, mix: string): Program {
  const out = `out-${peer}`;
  mkdirSync(join(folder, out), { recursive: true });
  const inputs = (node: number): string =>
    [`src/${node}.txt`, ...dependencies[node]!.map((other) => `${out}/${other}`)].join(" ");
  if (peer === "ninja") {
    const lines = dependencies.map((_, node) => `build ${out}/${node}: mix ${inputs(node)}`);
    writeFileSync(
      join(folder, "build.ninja"),
      `builddir = ${out}\nrule mix\n  command = ${mix} $out $in\n${lines.join("\n")}\n`,
    );
    return { file: findProgram("ninja")!, args: ["--quiet", "-j2"], cwd: folder };
  }
  const lines = dependencies.map((_, node) => `${out}/${node}: ${inputs(node)}\n\t@${mix} $@ $^\n`);
  const all = dependencies.map((_, node) => `${out}/${node}`).join(" ");
  writeFileSync(join(folder, "Makefile"), `MAKEFLAGS += -rR\n.SUFFIXES:\nall: ${all}\n${lines.join("")}`);
  return { file: findProgram("make")!, args: ["-s", "-j2"], cwd: folder };
}

/** The peer's program for a project, everything in it built; `undefined` where the peer is absent. */
export function builtPeer(peer: Peer, { folder, shape }: Project): Program | undefined {
  if (absence(peer) !== undefined) return undefined;
  const program = peerProgram(peer, folder, shape, compileMix(folder)!);
  runProgram(program);
  return program;
}
