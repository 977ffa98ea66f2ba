// Settings as the options of the parts they are about.

import type { HostOptions } from "../changes/host.ts";
import type { Settings } from "../config/settings.ts";
import type { RegistryOptions } from "../registry/core.ts";

export function hostSettings({
  actor,
  profile,
  metadata,
  retry,
  breaker,
  cache,
}: Settings): Pick<HostOptions, "actor" | "mode" | "writer" | "resilience" | "cache"> {
  const { queueSize, flushTimeout, overflow, writes, home } = metadata;
  const { openFor, failureThreshold, successThreshold } = breaker;
  return {
    actor,
    mode: writes,
    writer: {
      queueSize,
      flushTimeout,
      overflow,
      ...(home === undefined ? {} : { home }),
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
