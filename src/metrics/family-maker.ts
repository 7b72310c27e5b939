/** Makes the metric families that prom-client keeps, with the prefix of all families of this server. */
import { Counter, Gauge, Histogram, type Registry } from "prom-client";

/** Creates metric families in one registry. */
export type FamilyMaker = ReturnType<typeof familyMaker>;

/** Returns the functions that create metric families in a registry. Names are without the prefix `healthcheck_`. */
export function familyMaker(registry: Registry) {
  const registers = [registry];
  return {
    counter: <Label extends string>(name: string, help: string, labelNames: readonly Label[] = []) =>
      new Counter({ name: `healthcheck_${name}`, help, labelNames, registers }),
    gauge: <Label extends string>(name: string, help: string, labelNames: readonly Label[] = []) =>
      new Gauge({ name: `healthcheck_${name}`, help, labelNames, registers }),
    histogram: <Label extends string>(
      name: string,
      help: string,
      bounds: readonly number[],
      labelNames: readonly Label[] = [],
    ) => new Histogram({ name: `healthcheck_${name}`, help, buckets: [...bounds], labelNames, registers }),
  };
}
