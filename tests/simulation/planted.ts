/** Faults that the simulation must find: each is one edit of the sources, such as a careless change would make. */

/** One planted fault. */
export interface PlantedFault {
  readonly name: string;
  /** The promise that it breaks, as the simulation reports it. */
  readonly promise: "no false verdict" | "on time" | "nothing lost";
  /** Below `src`. */
  readonly file: string;
  /** Text that the file has exactly once. */
  readonly find: string;
  readonly replace: string;
}

export const PLANTED_FAULTS: readonly PlantedFault[] = [
  {
    name: "a transition that ignores fall",
    promise: "no false verdict",
    file: "monitor/transition.ts",
    find: "failures >= fall",
    replace: "failures >= 1",
  },
  {
    name: "a pending entry lost while the client does not read",
    promise: "nothing lost",
    file: "notifier/notifier.ts",
    find: "if (taken === 0) {",
    replace: "if (taken === 0) {\n        this.#pending.clear();",
  },
  {
    name: "a timeout on real time",
    promise: "no false verdict",
    file: "scheduler/running-time.ts",
    find: "this.#runningMs += Math.max(0, realMs - this.#lastMs - stallMs);",
    replace: "this.#runningMs += Math.max(0, realMs - this.#lastMs);",
  },
  {
    name: "an off-by-one in the wheel",
    promise: "on time",
    file: "scheduler/wheel.ts",
    find: "for (let ms = firstMs; ms <= endMs",
    replace: "for (let ms = firstMs + 1; ms <= endMs",
  },
  {
    name: "a resync that forgets",
    promise: "nothing lost",
    file: "notifier/notifier.ts",
    find: "    this.#refreshEvery(this.#settings.notifyIntervalMs);\n    this.#refresh();",
    replace: "    this.#refreshEvery(this.#settings.notifyIntervalMs);",
  },
  {
    name: "a state kept for another target",
    promise: "no false verdict",
    file: "manager/diff.ts",
    find: "replace.push(spec)",
    replace: "adjust.push(spec)",
  },
  {
    name: "a shortage of descriptors taken for a refusal",
    promise: "no false verdict",
    file: "system/errno.ts",
    find: 'message: "too many open files", local: "descriptors"',
    replace: 'message: "too many open files"',
  },
  {
    name: "a newer state that does not replace the queued one",
    promise: "no false verdict",
    file: "notifier/pending.ts",
    find: "this.#waiting.set(id, { status, sinceMs",
    replace: "this.#waiting.set(id, { status: before?.status ?? status, sinceMs",
  },
];
