// Settings as the options of the parts they are about.

import { resolve } from "node:path";
import type { HostOptions } from "../changes/host.ts";
import type { Settings } from "../config/settings.ts";
import { fallbackHome } from "../journal/settings.ts";
import type { RegistryOptions } from "../registry/core.ts";

/** The folder with the fallback journal in it. `folder`: that of the configuration. */
export function journalHome({ home }: Settings["metadata"], folder: string): string {
  return home === undefined ? fallbackHome({}) : resolve(folder, home);
}

/** `folder`: that of the configuration. */
export function hostSettings(
  { actor, profile, metadata, retry, breaker, cache }: Settings,
  folder: string,
): Pick<HostOptions, "actor" | "mode" | "writer" | "resilience" | "cache"> {
  const { queueSize, flushTimeout, writeTimeout, overflow, writes } = metadata;
  const { openFor, failureThreshold, successThreshold } = breaker;
  return {
    actor,
    mode: writes,
    writer: {
      queueSize,
      flushTimeout,
      writeTimeout,
      overflow,
      home: journalHome(metadata, folder),
      profile: profile === "strict-seed" ? "strict-seed" : "standard",
    },
    resilience: {
      retry,
      breaker: breaker.enabled ? { timeout: openFor, failureThreshold, successThreshold } : false,
    },
    cache: cache.enabled ? { max: cache.maxSize, ttl: cache.defaultTtl } : false,
  };
}

export function registrySettings({
  profile,
  registry,
}: Settings): Pick<RegistryOptions, "profile" | "initialStage" | "archivePrevious" | "modelGates"> {
  const { initialStage, archivePrevious, gates } = registry;
  return {
    profile: profile === "tauro" ? "tauro" : "ubunye",
    initialStage,
    archivePrevious,
    modelGates: gates,
  };
}
