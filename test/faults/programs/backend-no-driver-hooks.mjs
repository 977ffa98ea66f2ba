// Loads TypeScript as it is, and a driver that is missing or does not load.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import ts from "typescript";

let absence;

export function initialize(data) {
  absence = data;
}

const unbuilt = "export default class { constructor() { throw new Error('Could not locate the bindings file.') } }";

export function resolve(specifier, context, next) {
  if (specifier !== "better-sqlite3") return next(specifier, context);
  if (absence === "unbuilt") return { url: `data:text/javascript,${encodeURIComponent(unbuilt)}`, shortCircuit: true };
  return next("a-package-that-nobody-has", context);
}

export function load(url, context, next) {
  if (!url.endsWith(".ts")) return next(url, context);
  const { outputText } = ts.transpileModule(readFileSync(fileURLToPath(url), "utf8"), {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true },
  });
  return { format: "module", source: outputText, shortCircuit: true };
}
