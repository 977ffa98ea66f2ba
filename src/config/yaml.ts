// A YAML file as values that know where they stand, with variables of the environment filled in.

import { StratigraphError } from "../errors.ts";
import { suggest } from "../util/suggest.ts";
import type { Environment } from "./environment.ts";

/** A value and where it stands: "strata.yaml:3:5". */
export interface Placed {
  readonly place: string;
  readonly value: string | number | boolean | null | readonly Placed[] | ReadonlyMap<string, Placed>;
}

/** More nodes than this are not a configuration but an attack by aliases. */
const LARGEST = 10_000;

/**
 * `${NAME}` is the variable, which must be set; `${NAME:-default}` has a word for when it is not; `$$` is a dollar sign.
 * Error: CONFIG_INVALID with file, line and column.
 */
export async function readYaml(text: string, file: string, env: Environment): Promise<Placed> {
  const yaml = await import("yaml");
  const lines = new yaml.LineCounter();
  const document = yaml.parseDocument(text, { lineCounter: lines, version: "1.2", prettyErrors: false });
  const placeOf = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  const [problem] = document.errors;
  if (problem !== undefined) throw invalid(placeOf(problem.pos[0]), lowerFirst(problem.message));

  let nodes = 0;
  const placed = (node: unknown, otherwise: string): Placed => {
    if (++nodes > LARGEST) throw invalid(file, `the file has more than ${LARGEST} values`);
    if (yaml.isAlias(node)) return placed(node.resolve(document), otherwise);
    const offset = yaml.isNode(node) ? node.range?.[0] : undefined;
    const place = offset === undefined ? otherwise : placeOf(offset);
    if (yaml.isMap(node)) {
      const entries = node.items.map(({ key, value }): [string, Placed] => {
        const { value: name, place: at } = placed(key, place);
        if (typeof name !== "string") throw invalid(at, "a setting's name is a text");
        return [name, placed(value, at)];
      });
      return { place, value: new Map(entries) };
    }
    if (yaml.isSeq(node)) return { place, value: node.items.map((item) => placed(item, place)) };
    if (!yaml.isScalar(node)) return { place, value: null };
    const { value, type } = node;
    if (typeof value === "number" || typeof value === "boolean" || value === null) return { place, value };
    const given = typeof value === "string" ? value : JSON.stringify(value);
    const filled = fillIn(given, env, place);
    // A plain word that a variable made may be a number; a quoted one stays text.
    return { place, value: type === "PLAIN" && filled !== given ? plainValue(filled) : filled };
  };
  return placed(document.contents, file);
}

function fillIn(text: string, env: Environment, place: string): string {
  return text.replace(/\$(?:\$|\{([^}]*)\}?)/g, (whole, inside: string | undefined) => {
    if (inside === undefined) return "$";
    const [, name, otherwise] = /^([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s.exec(inside) ?? [];
    if (name === undefined || !whole.endsWith("}")) {
      throw invalid(place, `'${whole}' is no variable`, "${NAME}, ${NAME:-default}, or $$ for a dollar sign");
    }
    const value = env[name];
    if (value !== undefined && (value !== "" || otherwise === undefined)) return value;
    if (otherwise !== undefined) return otherwise;
    const guess = suggest(name, Object.keys(env));
    throw invalid(
      place,
      `the variable ${name} is not set`,
      undefined,
      guess === undefined ? `Set it, or write \${${name}:-default}.` : `Did you mean ${guess}?`,
    );
  });
}

function plainValue(text: string): string | number | boolean {
  if (/^(true|false)$/.test(text)) return text === "true";
  return /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(text) ? Number(text) : text;
}

function invalid(where: string, what: string, expected?: string, hint?: string): StratigraphError {
  return new StratigraphError("CONFIG_INVALID", what, { where, expected, hint });
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
