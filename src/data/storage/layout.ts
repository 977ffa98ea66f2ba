// What each place of a storage template means for one artifact, and whether partitions can share a location.

import type { Dimension, Dimensions } from "../../identity/dimension.ts";
import { areComponentsComplete, componentNames } from "../../identity/value-components.ts";
import { isDeviceName } from "../../util/file-name.ts";
import { suggest } from "../../util/suggest.ts";
import { TEMP_PREFIX } from "../../util/temp-name.ts";
import { formatPart, refused, templateSegments, type Placeholder, type Template } from "../../util/template.ts";

/** The first four are the same for all partitions of one artifact. */
const placeNames: readonly string[] = ["graph", "names", "name", "extension", "partition", "input_fingerprint"];

/** A place of a template and what goes there. */
export type Slot =
  | {
      readonly kind: "dimension";
      readonly name: string;
      readonly component: string;
      readonly fixed: string | undefined;
      readonly dimension: Dimension;
    }
  | { readonly kind: "partition" }
  | { readonly kind: "input" }
  | { readonly kind: "constant"; readonly name: string };

export interface LayoutSegment {
  readonly parts: readonly (string | Slot)[];
  /** Characters that values escape here, because they separate two values of varying width. */
  readonly separators: string;
  /** Whether more than one value of varying width is in it, so that a name could be read in two ways. */
  readonly several: boolean;
}

/** The template's segments with their places understood. Throws TEMPLATE_INVALID. */
export function readLayout(template: Template, dimensions: Dimensions): readonly LayoutSegment[] {
  return templateSegments(template)
    .filter((parts) => parts.length !== 1 || parts[0] !== ".")
    .map((parts) =>
      readSegment(
        template,
        parts.map((part) => (typeof part === "string" ? part : readSlot(template, part, dimensions))),
      ),
    );
}

/**
 * Throws TEMPLATE_INVALID unless every partition of these dimensions gets a location of its own, inside the folder that the author wrote.
 * A source's literal parts are the author's own and may be absolute or begin with `../`; what we write never leaves its root.
 */
export function checkLayout(template: Template, dimensions: Dimensions, role: "source" | "produced"): void {
  if (role === "source" && PLAIN.test(template.text) && isEmpty(dimensions)) return;
  const segments = readLayout(template, dimensions);
  const slots = segments.flatMap((segment) => segment.parts).filter((part) => typeof part !== "string");
  checkDimensionsPresent(template, dimensions, slots);
  const carriesInput = slots.some((slot) => slot.kind === "input");
  if (role === "source" && carriesInput) {
    throw refused(
      template.text,
      "a source template carries {input_fingerprint}",
      "Remove it: nothing of ours produces a source.",
    );
  }
  if (role === "produced" && !carriesInput) {
    throw refused(
      template.text,
      "a template for produced data lacks {input_fingerprint}",
      "Add it, so that new results never overwrite old ones, like out/{date}/{input_fingerprint}.json.",
    );
  }
  checkPath(template, segments, role);
}

/** Nothing to fill, no folder that is not a name, and no name that is too long: most sources of a graph that has thousands of them. */
const PLAIN = /^(?!.{201})[\w-][\w.-]*(?:\/[\w-][\w.-]*)*$/;

function isEmpty(dimensions: Dimensions): boolean {
  for (const _ in dimensions) return false;
  return true;
}

/** Whether every value of this slot has the same number of characters. */
export function hasFixedWidth(slot: Slot): boolean {
  return slot.kind === "dimension" && !["integers", "strings", "oneOf"].includes(slot.dimension.kind);
}

function readSlot(template: Template, place: Placeholder, dimensions: Dimensions): Slot {
  const { name, component, fixed } = place;
  // A bare name is ours first; a dimension of the same name is still there as {name.value}.
  if (component === undefined && placeNames.includes(name)) {
    if (fixed !== undefined) throw refused(template.text, `${formatPart(place)} cannot be fixed`, `Write {${name}}.`);
    if (name === "partition") return { kind: "partition" };
    return name === "input_fingerprint" ? { kind: "input" } : { kind: "constant", name };
  }
  const dimension = Object.hasOwn(dimensions, name) ? dimensions[name] : undefined;
  if (dimension === undefined) throw unknownName(template, place, Object.keys(dimensions));
  const known = componentNames(dimension);
  const [whole] = known;
  if (component !== undefined && !known.includes(component)) {
    const near = suggest(component, known);
    throw refused(
      template.text,
      `${formatPart(place)} is not a component of a ${dimension.kind} dimension`,
      near === undefined ? `It has ${known.join(", ")}.` : `Did you mean {${name}.${near}}?`,
    );
  }
  return { kind: "dimension", name, component: component ?? (whole as string), fixed, dimension };
}

function unknownName(template: Template, place: Placeholder, dimensions: readonly string[]): Error {
  const candidates = [...dimensions, ...placeNames];
  const near = suggest(place.name, candidates);
  const shown = formatPart(place);
  const has =
    dimensions.length === 0
      ? "the artifact is not partitioned"
      : `the artifact's dimensions are ${dimensions.join(", ")}`;
  return refused(
    template.text,
    `${shown} means nothing here: ${has}`,
    near === undefined ? `Places are ${candidates.map((name) => `{${name}}`).join(" ")}.` : `Did you mean {${near}}?`,
  );
}

function readSegment(template: Template, parts: readonly (string | Slot)[]): LayoutSegment {
  let open: Slot | undefined;
  let separator: string | undefined;
  let separators = "";
  for (const part of parts) {
    if (typeof part === "string") {
      if (open !== undefined) separator ??= part[0];
    } else if (part.kind !== "constant" && !hasFixedWidth(part)) {
      if (open !== undefined) {
        checkSeparator(template, open, separator, part);
        separators += separator as string;
      }
      open = part;
      separator = undefined;
    }
  }
  return { parts, separators, several: separators !== "" };
}

// A value of varying width must end somewhere: at a character that it cannot have, or that is escaped in it.
function checkSeparator(template: Template, before: Slot, separator: string | undefined, after: Slot): void {
  const [left, right] = [nameSlot(before), nameSlot(after)];
  if (separator === undefined) {
    throw refused(
      template.text,
      `nothing tells where ${left} ends and ${right} begins`,
      `Put a character between them: ${left}-${right}.`,
    );
  }
  if (alphabetOf(before).test(separator)) {
    throw refused(
      template.text,
      `'${separator}' between ${left} and ${right} can be part of ${left}`,
      `Separate them otherwise: ${left}_${right}.`,
    );
  }
}

function alphabetOf(slot: Slot): RegExp {
  switch (slot.kind) {
    case "input":
      return /[0-9a-z]/;
    case "partition":
      return /[%~0-9A-F=,]/;
    case "constant":
      return /[%~0-9A-F]/;
    case "dimension":
      if (slot.component === "hex") return /[0-9a-fA-F]/;
      return slot.dimension.kind === "integers" ? /[0-9]/ : /[%~0-9A-F]/;
  }
}

function nameSlot(slot: Slot): string {
  if (slot.kind === "dimension") return `{${slot.name}}`;
  if (slot.kind === "constant") return `{${slot.name}}`;
  return slot.kind === "input" ? "{input_fingerprint}" : "{partition}";
}

function checkDimensionsPresent(template: Template, dimensions: Dimensions, slots: readonly Slot[]): void {
  if (slots.some((slot) => slot.kind === "partition")) return;
  for (const [name, dimension] of Object.entries(dimensions)) {
    const components = slots.flatMap((slot) =>
      slot.kind === "dimension" && slot.name === name ? [slot.component] : [],
    );
    if (components.length === 0) {
      const ours = placeNames.includes(name);
      const hint = ours
        ? `{${name}} alone is a place of ours: write {${name}.${componentNames(dimension)[0] as string}}.`
        : "Partitions would share one file: add it, or {partition} for all dimensions.";
      throw refused(template.text, `the template lacks {${name}}`, hint);
    }
    if (!areComponentsComplete(dimension, components)) {
      const [, ...parts] = componentNames(dimension);
      throw refused(
        template.text,
        `the template does not say which ${name} it is: it has only ${components.join(", ")}`,
        `Add {${name}}, or all of ${parts.map((part) => `{${name}.${part}}`).join(" ")}.`,
      );
    }
  }
}

function checkPath(template: Template, segments: readonly LayoutSegment[], role: "source" | "produced"): void {
  const texts = segments.map(({ parts }) => parts.map((part) => (typeof part === "string" ? part : "x")).join(""));
  const steps = texts.findIndex((text) => text !== "." && text !== "..");
  if (texts.slice(steps < 0 ? texts.length : steps).includes("..")) {
    throw refused(
      template.text,
      "the template goes up with '..' after it went down",
      "Write the path without the detour.",
    );
  }
  if (texts[0] === "~") throw refused(template.text, "'~' is not replaced by the home folder", "Write the path out.");
  for (const { parts } of segments) {
    const literal = parts.filter((part) => typeof part === "string").join("");
    if (Buffer.byteLength(literal) > 200) {
      throw refused(template.text, "a folder or file name in the template is longer than 200 bytes", "Shorten it.");
    }
  }
  if (role === "source") return;
  if (texts[0] === "" || /^[a-z]:/i.test(texts[0] ?? "")) {
    throw refused(
      template.text,
      "a template for produced data is absolute",
      "Write it relative to the project's root.",
    );
  }
  if (texts.includes("..")) {
    throw refused(
      template.text,
      "a template for produced data leaves the project's root",
      "Write it relative to the root, without '..'.",
    );
  }
  for (const { parts } of segments) {
    const first = parts[0];
    const last = parts.at(-1);
    if (typeof first === "string" && first.startsWith(TEMP_PREFIX)) {
      throw refused(
        template.text,
        `names beginning with '${TEMP_PREFIX}' are for temporary files`,
        "Choose another name.",
      );
    }
    const portable =
      typeof first !== "string" || !isDeviceName(parts.length === 1 || first.includes(".") ? first : `${first}x`);
    if (!portable) throw refused(template.text, `'${String(first)}' is a device on Windows`, "Choose another name.");
    if (typeof last === "string" && /[. ]$/.test(last) && last !== ".") {
      throw refused(
        template.text,
        "a name in the template ends with a dot or space, which Windows drops",
        "End it otherwise.",
      );
    }
    if (parts.some((part) => typeof part === "string" && /[<>:"|?*]/.test(part))) {
      throw refused(
        template.text,
        "the template has a character that Windows refuses in names",
        'Leave out < > : " | ? *.',
      );
    }
  }
}
