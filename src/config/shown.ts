// A setting's value for people: times with their unit, backends by kind, passwords never.

import { formatDuration } from "../util/duration.ts";
import type { Setting } from "./layer.ts";
import { findLeaf } from "./settings.ts";

/** As JSON that can be shown to anybody. */
export function shownValue({ path, value }: Pick<Setting, "path" | "value">): unknown {
  if (value === undefined) return null;
  if (path === "plugins") return `${(value as readonly unknown[]).length} declared`;
  if (typeof value === "string") return withoutPassword(value);
  if (typeof value === "number" && findLeaf(path)?.seconds === true) return formatDuration(value);
  if (path === "backend") return (value as { readonly kind: string }).kind;
  return value;
}

/** Of a URL, what stands between its user and the @ is hidden. */
export function withoutPassword(text: string): string {
  return text
    .replace(/(:\/\/[^/:@\s]*:)[^@/\s]*(?=@)/g, "$1***")
    .replace(/([?&](?:password|token)=)[^&\s]*/gi, "$1***");
}
